"""What changed in a region between two readings of its list. Pure.

A list that is not whole says nothing of what it lacks: whoever compares carries the images that it
lacks along, from reading to reading (`left_over`), until a whole list has them again or not. So
nothing vanishes because an entry could not be read, and nothing appears twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from images.cloud.records import Image

APPEARED, VANISHED, RENAMED, STATUS = "appeared", "vanished", "renamed", "status"
RESIZED, STORAGE_LOST, STORAGE_REGAINED = "resized", "storage-lost", "storage-regained"
KINDS = (APPEARED, VANISHED, RENAMED, STATUS, RESIZED, STORAGE_LOST, STORAGE_REGAINED)


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


@dataclass(frozen=True, slots=True)
class ChangeQuery:
    """Which changes; by default all. Any of the kinds and any of the regions. `q` is part, in any
    case, of the image's name, new or old, or of either id. Times are Unix milliseconds, `before`
    exclusive."""

    kind: tuple[str, ...] = ()
    region: tuple[str, ...] = ()
    q: str = ""
    after: int | None = None
    before: int | None = None
    page: int = 1
    size: int = 50


def compare(before: Iterable[Image], after: Iterable[Image], *, whole: bool) -> list[Change]:
    """What is different in a region, image by image. What is not known of an image either time is
    no difference. `whole` tells whether `after` lacks nothing: only then has an image vanished."""
    known = {image.uuid: image for image in before}
    found: list[Change] = []
    for image in after:
        old = known.pop(image.uuid, None)
        if old is None:
            found.append(_change(APPEARED, image, after=image.status or ""))
        elif old is not image:  # What has not changed is mostly the same object.
            found.extend(_differences(old, image))
    if whole:
        found += [_change(VANISHED, image, before=image.status or "") for image in known.values()]
    return found


def left_over(before: Iterable[Image], after: Iterable[Image]) -> list[Image]:
    """The images that a list which is not whole lacks."""
    listed = {image.uuid for image in after}
    return [image for image in before if image.uuid not in listed]


def bounded(changes: Sequence[Change], most: int) -> list[Change]:
    """The changes, or at most so many of them and for each kind one that counts the others. Kinds
    of which there are few come first: they are what a flood of others would hide."""
    if len(changes) <= most:
        return list(changes)
    frequency = Counter(each.kind for each in changes)
    ordered = sorted(changes, key=lambda each: frequency[each.kind])
    left = Counter(each.kind for each in ordered[most:])
    region = changes[0].region
    return ordered[:most] + [Change(kind, region, "", "", "", count=left[kind]) for kind in left]


def _differences(old: Image, new: Image) -> Iterator[Change]:
    if old.name and new.name and old.name != new.name:
        yield _change(RENAMED, new, old.name, new.name)
    if old.status and new.status and old.status != new.status:
        yield _change(STATUS, new, old.status, new.status)
    if old.size is not None and new.size is not None and old.size != new.size:
        yield _change(RESIZED, new, str(old.size), str(new.size))
    here, there = _connected(old), _connected(new)
    if here is not None and there is not None and here != there:
        kind = STORAGE_LOST if there < here else STORAGE_REGAINED
        yield _change(kind, new, f"{here}/{old.storages}", f"{there}/{new.storages}")


def _connected(image: Image) -> int | None:
    return None if image.storages is None else image.storages - image.storages_down


def _change(kind: str, image: Image, before: str = "", after: str = "") -> Change:
    return Change(kind, image.region, image.uuid, image.id or "", image.name or "", before, after)
