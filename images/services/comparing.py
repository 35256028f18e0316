"""What two tokens see, beside each other: to know it before one takes the other's place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from images.cloud.records import Image
from images.services.inventory import Inventory


@dataclass(frozen=True)
class RegionPair:
    """One region as the old token lists it, and the new one. A count is None where the token has
    no such region or could not list it; then there is nothing to compare, and `only_old` and
    `only_new`, the images that just one of them sees, are None too."""

    id: str
    name: str
    old: int | None
    new: int | None
    only_old: tuple[Image, ...] | None
    only_new: tuple[Image, ...] | None

    @property
    def same(self) -> bool:
        return self.only_old == () and self.only_new == ()


def pairs(old: Inventory, new: Inventory) -> tuple[RegionPair, ...]:
    """Every region that either of them has."""
    names = {state.id: state.head.region.name for state in (*old.regions, *new.regions)}
    before, after = _listed(old), _listed(new)
    return tuple(
        _pair(region, name, before.get(region), after.get(region)) for region, name in names.items()
    )


def _listed(inventory: Inventory) -> dict[str, dict[str, Image]]:
    """The images of each region that was listed, by uuid."""
    found: dict[str, dict[str, Image]] = {
        state.id: {} for state in inventory.regions if state.head.version
    }
    for image in inventory.images:
        found[image.region][image.uuid] = image
    return found


def _pair(
    region: str,
    name: str,
    old: Mapping[str, Image] | None,
    new: Mapping[str, Image] | None,
) -> RegionPair:
    if old is None or new is None:
        return RegionPair(region, name, _count(old), _count(new), None, None)
    only_old = tuple(image for uuid, image in old.items() if uuid not in new)
    only_new = tuple(image for uuid, image in new.items() if uuid not in old)
    return RegionPair(region, name, len(old), len(new), only_old, only_new)


def _count(images: Mapping[str, Image] | None) -> int | None:
    return None if images is None else len(images)
