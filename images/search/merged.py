"""Several sorted lists as one, merged no further than is asked for. Pure.

What sorts an image among those of all lists is what its own list is sorted by, see
`images.search.index`: the cells of the sort, those that are not known last, then name, region and
uuid; at last its account, for two of them may list it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import total_ordering
from heapq import merge
from typing import Any

from images.cloud.records import Image
from images.fields import FIELDS, NUMERIC, SORTS
from images.search.index import SORTED_AS_TEXT, tie_break
from images.search.spelling import natural


@dataclass(frozen=True, slots=True)
class Sorted:
    """Some of an account's images in order: `rows` of its `images`.

    The first of its images stands at the position `first` among those of all accounts.
    """

    account: str
    images: Sequence[Image]
    rows: Sequence[int]
    first: int


class Merged:
    """The lists as one. A place is how many of each list are before it."""

    def __init__(self, lists: Sequence[Sorted], sort: str) -> None:
        self._lists = lists
        self._cells = _cells_of(sort)
        self.total = sum(len(each.rows) for each in lists)

    def _key(self, of: int, place: int) -> Any:
        """Return what sorts the image at a place of one list among those of all."""
        each = self._lists[of]
        image = each.images[each.rows[place]]
        return (*self._cells(image), _Tie(image, each.account))

    def from_places(self, places: Sequence[int]) -> Iterator[int]:
        """Yield the positions from these places on, in order."""
        streams = map(self._stream, range(len(self._lists)), places)
        return (position for _key, position in merge(*streams))

    def _stream(self, of: int, place: int) -> Iterator[tuple[Any, int]]:
        each = self._lists[of]
        for at in range(place, len(each.rows)):
            yield self._key(of, at), each.first + each.rows[at]

    def places(self, number: int) -> list[int]:
        """Return the places that so many of all images are before."""
        low, high = [0] * len(self._lists), [len(each.rows) for each in self._lists]
        if number <= 0:
            return low
        if len(low) == 1:
            return [number]
        while widest := max(map(int.__sub__, high, low), default=0):
            of = next(each for each in range(len(low)) if high[each] - low[each] == widest)
            middle = (low[of] + high[of]) // 2
            pivot = self._key(of, middle)
            before = [
                middle if each == of else self._before(each, pivot, low[each], high[each])
                for each in range(len(low))
            ]
            if sum(before) < number:
                low = before
                low[of] = middle + 1
            else:
                high = before
        return low

    def places_of(self, position: int) -> list[int] | None:
        """Return the places that an image is behind; None where it is in no list."""
        for of, each in enumerate(self._lists):
            row = position - each.first
            if 0 <= row < len(each.images):
                with suppress(ValueError):  # which says that it is not among them
                    return self._places_at(of, each.rows.index(row))
        return None

    def _places_at(self, of: int, at: int) -> list[int]:
        pivot = self._key(of, at)
        return [
            at if other == of else self._before(other, pivot, 0, len(each.rows))
            for other, each in enumerate(self._lists)
        ]

    def before(self, places: Sequence[int]) -> int | None:
        """Return the position just before these places."""
        last = [(self._key(of, at - 1), of, at - 1) for of, at in enumerate(places) if at]
        if not last:
            return None
        _key, of, at = max(last)
        return self._lists[of].first + self._lists[of].rows[at]

    def _before(self, of: int, pivot: Any, low: int, high: int) -> int:
        return bisect_left(range(high), pivot, low, high, key=lambda place: self._key(of, place))


def _cells_of(sort: str) -> Callable[[Image], tuple[Any, ...]]:
    """Return what the cells of a sort are compared as: those that are not known come last."""
    field, descending = SORTS[sort.removeprefix("-")], sort.startswith("-")
    fields = (field, FIELDS[field.then]) if field.then else (field,)

    def cells(image: Image) -> tuple[Any, ...]:
        found: list[Any] = []
        for each in fields:
            cell = each.read(image)
            if each.kind in SORTED_AS_TEXT:
                cell = natural(cell) if cell else None
            if descending and cell is not None:
                cell = -cell if each.kind in NUMERIC else _Last(cell)
            found += (cell is None, cell)
        return tuple(found)

    return cells


@total_ordering
class _Tie:
    """What decides among images whose cells are equal; most are not, and it is never looked at."""

    __slots__ = ("_account", "_image", "_key")

    def __init__(self, image: Image, account: str) -> None:
        self._image, self._account = image, account
        self._key: tuple[bytes, str] | None = None

    @property
    def key(self) -> tuple[bytes, str]:
        if self._key is None:
            self._key = tie_break(self._image), self._account
        return self._key

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Tie) and self.key == other.key

    def __lt__(self, other: _Tie) -> bool:
        return self.key < other.key


@total_ordering
class _Last:
    """A value among others of which the greatest comes first."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Last) and bool(self.value == other.value)

    def __lt__(self, other: _Last) -> bool:
        return bool(other.value < self.value)
