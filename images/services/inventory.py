"""What a page is made from: the images of every region, and how each region stands just now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from images.cloud.errors import CloudError
from images.cloud.records import Image
from images.messages import EXPLANATIONS, OF_A_REGION, Explanation
from images.search.index import Index
from images.services.snapshots import (
    REFUSALS,
    Failure,
    Head,
    RegionHead,
    Unconfirmed,
    is_refused,
)

# Of several failures the first to be told: what is said of the account, then the cloud's trouble,
# which may hide a region that lists; the token is to blame only where nothing else is.
TELLING = {"arrears": 0, "refused": 2, "forbidden": 3}


F = TypeVar("F", Failure, CloudError)


def telling(failures: Iterable[F]) -> F | None:
    """Return the failure that says why nothing is listed, of those of every region."""
    return min(failures, key=lambda each: TELLING.get(each.kind, 1), default=None)


@dataclass(frozen=True)
class RegionState:
    """`state` is fresh, stale, failed (nothing to show, and why) or loading. `age` in seconds.

    `account` is the title of the account, "" where only one is shown. Where a region of several
    accounts is one, `of` says how many they are, and `missing` of how many nothing is known.
    """

    head: RegionHead
    state: str
    age: int | None
    account: str = ""
    of: int = 1
    missing: int = 0

    @property
    def id(self) -> str:
        return self.head.region.id

    @property
    def failure(self) -> Failure | None:
        return self.head.failure

    @property
    def unconfirmed(self) -> Unconfirmed | None:
        """The newest list while it is to be confirmed."""
        return self.head.unconfirmed

    @property
    def shows_unconfirmed(self) -> bool:
        """Whether that list is what is shown: where there is no other."""
        newest = self.head.unconfirmed
        return newest is not None and self.head.fetched_at >= newest.at

    @property
    def shown(self) -> int:
        """Of how many accounts its images are shown, where it is of several."""
        return self.of - self.missing

    @property
    def skipped(self) -> int:
        """Entries of the listing that could not be read as an image."""
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
        sound = head.failure is None and head.unconfirmed is None
        fresh = sound and age < self.fresh_seconds
        return RegionState(head, "fresh" if fresh else "stale", age)

    @property
    def failure(self) -> Failure | None:
        """Why there is nothing at all to show, or None when there is something."""
        shows = any(region.version for region in self.head.regions)
        return None if shows else self.last_failure

    @property
    def last_failure(self) -> Failure | None:
        """Why what failed did so when it was last read, whatever is shown from before."""
        if is_refused(self.head):
            return self.head.failure
        return telling(each.failure for each in self.regions if each.failure) or self.head.failure

    @property
    def is_unconfirmed(self) -> bool:
        """Whether the newest list of any region is to be confirmed, which is soon."""
        return any(region.unconfirmed for region in self.head.regions)

    @property
    def token_failure(self) -> Failure | None:
        """Return what the cloud last said against the token itself.

        It refused the list of regions, or every region. Where one region lists with it, or may, a
        refusal is another region's own.
        """
        regions = self.head.regions
        refused = bool(regions) and all(
            each.failure and each.failure.kind in REFUSALS for each in regions
        )
        return self.last_failure if refused or is_refused(self.head) else None

    def explanation(self, failure: Failure) -> Explanation:
        """Return what a failure of this inventory means to a person."""
        if self.token_failure is None and failure.kind in OF_A_REGION:
            return OF_A_REGION[failure.kind]
        return EXPLANATIONS[failure.kind]

    def find(self, region: str, uuid: str) -> Image | None:
        position = self.index.position(region, uuid)
        return None if position is None else self.images[position]
