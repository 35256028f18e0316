"""What a query is, and which images of one account's index it selects: pure functions.

`images.search.gathered` asks each index of several, and makes pages of what they answer.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, fields, replace
from functools import lru_cache, partial, reduce
from operator import attrgetter, or_
from typing import Annotated, Any, NamedTuple

import msgspec

from images.bounds import Bound
from images.fields import FACETS, OF_ACCOUNTS, READ_FACETS
from images.fields import gettext_noop as _
from images.search.bitsets import Rows
from images.search.index import Index
from images.search.language import terms
from images.search.spelling import composed, folded, natural

CHOICES = (*FACETS, *(f"-{name}" for name in FACETS))
FACET_VALUE_BYTES, COUNT_BYTES = 150, 90  # of one FacetValue, of one count, about
FACETS_BYTES = 2_000  # of what holds those of all facets


@dataclass(frozen=True, slots=True)
class ImageQuery:
    """One query, as the URL says it; by default everything, newest first.

    `facets` are those that are chosen, in their order, with the values: of one facet's values an
    image must have any, and so for each facet; with "-" before the name, it must have none of them.
    The facet `account` is of the lists, not of images: `images.search.gathered` alone follows it.
    `name` is exact; `image` picks single ones, as "region/uuid". `q` is words and phrases as
    `language` writes them, in any case, each of them part of one text of the image, or meaning the
    region, or with "-" before it neither; no NUL in it. Sizes are bytes, both inclusive, and those
    that `fits_disk` need no larger disk; what is not known is in no range. `columns` are what the
    page shows, empty for its own choice, and `density` how close rows stand: "" or "compact".
    """

    facets: tuple[tuple[str, tuple[str, ...]], ...] = ()
    name: tuple[str, ...] = ()
    image: tuple[str, ...] = ()
    q: str = ""
    min_size: int | None = None
    max_size: int | None = None
    fits_disk: int | None = None
    created_after: Bound | None = None
    created_before: Bound | None = None
    sort: str = "-created"
    page: int = 1
    size: int = 50
    columns: tuple[str, ...] = ()
    density: str = ""

    def chosen(self, facet: str) -> tuple[str, ...]:
        """Return the values of a facet, one of CHOICES, that the query asks for."""
        return dict(self.facets).get(facet, ())


def image_query(**values: Any) -> ImageQuery:
    """Return the query with these values of facets and fields, and all else by default."""
    return changed(ImageQuery(), **values)


def changed(query: ImageQuery, **values: Any) -> ImageQuery:
    """Return the query with other values of some facets and fields."""
    others = {name: values.pop(name) for name in [*values] if name in CHOICES}
    if others:
        chosen = dict(query.facets) | others
        values["facets"] = tuple((name, chosen[name]) for name in CHOICES if chosen.get(name))
    return replace(query, **values)


def lets_in(query: ImageQuery, account: str) -> bool:
    """Return whether the query asks for an account, by its id."""
    chosen, excluded = map(query.chosen, OF_ACCOUNTS)
    return (not chosen or account in chosen) and account not in excluded


class FacetValue(msgspec.Struct, frozen=True, gc=False):
    value: Annotated[
        str,
        msgspec.Meta(
            description=_("“unknown” if the cloud does not say, “none” for an empty list")
        ),
    ]
    count: Annotated[int, msgspec.Meta(description=_("Images; those left out if it is excluded"))]
    selected: bool
    excluded: bool = False


class Counts(NamedTuple):
    """How many rows have each value of a facet; and of each excluded one, how many are left out."""

    counts: dict[str, int]
    excluded: dict[str, int]


@dataclass(frozen=True, slots=True)
class Result:
    """One page: there is always a page 1.

    `total` rows match, of `everything`; this page holds `first`-`last` of them (both 0 when none
    match). `rows` are positions among the images of all accounts.
    """

    total: int
    page: int
    pages: int
    first: int
    last: int
    rows: Sequence[int]
    facets: dict[str, tuple[FacetValue, ...]]
    everything: int


_SHOWING = ("sort", "page", "size", "columns", "density")  # the fields that say how, not which
_selection = attrgetter(*(field.name for field in fields(ImageQuery) if field.name not in _SHOWING))


def selecting(query: ImageQuery) -> ImageQuery:
    """Return one query for all that select the same images and only show them differently."""
    return replace(query, sort="-created", page=1, size=50, columns=(), density="")


def selection(query: ImageQuery) -> tuple[Hashable, ...]:
    """Return what of a query says which images, to keep an answer by."""
    return _selection(query)


def in_order(index: Index, query: ImageQuery, upto: int) -> array[int]:
    """Return at least the first `upto` rows that the query selects, or all if there are fewer.

    The first page of a search sorts no more than it shows; who asks for another page gets them all,
    and with them every page after.
    """
    key = (query.sort, *_selection(query))
    found: array[int] | None = index.cache.get(key)
    rows = rows_of(index, query)
    upto = min(upto, rows.bit_count())
    if found is not None and len(found) >= upto:
        return found
    found = index.order(query.sort).pick(rows, upto if found is None else rows.bit_count())
    return index.cache.put(key, found, found.itemsize * len(found))


def rows_of(index: Index, query: ImageQuery) -> Rows:
    """Return the rows that the query selects, before they are sorted and cut into pages."""
    key = _selection(query)
    rows: Rows | None = index.cache.get(key)
    if rows is None:
        rows = _all_but("", _outside_facets(index, query), _having(index, query))
        index.cache.put(key, rows, len(index.images) // 8)
    return rows


def counts_of(index: Index, query: ImageQuery) -> dict[str, Counts]:
    """Return how many of its rows have which value, of a chosen facet as if it were not chosen."""
    key = ("counts", *_selection(query))
    found: dict[str, Counts] | None = index.cache.get(key)
    if found is not None:
        return found
    rows, having = rows_of(index, query), _having(index, query)
    outside = _outside_facets(index, query) if query.facets else rows
    found = {}
    for name in READ_FACETS:
        fitting = _all_but(name, outside, having) if name in having else rows
        found[name] = Counts(index.facet(name).counts(fitting), {})
    for choice, values in _spelled(index, query):
        if choice.startswith("-"):
            excluded = found[_facet(choice)].excluded
            for value in values:
                excluded[value] = _kept_out(index, _facet(choice), value, outside, having)
    number = sum(len(each.counts) + len(each.excluded) for each in found.values())
    return index.cache.put(key, found, FACETS_BYTES + COUNT_BYTES * number)


def _having(index: Index, query: ImageQuery) -> dict[str, Rows]:
    """Return the rows that fit, by each of CHOICES that is made."""
    having = {}
    for name, values in _spelled(index, query):
        rows = reduce(or_, map(index.facet(_facet(name)).having, values))
        having[name] = index.everything ^ rows if name.startswith("-") else rows
    return having


def _spelled(index: Index, query: ImageQuery) -> list[tuple[str, set[str]]]:
    return [
        (name, {index.spelled(_facet(name), each) or each for each in values})
        for name, values in query.facets
    ]


def _facet(choice: str) -> str:
    return choice.removeprefix("-")


def _kept_out(index: Index, facet: str, value: str, outside: Rows, having: dict[str, Rows]) -> int:
    """Return how many rows of an excluded value there were if nothing of its facet was asked."""
    others = {name: rows for name, rows in having.items() if _facet(name) != facet}
    return (_all_but("", outside, others) & index.facet(facet).having(value)).bit_count()


def _outside_facets(index: Index, query: ImageQuery) -> Rows:
    """Return the rows that fit everything but the facets.

    Each part is cached by itself: who searched a text goes on to click facets.
    """
    parts: list[tuple[Hashable, Callable[[], Rows]]] = [
        (("q", *word), partial(_having_word, index, *word)) for word in _words(query.q)
    ]
    if query.name:
        names = frozenset(map(composed, query.name))
        parts.append((("name", names), lambda: index.having_name(names)))
    if query.image:
        places = frozenset(query.image)
        parts.append((("image", places), lambda: index.having_place(places)))
    # Times are whole milliseconds: before one is up to the one before it.
    after = None if query.created_after is None else query.created_after.ms
    before = None if query.created_before is None else query.created_before.ms - 1
    spans = (
        ("size", query.min_size, query.max_size),
        ("created", after, before),
        ("min_disk", None, query.fits_disk),
    )
    asked = (span for span in spans if span[1:] != (None, None))
    parts += [(span, partial(index.between, *span)) for span in asked]
    rows = index.everything
    for key, answer in parts:
        if not rows:
            break
        found: Rows | None = index.cache.get(key)
        if found is None:
            found = index.cache.put(key, answer(), len(index.images) // 8)
        rows &= found
    return rows


@lru_cache(maxsize=64)
def _words(text: str) -> list[tuple[str, bool]]:
    """Return each word once, the longest first: once nothing is left, no other is looked for."""
    words = dict.fromkeys((folded(term.text), term.excluded) for term in terms(text))
    return sorted(words, key=lambda word: -len(word[0]))


def _having_word(index: Index, word: str, excluded: bool) -> Rows:
    rows = index.having_text(word)
    return index.everything ^ rows if excluded else rows


def _all_but(facet: str, rows: Rows, having: dict[str, Rows]) -> Rows:
    for name, others in having.items():
        if name != facet:
            rows &= others
    return rows


def facet_values(
    counts: dict[str, int], chosen: frozenset[str], kept_out: dict[str, int]
) -> tuple[FacetValue, ...]:
    """Return the values of a facet, what is asked for first, then the commonest.

    `chosen` ones are there without any row; `kept_out` are those that are excluded, with how many
    rows each had.
    """
    counts = dict.fromkeys(chosen, 0) | counts | kept_out
    found = [
        FacetValue(value, count, value in chosen, value in kept_out)
        for value, count in counts.items()
    ]
    return tuple(sorted(found, key=place_of_value))


def place_of_value(one: FacetValue) -> tuple[bool, bool, int, str, str]:
    """Return what sorts the values of a facet: what is asked for first, then the commonest."""
    return not one.selected, not one.excluded, -one.count, natural(one.value), one.value
