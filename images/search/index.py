"""How images are read for facets and sorts, and what is computed once for many queries of them."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import reduce
from itertools import count, zip_longest
from operator import or_
from typing import Any

from images.cloud.records import Image
from images.fields import FIELDS, MANY, READ_FACETS, SORTS, Field
from images.os_support import today
from images.search.bitsets import (
    BoundedCache,
    Order,
    Rows,
    TextIndex,
    ValueIndex,
    members,
    ordered,
    pack,
)
from images.search.spelling import composed, folded, natural
from images.search.values import VALUES, alike, commonest, counted

CACHE_BYTES = 10 * 1024 * 1024  # of answers, for one index
IMAGE_CACHE_BYTES = 7 * 1024 * 1024  # of what was made of single images


SORTED_AS_TEXT = frozenset({"text", "code", "region", "state"})
"""The kinds that sort in natural order, all others by their value. None and "" come last."""


def tie_break(image: Image) -> bytes:
    """Return what decides among images that a sort finds equal: name, region and uuid."""
    # Name, region and uuid as one key sort in half the time that a tuple of them takes. The end of
    # a name must come before whatever a longer name goes on with, even a NUL.
    name = natural(image.name or "")
    if "\0" in name:
        name = name.replace("\0", "\0\1")
    return f"{name}\0\0{image.region}\0\0{image.uuid}".encode("utf-8", "surrogatepass")


def is_meant(names: Iterable[str], word: str) -> bool:
    """Return whether a word, folded, is how any word of a name begins, or goes on from there."""
    return bool(word) and any(f" {word}" in f" {folded(name)}" for name in names)


def _searched(field: Field) -> Callable[[Image], str]:
    if field.kind in MANY:
        return lambda image: "\0".join(field.read(image) or ())
    return lambda image: field.read(image) or ""


_fields = [field for field in FIELDS.values() if field.searched]
# What has few values each has few together: they are one text, which takes 4 bytes an image.
FEW = tuple(field for field in _fields if field.facet and field.kind not in MANY)
SINGLE = tuple(field for field in _fields if field not in FEW)
# A word of fewer letters is part of most ids, and means none of them.
ID_LETTERS = 4


def _together(cells: Sequence[str | None]) -> str:
    """Return one text of the cells of FEW; what shows after another, as a version, follows it."""
    text = ""
    for field, cell in zip(FEW, cells, strict=True):
        text += (cell or "") + (" " if field.then else "\0")
    return text


_serials = count(1)


class Index:
    """What queries need of some images. No two indexes of a process have one `serial`.

    Each part is built when first asked for; two threads that ask at once may both build it, which
    is wasteful, not wrong.
    """

    def __init__(
        self,
        images: Sequence[Image],
        before: Index | None = None,
        region_names: Mapping[str, Sequence[str]] = {},
    ) -> None:
        """`before` is the index of what these images were; what was made of one of them holds.

        `region_names` are the names that each region is searched by, by its id.
        """
        self.serial = next(_serials)
        self.images = images
        # The day by which support has ended or not: on the next one an index says something else.
        self.day = today()
        self.region_names = region_names
        self.everything: Rows = (1 << len(images)) - 1
        self.cache = BoundedCache(CACHE_BYTES)
        self.image_cache: BoundedCache = (
            before.image_cache if before else BoundedCache(IMAGE_CACHE_BYTES)
        )
        self._facets: dict[str, ValueIndex] = {}
        self._spellings: dict[str, dict[str, str]] = {}
        self._several: dict[str, dict[str, Counter[str]]] = {}
        self._texts: tuple[TextIndex, ...] = ()
        self._by_name: array[int] | None = None
        self._orders: dict[str, Order] = {}

    def warm(self) -> None:
        """Build what first pages and first searches need, so that no visitor waits for it."""
        for name in READ_FACETS:
            self.facet(name)
        self.order("-created")
        self.texts()

    def facet(self, name: str) -> ValueIndex:
        facet = self._facets.get(name)
        if facet is None:
            facet = self._facets[name] = self._built(name)
        return facet

    def spelled(self, name: str, value: str) -> str | None:
        """Return a value of a facet as most images spell it; None where no image has it.

        A region may be called by its name, also one without images.
        """
        self.facet(name)
        same = alike(value)
        if name == "region":
            named = (each for each, names in self.region_names.items() if same in map(alike, names))
            if found := next(named, None):
                return found
        return self._spellings[name].get(same)

    def all_spelled(self, name: str) -> dict[str, str]:
        """Return how most images spell each value of a facet, by what `alike` makes of it."""
        self.facet(name)
        return self._spellings[name]

    def spellings(self, name: str, value: str) -> Mapping[str, int]:
        """Return how many images spell a value of a facet in which way."""
        self.facet(name)
        same = alike(value)
        if several := self._several[name].get(same):
            return several
        spelled = self._spellings[name].get(same)
        return {} if spelled is None else {spelled: self.facet(name).having(spelled).bit_count()}

    def _built(self, name: str) -> ValueIndex:
        field = READ_FACETS[name]
        values = VALUES[field.kind]
        column = list(map(field.read, self.images))
        counts = counted(Counter(column), values)
        spellings = self._spellings[name] = {same: commonest(each) for same, each in counts.items()}
        self._several[name] = {same: each for same, each in counts.items() if len(each) > 1}

        def shown(cell: Any) -> tuple[str, ...]:
            return tuple(dict.fromkeys(spellings[alike(value)] for value in values(cell)))

        return ValueIndex(column, shown)

    def order(self, sort: str) -> Order:
        """Return all rows sorted; `sort` is a key of SORTS, with "-" before it descending."""
        order = self._orders.get(sort)
        if order is None:
            order = self._orders[sort] = Order(self._sorted(sort))
        return order

    def _sorted(self, sort: str) -> list[int]:
        if self._by_name is None:
            ties = list(map(tie_break, self.images))
            self._by_name = array("I", sorted(range(len(ties)), key=ties.__getitem__))
        rows = list(self._by_name)
        field = SORTS[sort.removeprefix("-")]
        for each in (FIELDS[field.then], field) if field.then else (field,):
            column = list(map(each.read, self.images))
            if each.kind in SORTED_AS_TEXT:
                keys = {cell: natural(cell) if cell else None for cell in set(column)}
                column = [keys[cell] for cell in column]
            rows = ordered(rows, column, sort.startswith("-"))
        return rows

    def texts(self) -> tuple[TextIndex, ...]:
        if not self._texts:
            few = list(zip(*(map(field.read, self.images) for field in FEW), strict=True))
            together = {cells: _together(cells) for cells in set(few)}
            texts = [map(_searched(field), self.images) for field in SINGLE]
            self._texts = tuple(map(TextIndex, [*texts, map(together.__getitem__, few)]))
        return self._texts

    def having_text(self, part: str) -> Rows:
        """Return the rows with `part`, folded and clean as texts are, in any of the texts.

        In ids only if it has ID_LETTERS. And those of a region that it means: its whole id, or how
        its name begins at any word. A part of the id is found in too many words.
        """
        short = len(part) < ID_LETTERS
        skipped = [short and field.kind == "code" for field in SINGLE]
        looked_at = zip_longest(self.texts(), skipped)  # The last one is of FEW.
        found = [texts.having(part) for texts, skip in looked_at if not skip]
        facet = self.facet("region")
        regions = self._spellings["region"].values()
        found += [facet.having(each) for each in regions if self._is_meant(each, part)]
        return reduce(or_, found)

    def _is_meant(self, region: str, part: str) -> bool:
        return part == folded(region) or is_meant(self.region_names.get(region, ()), part)

    def having_name(self, names: frozenset[str]) -> Rows:
        """Return the rows whose name is one of these, which are composed."""
        return pack(bytes([composed(image.name or "") in names for image in self.images]))

    def position(self, region: str, uuid: str) -> int | None:
        """Return where that image stands among the images; None when it is none of them."""
        for position, image in enumerate(self.images):
            if image.uuid == uuid and image.region == region:
                return position
        return None

    def having_place(self, places: frozenset[str]) -> Rows:
        """Return the rows of the images at these places, "region/uuid"."""
        return pack(bytes([f"{each.region}/{each.uuid}" in places for each in self.images]))

    def between(self, number: str, low: int | None, high: int | None) -> Rows:
        """Return the rows where a number, a key of SORTS, is known and in low..high.

        Both are inclusive; None is no limit.
        """
        rows, cell = self.order(number).rows, SORTS[number].read
        images = self.images
        start, end = 0, bisect_left(rows, True, key=lambda row: cell(images[row]) is None)
        if low is not None:
            start = bisect_left(rows, low, hi=end, key=lambda row: cell(images[row]))
        if high is not None:
            end = bisect_right(rows, high, hi=end, key=lambda row: cell(images[row]))
        return members(rows[start:end], len(rows))
