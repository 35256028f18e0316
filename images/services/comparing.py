"""What two tokens see, beside each other: to know it before one takes the other's place."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.utils.functional import Promise

from images.cloud.records import Image
from images.services.inventory import Inventory, RegionState
from images.services.snapshots import REFUSALS


@dataclass(frozen=True)
class Listed:
    """What one token lists in a region.

    `count` is None where it could not list it now: `why` says why, "" where the token has no such
    region.
    """

    count: int | None
    why: str | Promise = ""


@dataclass(frozen=True)
class RegionPair:
    """One region as the old token lists it, and the new one.

    `only_old` and `only_new` are the images that just one of them sees; None where either list is
    not known to be whole.
    """

    id: str
    name: str
    old: Listed
    new: Listed
    only_old: tuple[Image, ...] | None = None
    only_new: tuple[Image, ...] | None = None

    @property
    def same(self) -> bool:
        return self.only_old == () and self.only_new == ()


@dataclass(frozen=True)
class Comparison:
    """What either token lists, region by region, and what a switch would do to the images.

    `known` counts the account's own images of which it is known whether the new token lists them,
    also by an older list of the old one; `kept` those that it does. `lost` and `gained` count the
    images, others' as well, that only one of the two lists. `is_empty`: the old one lists none.
    """

    pairs: tuple[RegionPair, ...]
    known: int = 0
    kept: int = 0
    lost: int = 0
    gained: int = 0
    is_empty: bool = False

    @property
    def verdict(self) -> str:
        """Return another-account, most-lost, some-lost, none-lost or unknown.

        It is unknown where it cannot be told what the old token lists.
        """
        if not self.known:
            return "none-lost" if self.is_empty else "unknown"
        if not self.kept:
            return "another-account"
        if 2 * self.kept < self.known:
            return "most-lost"
        return "some-lost" if self.lost else "none-lost"

    @property
    def is_dangerous(self) -> bool:
        return self.verdict in ("another-account", "most-lost")


def comparison(old: Inventory | None, new: Inventory) -> Comparison:
    """Compare two tokens in every region that either has; None is one that cannot be read."""
    if old is None:
        return Comparison(_pairs(new, new))
    here, there = _places(old, new), _places(new, new)
    # What others share to both accounts says nothing about whose they are.
    own = {place for place, image in here.items() if not image.shared} or here.keys()
    whole = [_is_whole(old, state.id) for state in old.regions]
    return Comparison(
        _pairs(old, new),
        known=len(own),
        kept=len(own & there.keys()),
        lost=len(here.keys() - there.keys()),
        gained=len(there.keys() - here.keys()),
        is_empty=not old.images and bool(whole) and all(whole),
    )


def _places(listed: Inventory, new: Inventory) -> dict[tuple[str, str], Image]:
    """Return the images of the regions of which it is known what the new token lists there."""
    told = {state.id for state in new.regions if _is_told(state)}
    if not (new.head.failure or new.head.unreadable):
        there = {state.id for state in new.regions}
        told |= {image.region for image in listed.images} - there  # It has no such region.
    images = [image for image in listed.images if image.region in told]
    return {(image.region, image.uuid): image for image in images}


def _is_told(state: RegionState) -> bool:
    """Whether it is known what the token lists in a region, or that it may list nothing."""
    refused = state.failure is not None and state.failure.kind in REFUSALS
    return refused or bool(state.head.version)


def _pairs(old: Inventory, new: Inventory) -> tuple[RegionPair, ...]:
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
    return state.head.is_whole


def _state(inventory: Inventory, region: str) -> RegionState | None:
    return next((state for state in inventory.regions if state.id == region), None)


def _images(inventory: Inventory, region: str) -> dict[str, Image]:
    return {image.uuid: image for image in inventory.images if image.region == region}
