"""What needs attention, the newest first, with since when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from heapq import nsmallest

from images.cloud.records import Image
from images.context import InventoryContext
from images.history import worries
from images.history.worries import Began
from images.jobs_under_way import Going
from images.reports.attention import STALLED, WORRIES, worry
from images.search.gathered import selected
from images.search.query import selecting
from images.search.spelling import natural
from images.services.progress import Progress

MOST = 40  # worries that are named: more than a screen has room for
NEW_SECONDS = 12 * 3600
CACHED_BYTES = 300  # of one worry, about


@dataclass(frozen=True)
class Worry:
    """An image that needs attention, why (one of WORRIES), and since when (Unix seconds).

    `at` is None where that is not kept; unless `witnessed` it may have begun earlier.
    """

    image: Image
    why: str
    at: float | None = None
    witnessed: bool = False
    is_new: bool = False


@dataclass(frozen=True)
class Newest:
    """The MOST newest worries of `count`, the first `new` of which began in NEW_SECONDS."""

    worries: tuple[Worry, ...]
    count: int
    new: int

    @property
    def last_at(self) -> float | None:
        """When the newest began, as far as somebody saw it begin."""
        return next((each.at for each in self.worries[:1] if each.witnessed), None)


def newest_worries(context: InventoryContext, running: Iterable[Going] = ()) -> Newest:
    """Return what needs attention of the images that the query selects.

    Beside what the images themselves show, those `running` whose job no longer moves.
    """
    inventory = context.inventory
    since = inventory.now - NEW_SECONDS
    key = ("newest", selecting(context.query), inventory.readings, since // 60)
    found: Newest | None = inventory.index.cache.get(key)
    if found is None:
        images = selected(inventory.index, context.query)
        began = worries.began(inventory.keys)
        found = newest(images, began, since)
        inventory.index.cache.put(key, found, CACHED_BYTES * len(found.worries))
    stuck = [_stalled(*going, since) for going in running if not worry(going[0])]
    return _merged(found, [each for each in stuck if each])


def newest(
    images: Iterable[Image], began: Mapping[tuple[str, str], Began], new_since: float
) -> Newest:
    found = [
        _worry(image, why, began.get((image.region, image.uuid)), new_since)
        for image in images
        if (why := worry(image))
    ]
    first = nsmallest(MOST, found, key=_rank)
    return Newest(tuple(first), len(found), sum(each.is_new for each in found))


def _worry(image: Image, why: str, began: Began | None, new_since: float) -> Worry:
    if began is None or began.why != why:
        return Worry(image, why)
    is_new = began.witnessed and began.at >= new_since
    return Worry(image, why, began.at, began.witnessed, is_new)


def _stalled(image: Image, progress: Progress | None, new_since: float) -> Worry | None:
    if progress is None or not progress.stalled_minutes:
        return None
    at = progress.moved_at
    return Worry(image, STALLED, at, witnessed=True, is_new=at >= new_since)


def _merged(found: Newest, more: Sequence[Worry]) -> Newest:
    if not more:
        return found
    first = nsmallest(MOST, (*found.worries, *more), key=_rank)
    new = found.new + sum(each.is_new for each in more)
    return Newest(tuple(first), found.count + len(more), new)


def _rank(worry: Worry) -> tuple[bool, float, int, tuple[str, str, str]]:
    """Put the newest first, then what nobody saw begin; of one moment the worst."""
    image = worry.image
    place = natural(image.name or ""), image.region, image.uuid
    return not worry.witnessed, -(worry.at or 0), WORRIES.index(worry.why), place
