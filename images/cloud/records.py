"""What an image and a region are.

Source of the fields: the vendor's cimg/list and region/list documents and sample answers. Any field
may be missing, null or unreadable there; here that is `None`: unknown. An empty tuple is known.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec


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
        """Whether it is enabled and connected; None when nothing is known to be wrong with it, but
        the cloud does not say all."""
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
    of which that is not known; `disks` are their distinct disk types. `raw` is the item as the
    cloud sent it (JSON), clean; `reading.read_details` gets the rest out of it when one image is
    looked at.
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
    raw: bytes
    storages_unknown: int = 0


# Fields whose values repeat from image to image.
REPEATING = (
    *("region", "status", "type", "os_family", "os_version", "arch", "platform", "check_state"),
    *("min_disk", "regions", "zones", "scenes", "tags", "disks"),
)


class Sharing:
    """Makes equal values of many images one object. A status decoded 100,000 times is 100,000
    strings; shared, an image takes a third of the memory, and indexing it half the time."""

    def __init__(self) -> None:
        self._values: dict[object, object] = {}

    def share(self, images: Sequence[Image]) -> None:
        share = self._values.setdefault
        for name in REPEATING:
            for image in images:
                value = getattr(image, name)
                msgspec.structs.force_setattr(image, name, share(value, value))


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
