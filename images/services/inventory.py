"""What a page is made from: the images of every region, and how each region stands just now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from images.cloud.records import Image
from images.index import Index
from images.services.snapshots import FINAL_KINDS, Failure, Head, RegionHead


@dataclass(frozen=True)
class RegionState:
    """`state` is fresh, stale, failed (nothing to show, and why) or loading. `age` in seconds."""

    head: RegionHead
    state: str
    age: int | None

    @property
    def id(self) -> str:
        return self.head.region.id

    @property
    def failure(self) -> Failure | None:
        return self.head.failure

    @property
    def skipped(self) -> int:
        """Entries of the listing that were no image."""
        return self.head.problems.get("item", 0)

    @property
    def unreadable(self) -> dict[str, int]:
        """How often a field (vendor's name) was shown as not known because it could not be read."""
        return {name: count for name, count in self.head.problems.items() if name != "item"}


@dataclass(frozen=True)
class Inventory:
    """All regions of one token at the moment `now` (Unix seconds)."""

    head: Head
    index: Index
    now: float
    fresh_seconds: int

    @property
    def images(self) -> Sequence[Image]:
        return self.index.images

    @cached_property
    def regions(self) -> tuple[RegionState, ...]:
        return tuple(self._state(region) for region in self.head.regions)

    def _state(self, head: RegionHead) -> RegionState:
        if not head.version:
            return RegionState(head, "failed" if head.failure else "loading", None)
        age = max(0, int(self.now - head.fetched_at))
        fresh = head.failure is None and age < self.fresh_seconds
        return RegionState(head, "fresh" if fresh else "stale", age)

    @property
    def failure(self) -> Failure | None:
        """Why there is nothing at all to show, or None when there is something."""
        if any(region.version for region in self.head.regions):
            return None
        failures = [region.failure for region in self.head.regions if region.failure]
        return failures[0] if failures else self.head.failure

    @property
    def token_failure(self) -> Failure | None:
        """What the cloud last said against the token itself, or None when it did not."""
        failures = [self.head.failure, *(region.failure for region in self.head.regions)]
        return next((each for each in failures if each and each.kind in FINAL_KINDS), None)

    @property
    def as_of(self) -> float:
        """When the oldest of what is shown was read: nothing here is older."""
        return min(
            (region.fetched_at for region in self.head.regions if region.version), default=self.now
        )

    def find(self, region: str, uuid: str) -> Image | None:
        position = self.index.position(region, uuid)
        return None if position is None else self.images[position]
