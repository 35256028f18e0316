"""What an image and a region are.

Source of the fields: the vendor's cimg/list and region/list documents and sample answers. Any field
may be missing, null or unreadable there; here that is `None`: unknown. An empty tuple is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from sys import getsizeof
from unicodedata import normalize

import msgspec

from images.cloud.items import unpack_item


class Job(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Something being done to an image. `progress` is 0-100; `result` says why it failed."""

    uuid: str
    type: str | None
    progress: float | None
    done: bool | None
    success: bool | None
    result: str | None

    @property
    def state(self) -> str:
        if not self.done:
            return "running"
        return "done" if self.success else "failed"


class Storage(msgspec.Struct, frozen=True, gc=False):
    """One backup storage that holds the image. `zone` is as the cloud spells it (upper case)."""

    uuid: str | None
    name: str | None
    type: str | None
    disk_type: str | None
    state: str | None
    status: str | None
    zone: str | None

    @property
    def usable(self) -> bool | None:
        """Return whether it is enabled and connected.

        It is None when nothing is known to be wrong with it, but the cloud does not say all.
        """
        if self.state == "Enabled" and self.status == "Connected":  # Nearly all of them.
            return True
        said = (_is(self.state, "enabled"), _is(self.status, "connected"))
        return False if False in said else None if None in said else True


def _is(word: str | None, good: str) -> bool | None:
    return word.strip().casefold() == good if word else None


class Requirement(msgspec.Struct, frozen=True, gc=False):
    """What a machine must have to boot the image. Sizes in bytes."""

    min_disk: int | None
    min_cpu: int | None
    min_memory: int | None
    dc2_types: tuple[str, ...] | None


class Image(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One custom image as one region lists it: the facts that tables, filters and facets need.

    Sizes are bytes, times Unix milliseconds, `None` is unknown. `storages` counts the backup
    storages, `storages_down` those known not to be enabled and connected, `storages_unknown` those
    of which that is not known; `disks` are their distinct disk types. `packed` is `raw`, as
    `items.pack_item` makes it small; `reading.read_details` gets the rest out of it when one image
    is looked at.
    """

    region: str
    uuid: str
    id: str | None
    name: str | None
    description: str | None
    status: str | None
    type: str | None
    os_family: str | None
    os_version: str | None
    arch: str | None
    platform: str | None
    check_state: str | None
    size: int | None
    min_disk: int | None
    created: int | None
    updated: int | None
    shared: bool | None
    external: bool | None
    regions: tuple[str, ...] | None
    zones: tuple[str, ...] | None
    scenes: tuple[str, ...] | None
    tags: tuple[str, ...] | None
    storages: int | None
    storages_down: int
    disks: tuple[str, ...] | None
    job: Job | None
    packed: bytes
    storages_unknown: int = 0

    @property
    def raw(self) -> bytes:
        """Return the item as the cloud sent it (JSON), clean."""
        return unpack_item(self.packed)


# Fields whose values repeat from image to image.
REPEATING = (
    *("region", "status", "type", "os_family", "os_version", "arch", "platform", "check_state"),
    *("min_disk", "regions", "zones", "scenes", "tags", "disks"),
)


# About what is taken, beyond the text itself, by a text, a value that facets count (with what is
# kept of the counts), a job, and an image with its place in an index.
TEXT_BYTES, VALUE_BYTES, JOB_BYTES, IMAGE_BYTES = 50, 300, 300, 600


class Sharing:
    """Makes equal values of many images one object.

    A status decoded 100,000 times is 100,000 strings; shared, an image takes a third of the memory,
    and indexing it half the time. `weight` is about what the shared values take in memory, in
    bytes, with what an index has of them.
    """

    def __init__(self) -> None:
        self._values: dict[str, dict[object, object]] = {name: {None: None} for name in REPEATING}
        self.weight = 0

    def share(self, images: Sequence[Image]) -> None:
        for name, known in self._values.items():
            for image in images:
                value = getattr(image, name)
                shared = known[value] if value in known else self._add(known, value)
                msgspec.structs.force_setattr(image, name, shared)

    def _add(self, known: dict[object, object], value: object) -> object:
        """Hold a value that is new; of a tuple each member is shared as well."""
        if isinstance(value, tuple):
            value = tuple(known.get(each) or self._add(known, each) for each in value)
        size = _weight(value) if isinstance(value, str) else getsizeof(value)
        self.weight += VALUE_BYTES + size
        known[value] = value
        return value


def weight(image: Image) -> int:
    """About what one image takes in memory, in bytes, indexed and without what `Sharing` counts."""
    texts = (image.uuid, image.id, image.name, image.description)
    size = IMAGE_BYTES + len(image.packed) + sum(map(_weight, texts))
    if image.job is None:
        return size
    return size + JOB_BYTES + sum(map(_weight, (image.job.uuid, image.job.type, image.job.result)))


def _weight(text: str | None) -> int:
    """Return what a text takes in memory, with what is searched in its place (NFKC as UTF-8).

    That is of some letters eleven times as long, and one letter beyond the common ones makes Python
    hold all of them in four bytes.
    """
    if not text:
        return 0
    if text.isascii():
        return TEXT_BYTES + 2 * len(text)
    return getsizeof(text) + len(normalize("NFKC", text).encode())


class Details(msgspec.Struct, frozen=True):
    """The nested parts of one image, for its panel. `storages` is None when the cloud sent none."""

    storages: tuple[Storage, ...] | None
    requirement: Requirement


class Zone(msgspec.Struct, frozen=True, array_like=True):
    id: str
    name: str


class Region(msgspec.Struct, frozen=True, array_like=True):
    id: str
    name: str
    area: str
    zones: tuple[Zone, ...]
