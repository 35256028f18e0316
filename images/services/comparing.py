"""What two tokens see, beside each other: to know it before one takes the other's place."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.utils.functional import Promise

from images.cloud.records import Image
from images.services import news
from images.services.inventory import Inventory, RegionState


@dataclass(frozen=True)
class Listed:
    """What one token lists in a region. `count` is None where it could not list it now: `why` says
    why, "" where the token has no such region."""

    count: int | None
    why: str | Promise = ""


@dataclass(frozen=True)
class RegionPair:
    """One region as the old token lists it, and the new one. `only_old` and `only_new` are the
    images that just one of them sees; None where either list is not known to be whole."""

    id: str
    name: str
    old: Listed
    new: Listed
    only_old: tuple[Image, ...] | None = None
    only_new: tuple[Image, ...] | None = None

    @property
    def same(self) -> bool:
        return self.only_old == () and self.only_new == ()


def pairs(old: Inventory, new: Inventory) -> tuple[RegionPair, ...]:
    """Every region that either of them has."""
    names = {state.id: state.head.region.name for state in (*old.regions, *new.regions)}
    return tuple(_pair(region, name, old, new) for region, name in names.items())


def _pair(region: str, name: str, old: Inventory, new: Inventory) -> RegionPair:
    pair = RegionPair(region, name, _listed(old, region), _listed(new, region))
    if not (_is_whole(old, region) and _is_whole(new, region)):
        return pair
    before, after = _images(old, region), _images(new, region)
    return replace(
        pair,
        only_old=tuple(image for uuid, image in before.items() if uuid not in after),
        only_new=tuple(image for uuid, image in after.items() if uuid not in before),
    )


def _listed(inventory: Inventory, region: str) -> Listed:
    state = _state(inventory, region)
    failure = inventory.head.failure or (state and state.failure)
    if failure:
        return Listed(None, inventory.explanation(failure).title)
    return Listed(state.head.count if state else None)


def _is_whole(inventory: Inventory, region: str) -> bool:
    """Whether it is the list of now and lacks nothing."""
    state = _state(inventory, region)
    if state is None or state.failure or inventory.head.failure:
        return False
    return news.is_whole(state.head)


def _state(inventory: Inventory, region: str) -> RegionState | None:
    return next((state for state in inventory.regions if state.id == region), None)


def _images(inventory: Inventory, region: str) -> dict[str, Image]:
    return {image.uuid: image for image in inventory.images if image.region == region}
