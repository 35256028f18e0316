"""What differs between images, fact by fact: for comparisons, and for one image in many regions.

What tells one image from another (name, ids, region) differs anyway and is no fact here. Zones and
the names of storages are parts of a region: where the images are of different regions, only whether
they are known counts of the zones, what they are like of the storages, and of the regions whether
there are others. Not known differs from whatever is known. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any

from images.cloud.records import Image, Storage
from images.fields import COMPARED, FIELDS, Field

Fact = Callable[[Image], Hashable]
NAMING = ("region", "uuid", "id")


def differing(images: Sequence[Image]) -> frozenset[str]:
    """Return the facts, keys of FACTS, that are not the same of all these images."""
    several_regions = len({image.region for image in images}) > 1
    facts = FACTS | (ACROSS_REGIONS if several_regions else {})
    return frozenset(
        name for name, fact in facts.items() if len({fact(image) for image in images}) > 1
    )


def _text(value: str | None) -> str | None:
    """Return None for an empty text too: it says no more."""
    return value or None


def _members(values: Iterable[str] | None) -> frozenset[str] | None:
    """Leave out the order, which says nothing in the cloud's lists."""
    return None if values is None else frozenset(values)


def _ids(values: Iterable[str] | None) -> frozenset[str] | None:
    """Leave out the case too, which says nothing in ids."""
    return None if values is None else frozenset(map(str.casefold, values))


def _seconds(milliseconds: int | None) -> int | None:
    """Return seconds, as times are shown."""
    return None if milliseconds is None else milliseconds // 1000


def _each_storage(storages: Iterable[Storage] | None) -> Hashable:
    return _storages(storages, "name", "type", "disk_type", "state", "status")


def _storages(storages: Iterable[Storage] | None, *names: str) -> Hashable:
    if storages is None:
        return None
    return tuple(sorted(tuple(getattr(each, name) or "" for name in names) for each in storages))


# By kind, what of a value makes a difference; all others count as they are.
KINDS: dict[str, Callable[[Any], Hashable]] = {
    **dict.fromkeys(("text", "code", "region", "state", "support"), _text),
    "texts": _members,
    "ids": _ids,
    "moment": _seconds,
    "storages": _each_storage,
}


def _status(image: Image) -> Hashable:
    job = image.job
    going = None if job is None or job.state == "done" else (job.type, job.state, job.progress)
    return _text(image.status), going


def _beyond_its_own(image: Image) -> Hashable:
    """Return "alone" for an image of its own region alone: two of those are alike in that."""
    regions = _ids(image.regions)
    return "alone" if regions == _ids((image.region,)) else regions


def _kinds_of_storage(image: Image) -> Hashable:
    return _storages(FIELDS["kept"].read(image), "type", "disk_type", "state", "status")


def _fact(field: Field) -> Fact:
    read, counted = field.read, KINDS.get(field.kind)
    return (lambda image: counted(read(image))) if counted else read


FACTS: dict[str, Fact] = {
    field.name: _fact(field)
    for fields in COMPARED.values()
    for field in fields
    if field.name not in NAMING
} | {
    "status": _status,
    "os": lambda image: (_text(image.os_family), _text(image.os_version)),
    "storages": lambda image: (image.storages, image.storages_down, image.storages_unknown),
}
ACROSS_REGIONS: dict[str, Fact] = {
    "regions": _beyond_its_own,
    "zones": lambda image: None if image.zones is None else bool(image.zones),
    "kept": _kinds_of_storage,
}
