"""How old and how large images are: columns of a histogram, each a range that a query can ask for.

Pure functions over an index; what was found is cached with it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from images.search.gathered import selected
from images.search.gathered_index import GatheredIndex
from images.search.query import ImageQuery, selecting

GIB = 2**30
SIZES = tuple(number * GIB for number in (1, 5, 10, 20, 50, 100, 200))
MONTH, QUARTER, YEAR = 1, 3, 12  # months
FEWEST, MOST = 12, 32  # columns for ages
CACHED_BYTES = 200  # of one column, about
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True)
class Column:
    """`count` images of `low` to `high`, both inclusive; None is no limit."""

    low: int | None
    high: int | None
    count: int


@dataclass(frozen=True)
class Histogram:
    """`unknown` images have no place in it. Of ages, each column is `months` long."""

    columns: tuple[Column, ...]
    unknown: int
    months: int = 0


def sizes(index: GatheredIndex, query: ImageQuery) -> Histogram:
    """In bytes: up to the first of SIZES, up to the next …, and what is larger."""
    query = selecting(query)
    found: Histogram | None = index.cache.get(("sizes", query))
    if found is None:
        images = selected(index, query)
        known = sorted(image.size for image in images if image.size is not None)
        bounds = [
            (None if low is None else low + 1, high)
            for low, high in zip((None, *SIZES), (*SIZES, None), strict=True)
        ]
        found = Histogram(_counted(known, bounds), len(images) - len(known))
        index.cache.put(("sizes", query), found, CACHED_BYTES * len(bounds))
    return found


def ages(index: GatheredIndex, query: ImageQuery, today: date) -> Histogram:
    """Return how many were created in which month, quarter or year, in milliseconds.

    It is whichever shows all in MOST columns; what is older than that is in the first one, what is
    of the future in the last.
    """
    query = selecting(query)
    found: Histogram | None = index.cache.get(("ages", query, today))
    if found is None:
        images = selected(index, query)
        known = sorted(image.created for image in images if image.created is not None)
        months, bounds = _periods(known, today)
        found = Histogram(_counted(known, bounds), len(images) - len(known), months)
        index.cache.put(("ages", query, today), found, CACHED_BYTES * len(bounds))
    return found


Bounds = tuple[int | None, int | None]


def _counted(known: Sequence[int], bounds: Iterable[Bounds]) -> tuple[Column, ...]:
    """`known` is sorted."""
    return tuple(
        Column(
            low,
            high,
            (len(known) if high is None else bisect_right(known, high))
            - (0 if low is None else bisect_left(known, low)),
        )
        for low, high in bounds
    )


def _periods(known: Sequence[int], today: date) -> tuple[int, list[Bounds]]:
    now = _months(today)
    oldest = _months((EPOCH + known[0] * MILLISECOND).date()) if known else now
    fits = (each for each in (MONTH, QUARTER) if now // each - oldest // each < MOST)
    months = next(fits, YEAR)
    last = now // months
    first = max(min(oldest // months, last - FEWEST + 1), last - MOST + 1)
    bounds: list[Bounds] = [
        (_start(period * months), _start((period + 1) * months) - 1)
        for period in range(first, last + 1)
    ]
    if known and known[0] < (bounds[0][0] or 0):
        bounds[0] = None, bounds[0][1]
    if known and known[-1] > (bounds[-1][1] or 0):
        bounds[-1] = bounds[-1][0], None
    return months, bounds


def _months(day: date) -> int:
    return day.year * 12 + day.month - 1


def _start(months: int) -> int:
    """Return the first millisecond of a month."""
    return (datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC) - EPOCH) // MILLISECOND
