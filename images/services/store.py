"""Heads, bodies and locks in Django's cache. A cache that fails costs speed, never a page.

Keys are made of the credential's `cache_key` (an HMAC of the token), never of the token: two people
with the same token share one inventory, and a replaced token never sees another's.
"""

from __future__ import annotations

from typing import Any

import structlog
from django.conf import settings
from django.core.cache import cache

from images.cloud.packing import decode_body
from images.cloud.records import Image
from images.services.progress import Known, decode_known, encode_known
from images.services.snapshots import (
    LAYOUT,
    Head,
    decode_head,
    encode_head,
    without_older_than,
)

log = structlog.get_logger("images.services")

# A lock outlives the fetch it guards by this much, and a killed process by no more.
LOCK_MARGIN_SECONDS = 5


def load_head(key: str, now: float) -> Head | None:
    """The head, without what is too old to be shown; None when there is none to be read."""
    head = decode_head(_get(_name(key, "head")))
    return head and without_older_than(head, now - settings.INVENTORY_STALE_SECONDS)


def save_head(key: str, head: Head) -> None:
    _set(_name(key, "head"), encode_head(head))


def load_body(key: str, region: str, version: str) -> list[Image] | None:
    name = _name(key, "body", region, version)
    body = decode_body(_get(name))
    if body is None:
        _delete(name)  # Or a refresh that brings no news would keep what nobody can read.
    return body


def save_body(key: str, region: str, version: str, body: bytes) -> None:
    _set(_name(key, "body", region, version), body)


def keep_body(key: str, region: str, version: str) -> bool:
    """Have a stored body last as long as a new one; False when it is not there any more."""
    try:
        seconds = settings.INVENTORY_STALE_SECONDS
        return bool(cache.touch(_name(key, "body", region, version), seconds))
    except Exception:
        log.warning("cache failed", operation="touch", exc_info=True)
        return False


def load_jobs(key: str, region: str) -> Known:
    """What is known of a region's running jobs; nothing when there is nothing to be read."""
    return decode_known(_get(_name(key, "jobs", region)))


def save_jobs(key: str, region: str, known: Known) -> None:
    _set(_name(key, "jobs", region), encode_known(known))


def take_lock(key: str) -> bool:
    """Whether the caller is now the one who fetches. Without a working cache everyone is."""
    name = _name(key, "lock")
    seconds = settings.UPSTREAM_DEADLINE_SECONDS + LOCK_MARGIN_SECONDS
    try:
        for _ in range(2):
            if cache.add(name, 1, seconds):
                return True
            if cache.get(name) is not None:
                return False
    except Exception:
        log.warning("cache failed", operation="add", exc_info=True)
    # A lock that cannot be taken and that nobody holds, not even the second time: a database cache
    # on a full disk says no more than this.
    return True


def drop_lock(key: str) -> None:
    _delete(_name(key, "lock"))


def _name(*parts: str) -> str:
    return ":".join(("images", LAYOUT, *parts))


# Every cache backend fails in its own way: no network, a locked file, a full disk.


def _get(name: str) -> Any:
    try:
        return cache.get(name)
    except Exception:
        log.warning("cache failed", operation="get", exc_info=True)
        return None


def _set(name: str, value: bytes) -> None:
    try:
        cache.set(name, value, settings.INVENTORY_STALE_SECONDS)
    except Exception:
        log.warning("cache failed", operation="set", exc_info=True)


def _delete(name: str) -> None:
    try:
        cache.delete(name)
    except Exception:
        log.warning("cache failed", operation="delete", exc_info=True)
