"""Heads and bodies in the cache `lists`, which nobody else uses, and locks in `default`.

Keys are made of the credential's `cache_key` (an HMAC of the token), never of the token: two people
with the same token share one inventory, and a replaced token never sees another's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import TypeVar

import msgspec
import msgspec.inspect
from django.conf import settings
from django.core.cache import caches
from django.utils.connection import ConnectionProxy

from images.cloud.items import DICTIONARY_ID
from images.cloud.packing import decode_body
from images.cloud.records import Image
from images.services import counting, freshness, lease, memory, signals
from images.services.progress import Known
from images.services.snapshots import (
    Head,
    RegionHead,
    encode_head,
    is_forgotten,
    is_slow,
    without_older_than,
)

_lists = ConnectionProxy(caches, "lists")

# Made on import: see images.cloud.answers.
_decode_head = msgspec.msgpack.Decoder(Head).decode
_decode_known = msgspec.msgpack.Decoder(Known).decode

# Part of every key: what is stored in another layout is a miss, not a decoding error. The number is
# for what changes its meaning and not its type.
_fields = repr(msgspec.inspect.multi_type_info([Head, Known, Image])).encode()
LAYOUT = f"4-{DICTIONARY_ID}-{hashlib.blake2b(_fields, digest_size=6).hexdigest()}"

T = TypeVar("T")

# A reading that hangs, though it has a deadline, keeps others out for this much longer. It is no
# less than a reading may wait for its share of the calls, see `budget`.
LOCK_MARGIN_SECONDS = 300


def load_head(key: str, *, counted: bool = False) -> Head | None:
    """Return the newest head, without what is too old to be shown; None when there is none.

    It is the cache's, or what this process last knew. Metrics count it where it is `counted`.
    """
    return load_heads([key], counted=counted)[key]


def load_heads(keys: Iterable[str], *, counted: bool = False) -> dict[str, Head | None]:
    """Return the head of each key, as `load_head` does, asking the cache once for all."""
    names = {key: _name(key, "head") for key in keys}
    stored = _lists.get_many([*names.values()])
    return {
        key: _newest(key, _decoded(stored.get(name), _decode_head), counted=counted)
        for key, name in names.items()
    }


def _newest(key: str, stored: Head | None, *, counted: bool) -> Head | None:
    held = memory.head(key)
    is_newest = stored is not None and _is_newest(key, stored, held)
    head = stored if is_newest else held
    if counted:
        counting.note_read("head", "cache" if is_newest else "process" if head else "none")
    if head is None or is_forgotten(head):
        return None
    return without_older_than(head, freshness.clock() - settings.INVENTORY_STALE_SECONDS)


def _is_newest(key: str, stored: Head, held: Head | None) -> bool:
    """Return whether nothing newer is known: to this process, or if it knows less, to any.

    The cache may have lost the newest head, and somebody may have put an older one back.
    """
    if held and held.asked_at >= stored.asked_at:
        return held.asked_at == stored.asked_at
    return stored.asked_at >= signals.published_at(key)


def save_head(key: str, head: Head) -> None:
    _set(_name(key, "head"), encode_head(head))
    schedule = signals.Schedule(
        asked_at=head.asked_at,
        due_at=freshness.due_at(head, settings.INVENTORY_FRESH_SECONDS),
        idle_due_at=freshness.due_at(head, settings.INVENTORY_IDLE_SECONDS),
        is_slow=is_slow(head),
    )
    signals.publish(key, schedule)


def load_body(key: str, region: str, version: str, held: Iterable[Image]) -> list[Image] | None:
    """`held` are images of the region that this process has anyway."""
    name = _name(key, "body", region, version)
    body = decode_body(_lists.get(name), held)
    counting.note_read("body", "none" if body is None else "cache")
    if body is None:
        _lists.delete(name)  # Or a refresh that brings no news would keep what nobody can read.
    return body


def without_lost(key: str, head: Head) -> Head:
    """Return the head without the snapshots whose bodies are gone."""
    regions = tuple(
        entry if is_there(key, entry) else RegionHead(region=entry.region, failure=entry.failure)
        for entry in head.regions
    )
    return msgspec.structs.replace(head, regions=regions)


def is_there(key: str, entry: RegionHead) -> bool:
    """Whether the list that is named can be had."""
    place = (key, entry.region.id, entry.version)
    return memory.body(*place) is not None or load_body(*place, ()) is not None


def save_body(key: str, region: str, version: str, body: bytes) -> None:
    _set(_name(key, "body", region, version), body)


def keep_body(key: str, region: str, version: str) -> bool:
    """Have a stored body last as long as a new one; False when it is not there any more."""
    name = _name(key, "body", region, version)
    return bool(_lists.touch(name, settings.INVENTORY_STALE_SECONDS))


def load_jobs(key: str, region: str) -> Known | None:
    """Return what is known of a region's running jobs; None where nothing is."""
    return _get(_name(key, "jobs", region), _decode_known)


def save_jobs(key: str, region: str, known: Known) -> None:
    _set(_name(key, "jobs", region), msgspec.msgpack.encode(known))


def take_lock(key: str) -> bool:
    """Whether the caller is now the one who fetches."""
    at_most = settings.UPSTREAM_DEADLINE_SECONDS + LOCK_MARGIN_SECONDS
    return lease.take(_name(key, "lock"), at_most)


def drop_lock(key: str) -> None:
    lease.drop(_name(key, "lock"))


def _name(*parts: str) -> str:
    return ":".join(("images", LAYOUT, *parts))


def _get(name: str, decode: Callable[[bytes], T]) -> T | None:
    """Return what is stored; None for anything that is missing, cut short, or of another kind."""
    return _decoded(_lists.get(name), decode)


def _decoded(data: object, decode: Callable[[bytes], T]) -> T | None:
    try:
        return decode(data) if isinstance(data, bytes) else None
    except msgspec.MsgspecError:
        return None


def _set(name: str, value: bytes) -> None:
    _lists.set(name, value, settings.INVENTORY_STALE_SECONDS)


def forget() -> None:
    """Drop what only this process holds, as one that has just started."""
    lease.forget()
    memory.forget()
