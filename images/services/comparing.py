"""What two tokens see, beside each other: to know it before one takes the other's place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from django.utils.functional import Promise

from images.cloud.records import Image
from images.services.inventory import Inventory
from images.services.snapshots import REFUSALS


@dataclass(frozen=True)
class Listed:
    """What one token lists in a region.

    `count` is None where it could not list it now: `why` says why, "" where the token has no such
    region. `images` has them by uuid; None where the list is not known to be whole.
    """

    count: int | None
    why: str | Promise = ""
    images: Mapping[str, Image] | None = None


@dataclass(frozen=True)
class RegionPair:
    """One region as the old token lists it, and the new one."""

    id: str
    name: str
    old: Listed
    new: Listed

    @cached_property
    def only_old(self) -> tuple[Image, ...] | None:
        """Return the images that only the old token sees; None where that is not known."""
        return _missing(self.old, self.new)

    @cached_property
    def only_new(self) -> tuple[Image, ...] | None:
        return _missing(self.new, self.old)

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
    pairs = _pairs(old, new)
    lists = [pair.old for pair in pairs[: len(old.regions)]]
    return Comparison(
        pairs,
        known=len(own),
        kept=len(own & there.keys()),
        lost=len(here.keys() - there.keys()),
        gained=len(there.keys() - here.keys()),
        is_empty=bool(lists) and all(each.images == {} for each in lists),
    )


def _places(listed: Inventory, new: Inventory) -> dict[tuple[str, str], Image]:
    """Return the images of the regions of which it is known what the new token lists there."""
    told = {
        state.id
        for state in new.regions
        if state.head.version or (state.failure and state.failure.kind in REFUSALS)
    }
    if not (new.head.failure or new.head.unreadable):
        there = {state.id for state in new.regions}
        told |= {image.region for image in listed.images} - there  # It has no such region.
    images = [image for image in listed.images if image.region in told]
    return {(image.region, image.uuid): image for image in images}


def _pairs(old: Inventory, new: Inventory) -> tuple[RegionPair, ...]:
    names = {state.id: state.head.region.name for state in (*old.regions, *new.regions)}
    return tuple(
        RegionPair(region, name, _listed(old, region), _listed(new, region))
        for region, name in names.items()
    )


def _missing(listed: Listed, other: Listed) -> tuple[Image, ...] | None:
    if listed.images is None or other.images is None:
        return None
    return tuple(image for uuid, image in listed.images.items() if uuid not in other.images)


def _listed(inventory: Inventory, region: str) -> Listed:
    state = next((state for state in inventory.regions if state.id == region), None)
    failure = inventory.head.failure or (state and state.failure)
    if failure:
        return Listed(None, inventory.explanation(failure).title)
    if state is None:
        return Listed(None)
    images = {image.uuid: image for image in inventory.images if image.region == region}
    return Listed(state.head.count, images=images if state.head.is_whole else None)
