"""What differs between images, fact by fact: for comparisons, and for one image in many regions.

What tells one image from another (name, ids, region) differs anyway and is no fact here. Zones and
the names of storages are parts of a region: where the images are of different regions, only whether
they are known counts of the zones, what they are like of the storages, and of the regions whether
there are others. Not known differs from whatever is known. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence

from images.cloud.reading import read_details
from images.cloud.records import Details, Image

Fact = Callable[[Image, Details], Hashable]


def differing(images: Sequence[Image]) -> frozenset[str]:
    """Return the facts, keys of FACTS, that are not the same of all these images."""
    pairs = [(image, read_details(image)) for image in images]
    several_regions = len({image.region for image in images}) > 1
    facts = FACTS | (ACROSS_REGIONS if several_regions else {})
    return frozenset(
        name for name, fact in facts.items() if len({fact(*pair) for pair in pairs}) > 1
    )


def _text(value: str | None) -> str | None:
    """An empty text says no more than none."""
    return value or None


def _members(values: Iterable[str] | None) -> frozenset[str] | None:
    """The order of the cloud's lists says nothing."""
    return None if values is None else frozenset(values)


def _ids(values: Iterable[str] | None) -> frozenset[str] | None:
    """Nor does the case of their ids."""
    return None if values is None else frozenset(map(str.casefold, values))


def _beyond_its_own(image: Image, details: Details) -> Hashable:
    """Each of two images may be in its own region alone, and they are alike in that."""
    regions = _ids(image.regions)
    return "alone" if regions == _ids((image.region,)) else regions


def _seconds(milliseconds: int | None) -> int | None:
    """Times are shown to the second."""
    return None if milliseconds is None else milliseconds // 1000


def _status(image: Image, details: Details) -> Hashable:
    job = image.job
    going = None if job is None or job.state == "done" else (job.type, job.state, job.progress)
    return _text(image.status), going


def _each_storage(image: Image, details: Details) -> Hashable:
    return _storages(details, "name", "type", "disk_type", "state", "status")


def _kinds_of_storage(image: Image, details: Details) -> Hashable:
    return _storages(details, "type", "disk_type", "state", "status")


def _storages(details: Details, *names: str) -> Hashable:
    if details.storages is None:
        return None
    facts = [tuple(getattr(each, name) or "" for name in names) for each in details.storages]
    return tuple(sorted(facts))


FACTS: dict[str, Fact] = {
    "type": lambda image, details: _text(image.type),
    "size": lambda image, details: image.size,
    "description": lambda image, details: _text(image.description),
    "status": _status,
    "check": lambda image, details: _text(image.check_state),
    "shared": lambda image, details: image.shared,
    "external": lambda image, details: image.external,
    "os": lambda image, details: (_text(image.os_family), _text(image.os_version)),
    "arch": lambda image, details: _text(image.arch),
    "platform": lambda image, details: _text(image.platform),
    "disk": lambda image, details: image.min_disk,
    "cpu": lambda image, details: details.requirement.min_cpu,
    "memory": lambda image, details: details.requirement.min_memory,
    "machines": lambda image, details: _members(details.requirement.dc2_types),
    "regions": lambda image, details: _ids(image.regions),
    "zones": lambda image, details: _ids(image.zones),
    "storages": lambda image, details: (
        image.storages,
        image.storages_down,
        image.storages_unknown,
    ),
    "kept": _each_storage,
    "scenes": lambda image, details: _members(image.scenes),
    "tags": lambda image, details: _members(image.tags),
    "created": lambda image, details: _seconds(image.created),
    "updated": lambda image, details: _seconds(image.updated),
}
ACROSS_REGIONS: dict[str, Fact] = {
    "regions": _beyond_its_own,
    "zones": lambda image, details: None if image.zones is None else bool(image.zones),
    "kept": _kinds_of_storage,
}
