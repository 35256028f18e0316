"""What changed in a region between two readings of its list. Pure.

What a reading shows is compared with what was known of the region before: of each image what was
last read of it, whichever list that was in. A list that is not whole says nothing of what it lacks,
and a field that could not be read nothing of its value: both stay as they were known. So nothing
vanishes because an entry could not be read, and nothing is told twice.

A change of very much at once may be the cloud's mistake: it is told once a second reading agrees.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from images.bounds import Bound
from images.cloud.records import Image

APPEARED, VANISHED, RENAMED, STATUS = "appeared", "vanished", "renamed", "status"
RESIZED, STORAGE_LOST, STORAGE_REGAINED = "resized", "storage-lost", "storage-regained"
KINDS = (APPEARED, VANISHED, RENAMED, STATUS, RESIZED, STORAGE_LOST, STORAGE_REGAINED)

# More images than this, and more than half of a region, are very much at once.
MASS = 20


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is no longer as it was; `name` and `id` are the image's as last seen.

    `before` and `after` are names, statuses, sizes in bytes, or for storages "2/3": connected ones,
    of how many; "" where there is no such thing. A change without a `uuid` stands for `count` of
    its kind that are not kept one by one.
    """

    kind: str
    region: str
    uuid: str
    id: str
    name: str
    before: str = ""
    after: str = ""
    count: int = 1


class Place(NamedTuple):
    """Where a change stands among the others, whether it is still kept or not.

    It is when it was noted (Unix microseconds), and of the changes of that moment a number.
    """

    at: int
    number: int


@dataclass(frozen=True, slots=True)
class ChangeQuery:
    """Which changes; by default all.

    Of any of the accounts, by the ids of their tokens, any of the kinds and any of the regions. `q`
    is part, in any case, of the image's name, new or old, or of either id. A page has `size` of
    them: those that are `older` than a place, or the ones just `newer`. `page` is a number, for
    scripts.
    """

    account: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    region: tuple[str, ...] = ()
    q: str = ""
    after: Bound | None = None
    before: Bound | None = None
    older: Place | None = None
    newer: Place | None = None
    page: int = 1
    size: int = 50


class Facts(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What of an image is compared, and what a change calls it by.

    As in the image, None is not known; `connected` are the storages that are.
    """

    id: str | None
    name: str | None
    status: str | None
    size: int | None
    storages: int | None
    connected: int | None


class Known(msgspec.Struct, frozen=True, array_like=True):
    """The images of a region by their uuid.

    `whole` says that it lacks none that there were: as long as no list was whole, an image that is
    not among them may have been there all along.
    """

    images: dict[str, Facts]
    whole: bool


@dataclass(frozen=True, slots=True)
class Finding:
    """What a reading comes to: the changes to tell, and what is known from then on.

    `unconfirmed` is what the reading showed where that is to be confirmed first: then there is
    nothing to tell, and what was known stays.
    """

    known: Known
    changes: Sequence[Change] = ()
    unconfirmed: Known | None = None


def listed(images: Iterable[Image], *, whole: bool) -> Known:
    """Return what a list shows."""
    return Known({image.uuid: _facts(image) for image in images}, whole)


def find(region: str, before: Known, unconfirmed: Known | None, now: Known) -> Finding:
    """Return what a reading shows beside what was known before.

    Where the reading before it is still to be confirmed, it is also held beside that one.
    """
    changes = compare(region, before, now)
    if is_mass(changes, before):
        agree = unconfirmed and not is_mass(compare(region, unconfirmed, now), unconfirmed)
        if not agree:
            return Finding(before, unconfirmed=now)
    return Finding(_with(before, now), changes)


def compare(region: str, before: Known, now: Known) -> list[Change]:
    """Return what is different, image by image.

    What is not known either time is no difference; only a list that is whole shows that an image
    has vanished, and only beside a whole one has one appeared.
    """
    found: list[Change] = []
    for uuid, facts in now.images.items():
        old = before.images.get(uuid)
        if old is None:
            if before.whole:
                found.append(_change(APPEARED, region, uuid, facts, after=facts.status or ""))
        elif old != facts:
            found.extend(_differences(region, uuid, old, facts))
    if now.whole:
        found += [
            _change(VANISHED, region, uuid, old, before=old.status or "")
            for uuid, old in before.images.items()
            if uuid not in now.images
        ]
    return found


def is_mass(changes: Iterable[Change], before: Known) -> bool:
    """Return whether so many images are no longer as they were that this is to be confirmed.

    Those that appeared do not count: they take nothing away, and a list without them would have
    been held back when they went.
    """
    touched = len(_touched(changes))
    return touched > MASS and 2 * touched > len(before.images)


def doubts(region: str, before: Known, unconfirmed: Known) -> tuple[int, int]:
    """How many images an unconfirmed reading lacks, and how many others are not as they were."""
    changes = compare(region, before, unconfirmed)
    vanished = sum(each.kind == VANISHED for each in changes)
    return vanished, len(_touched(changes)) - vanished


def bounded(changes: Sequence[Change], most: int) -> list[Change]:
    """Return the changes, or at most so many and for each kind one that counts the others.

    Kinds of which there are few come first: they are what a flood of others would hide.
    """
    if len(changes) <= most:
        return list(changes)
    frequency = Counter(each.kind for each in changes)
    ordered = sorted(changes, key=lambda each: frequency[each.kind])
    left = Counter(each.kind for each in ordered[most:])
    region = changes[0].region
    return ordered[:most] + [Change(kind, region, "", "", "", count=left[kind]) for kind in left]


def encode_known(known: Known) -> bytes:
    return zlib.compress(msgspec.msgpack.encode(known), level=1)


# Made on import: see images.cloud.answers.
_decode_known = msgspec.msgpack.Decoder(Known).decode


def decode_known(data: bytes | None) -> Known | None:
    """None for anything that is not whole: missing, cut short, or of another kind."""
    try:
        return None if data is None else _decode_known(zlib.decompress(data))
    except (msgspec.MsgspecError, zlib.error):
        return None


def _facts(image: Image) -> Facts:
    return Facts(image.id, image.name, image.status, image.size, image.storages, _connected(image))


def _connected(image: Image) -> int | None:
    if image.storages is None or image.storages_unknown:
        return None
    return image.storages - image.storages_down


def _with(before: Known, now: Known) -> Known:
    """Return what is known once a reading was told."""
    images = dict(now.images) if now.whole else before.images | now.images
    for uuid, facts in now.images.items():
        old = before.images.get(uuid)
        if old is not None and old != facts:
            images[uuid] = _filled(facts, old)
    return Known(images, now.whole or before.whole)


def _filled(facts: Facts, before: Facts) -> Facts:
    """With what was known before in the place of what could not be read now."""
    here = facts if facts.connected is not None else before
    return Facts(
        facts.id or before.id,
        facts.name or before.name,
        facts.status or before.status,
        before.size if facts.size is None else facts.size,
        here.storages,
        here.connected,
    )


def _touched(changes: Iterable[Change]) -> set[str]:
    return {each.uuid for each in changes if each.kind != APPEARED}


def _differences(region: str, uuid: str, old: Facts, new: Facts) -> Iterator[Change]:
    def change(kind: str, before: str, after: str) -> Change:
        return _change(kind, region, uuid, new, before, after)

    if old.name and new.name and old.name != new.name:
        yield change(RENAMED, old.name, new.name)
    if old.status and new.status and old.status != new.status:
        yield change(STATUS, old.status, new.status)
    if old.size is not None and new.size is not None and old.size != new.size:
        yield change(RESIZED, str(old.size), str(new.size))
    here, there = old.connected, new.connected
    if here is not None and there is not None and here != there:
        kind = STORAGE_LOST if there < here else STORAGE_REGAINED
        yield change(kind, f"{here}/{old.storages}", f"{there}/{new.storages}")


def _change(
    kind: str, region: str, uuid: str, facts: Facts, before: str = "", after: str = ""
) -> Change:
    return Change(kind, region, uuid, facts.id or "", facts.name or "", before, after)
