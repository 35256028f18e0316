"""Filter, count facets, sort and page: pure functions over the images of an inventory.

index = Index(images)                       # once for each inventory
result = run(index, ImageQuery(os=("CentOS",), q="web", sort="name", page=2))
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from functools import reduce
from itertools import compress
from operator import attrgetter, or_
from typing import Any, NamedTuple

import msgspec

from images.cloud.records import Image
from images.search.bitsets import Rows, ValueIndex, unpack
from images.search.index import FACETS, SORTS, Index, alike
from images.search.spelling import composed, folded, natural

__all__ = [
    "FACETS",
    "SORTS",
    "FacetValue",
    "ImageQuery",
    "Index",
    "Result",
    "flags",
    "matching",
    "run",
    "selected",
    "selecting",
    "spelled",
]

FACET_VALUE_BYTES = 150  # of one FacetValue, about
FACETS_BYTES = 2_000  # of what holds those of all facets


@dataclass(frozen=True, slots=True)
class ImageQuery:
    """One query, as the URL says it; by default everything, newest first.

    Of one facet's values an image must have any, and so for each facet that has some. `name` is
    exact; `image` picks single ones, as "region/uuid". `q` is part, in any case, of the name, the
    description, either id or a tag; no NUL in it. Sizes are bytes, both inclusive; times are ms,
    `created_before` exclusive; an image whose size or time is unknown is in no range. `columns` are
    what the page shows, empty for its own choice, and `density` how close its rows stand: "" or
    "compact".
    """

    region: tuple[str, ...] = ()
    status: tuple[str, ...] = ()
    os: tuple[str, ...] = ()
    version: tuple[str, ...] = ()
    platform: tuple[str, ...] = ()
    arch: tuple[str, ...] = ()
    type: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    zone: tuple[str, ...] = ()
    scene: tuple[str, ...] = ()
    tag: tuple[str, ...] = ()
    disk: tuple[str, ...] = ()
    storage: tuple[str, ...] = ()
    check: tuple[str, ...] = ()
    name: tuple[str, ...] = ()
    image: tuple[str, ...] = ()
    q: str = ""
    min_size: int | None = None
    max_size: int | None = None
    created_after: int | None = None
    created_before: int | None = None
    sort: str = "-created"
    page: int = 1
    size: int = 50
    columns: tuple[str, ...] = ()
    density: str = ""


class FacetValue(msgspec.Struct, frozen=True, gc=False):
    value: str
    count: int
    selected: bool


@dataclass(frozen=True, slots=True)
class Result:
    """One page. `total` rows match, of `everything`; this page holds `first`-`last` of them (both
    0 when none match). `rows` are positions in the index's images; there is always a page 1.
    """

    total: int
    page: int
    pages: int
    first: int
    last: int
    rows: Sequence[int]
    facets: dict[str, tuple[FacetValue, ...]]
    everything: int


class Filtered(NamedTuple):
    """What a query selects, before it is sorted and cut into pages."""

    rows: Rows
    total: int
    facets: dict[str, tuple[FacetValue, ...]]


SHOWING = ("sort", "page", "size", "columns", "density")  # the fields that say how, not which
_selection = attrgetter(*(field.name for field in fields(ImageQuery) if field.name not in SHOWING))


def selecting(query: ImageQuery) -> ImageQuery:
    """One query for all that select the same images and differ only in how they show them."""
    return replace(query, sort="-created", page=1, size=50, columns=(), density="")


def spelled(index: Index, query: ImageQuery) -> ImageQuery:
    """The same query with the values of its facets as they are shown, each once: in any case and
    width they are the same ones."""
    chosen = {name: values for name in FACETS if (values := getattr(query, name))}
    shown: dict[str, Any] = {
        name: tuple({alike(each): index.spelled(name, each) for each in values}.values())
        for name, values in chosen.items()
    }
    return query if shown == chosen else replace(query, **shown)


def run(index: Index, query: ImageQuery) -> Result:
    """The page that the query asks for, or the last one when there are fewer."""
    filtered = _filter(index, query)
    pages = max(1, -(-filtered.total // query.size))
    page = min(max(query.page, 1), pages)
    start, end = (page - 1) * query.size, min(page * query.size, filtered.total)
    return Result(
        total=filtered.total,
        page=page,
        pages=pages,
        first=start + 1 if filtered.total else 0,
        last=end,
        rows=_in_order(index, query, filtered, end)[start:end],
        facets=filtered.facets,
        everything=len(index.images),
    )


def matching(index: Index, query: ImageQuery) -> Sequence[int]:
    """The positions of all images that the query selects, in its order."""
    filtered = _filter(index, query)
    return _in_order(index, query, filtered, filtered.total)


def selected(index: Index, query: ImageQuery) -> list[Image]:
    """All images that the query selects, in no order but the cloud's."""
    return list(compress(index.images, flags(index, query)))


def flags(index: Index, query: ImageQuery) -> bytes:
    """For each image of the index, 1 where the query selects it, else 0."""
    return unpack(_filter(index, query).rows, len(index.images))


def _in_order(index: Index, query: ImageQuery, filtered: Filtered, upto: int) -> array[int]:
    """At least the first `upto` rows. The first page of a search sorts no more than it shows; who
    asks for another page gets them all, and with them every page after.
    """
    key = (query.sort, *_selection(query))
    rows: array[int] | None = index.cache.get(key)
    if rows is not None and len(rows) >= upto:
        return rows
    rows = index.order(query.sort).pick(filtered.rows, upto if rows is None else filtered.total)
    return index.cache.put(key, rows, rows.itemsize * len(rows))


def _filter(index: Index, query: ImageQuery) -> Filtered:
    key = _selection(query)
    filtered: Filtered | None = index.cache.get(key)
    if filtered is not None:
        return filtered
    outside = _outside_facets(index, query)
    shown = spelled(index, query)
    chosen = {name: frozenset(getattr(shown, name)) for name in FACETS}
    having = {name: _having_any(index.facet(name), chosen[name]) for name in FACETS if chosen[name]}
    rows = _all_but("", outside, having)
    facets = {}
    for name in FACETS:
        counted = _all_but(name, outside, having) if name in having else rows
        facets[name] = _facet_values(index.facet(name).counts(counted), chosen[name])
    filtered = Filtered(rows, rows.bit_count(), facets)
    values = sum(map(len, facets.values()))
    size = len(index.images) // 8 + FACETS_BYTES + FACET_VALUE_BYTES * values
    return index.cache.put(key, filtered, size)


def _outside_facets(index: Index, query: ImageQuery) -> Rows:
    """The rows that fit everything but the facets. Each part is remembered by itself: who searched
    a text goes on to click facets.
    """
    parts: list[tuple[Hashable, Callable[[], Rows]]] = []
    if query.q:
        part = folded(query.q)
        parts.append((("q", part), lambda: index.having_text(part)))
    if query.name:
        names = frozenset(map(composed, query.name))
        parts.append((("name", names), lambda: index.having_name(names)))
    if query.image:
        places = frozenset(query.image)
        parts.append((("image", places), lambda: index.having_place(places)))
    sizes = (query.min_size, query.max_size)
    # Times are whole milliseconds: before one is up to the one before it.
    before = None if query.created_before is None else query.created_before - 1
    times = (query.created_after, before)
    if sizes != (None, None):
        parts.append((("size", sizes), lambda: index.between("size", *sizes)))
    if times != (None, None):
        parts.append((("created", times), lambda: index.between("created", *times)))
    rows = index.everything
    for key, answer in parts:
        found: Rows | None = index.cache.get(key)
        if found is None:
            found = index.cache.put(key, answer(), len(index.images) // 8)
        rows &= found
    return rows


def _all_but(facet: str, rows: Rows, having: dict[str, Rows]) -> Rows:
    for name, others in having.items():
        if name != facet:
            rows &= others
    return rows


def _having_any(facet: ValueIndex, values: Iterable[str]) -> Rows:
    return reduce(or_, map(facet.having, values))


def _facet_values(counts: dict[str, int], chosen: frozenset[str]) -> tuple[FacetValue, ...]:
    counts = dict.fromkeys(chosen, 0) | counts
    found = [FacetValue(value, count, value in chosen) for value, count in counts.items()]
    return tuple(
        sorted(found, key=lambda one: (not one.selected, -one.count, natural(one.value), one.value))
    )
