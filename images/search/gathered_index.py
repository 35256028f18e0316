"""The indexes of several accounts beside each other. Nothing of them is merged: each is shared."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain
from typing import NamedTuple, overload

from images.cloud.records import Image
from images.search.bitsets import Cache
from images.search.index import Index
from images.search.query import FACET_VALUE_BYTES
from images.search.values import commonest


@dataclass(frozen=True)
class Part:
    """One account: its id, its images, and the names that words find it by."""

    account: str
    index: Index
    names: tuple[str, ...] = ()


class Found(NamedTuple):
    """An image, and the id of the account that lists it."""

    account: str
    image: Image


class Images(Sequence[Image]):
    """The images of all accounts, one account after the other."""

    def __init__(self, lists: Sequence[Sequence[Image]]) -> None:
        self._lists = lists
        self.starts = list(accumulate(map(len, lists), initial=0))

    def __len__(self) -> int:
        return self.starts[-1]

    def place(self, position: int) -> tuple[int, int]:
        """Return the number of the account at a position, and the row of its index."""
        number = bisect_right(self.starts, position) - 1
        return number, position - self.starts[number]

    @overload
    def __getitem__(self, position: int) -> Image: ...
    @overload
    def __getitem__(self, position: slice) -> list[Image]: ...
    def __getitem__(self, position: int | slice) -> Image | list[Image]:
        if isinstance(position, slice):
            return [self[each] for each in range(*position.indices(len(self)))]
        number, row = self.place(position)
        return self._lists[number][row]

    def __iter__(self) -> Iterator[Image]:
        return chain.from_iterable(self._lists)


class GatheredIndex:
    """The indexes of several accounts, in their order, and a cache for what is made of all."""

    def __init__(self, parts: Sequence[Part], cache: Cache) -> None:
        self.parts = tuple(parts)
        self.cache = cache
        self.images = Images([part.index.images for part in self.parts])

    def at(self, position: int) -> tuple[Part, Image]:
        """Return the account and the image at a position."""
        number, row = self.images.place(position)
        part = self.parts[number]
        return part, part.index.images[row]

    def position(self, region: str, uuid: str, account: str = "") -> int | None:
        """Return where that image is, of the account if it has it, else of the first that does."""
        ranked = sorted(enumerate(self.parts), key=lambda each: each[1].account != account)
        for number, part in ranked:
            row = part.index.position(region, uuid)
            if row is not None:
                return self.images.starts[number] + row
        return None

    def spelled(self, name: str, value: str) -> str:
        """Return a value of a facet as most images spell it, or as it is where none has it."""
        found = {part.index.spelled(name, value) for part in self.parts} - {None}
        if len(found) < 2:
            return next(iter(found), None) or value
        counts = Counter(dict.fromkeys(filter(None, found), 0))
        for part in self.parts:
            counts.update(part.index.spellings(name, value))
        return commonest(counts)

    def disputed(self, name: str) -> Mapping[str, str]:
        """Return how most images spell the values of a facet that accounts spell differently."""
        key = ("disputed", name)
        found: dict[str, str] | None = self.cache.get(key)
        if found is None:
            of_each = [part.index.all_spelled(name).items() for part in self.parts]
            one = dict(chain.from_iterable(of_each))
            # Nearly always all of them spell alike, which is told ten times as fast.
            others = (spelled for spelled in of_each if not spelled <= one.items())
            several = dict(set(chain.from_iterable(others)) - one.items())
            found = {same: self.spelled(name, spelled) for same, spelled in several.items()}
            self.cache.put(key, found, FACET_VALUE_BYTES * len(found))
        return found
