"""One list over several accounts: each account's index is asked, and the answers are gathered.

Nothing is merged before it is asked for: an index is shared by all people who may read its account,
whichever others they may read. Counts are added, orders are merged as far as a page needs them, and
ties are broken by name, region, uuid and account, so that every process has the same order.

accounts = GatheredIndex((Part("…", index, ("prod",)), …), cache)
result = run(accounts, image_query(os=("CentOS",), q="web", sort="name", page=2))
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import compress, count, islice
from typing import NamedTuple

from images.cloud.records import Image
from images.fields import ACCOUNT, OF_ACCOUNTS, READ_FACETS
from images.search.bitsets import unpack
from images.search.gathered_index import Found, GatheredIndex
from images.search.index import Index, is_meant
from images.search.language import terms, written
from images.search.merged import Merged, Sorted
from images.search.query import (
    FACET_VALUE_BYTES,
    FACETS_BYTES,
    Counts,
    FacetValue,
    ImageQuery,
    Result,
    changed,
    counts_of,
    facet_values,
    in_order,
    lets_in,
    rows_of,
    selection,
)
from images.search.spelling import folded
from images.search.values import alike

Facets = dict[str, tuple[FacetValue, ...]]


@dataclass(frozen=True, slots=True)
class Asked:
    """What one account is asked for: the query without what is said of accounts."""

    number: int
    index: Index
    query: ImageQuery


def spelled(accounts: GatheredIndex, query: ImageQuery) -> ImageQuery:
    """Return the query with the values of its facets as they are shown, each once.

    In any case and width they are the same ones.
    """
    if not query.facets:
        return query
    shown = tuple(
        (name, values if name in OF_ACCOUNTS else _spelled(accounts, name, values))
        for name, values in query.facets
    )
    return replace(query, facets=shown)


def _spelled(accounts: GatheredIndex, choice: str, values: tuple[str, ...]) -> tuple[str, ...]:
    facet = choice.removeprefix("-")
    return tuple({alike(each): accounts.spelled(facet, each) for each in values}.values())


def run(accounts: GatheredIndex, query: ImageQuery) -> Result:
    """Return the page that the query asks for, or the last one when there are fewer."""
    asked = list(_asked(accounts, query))
    total = _total(asked)
    pages = max(1, -(-total // query.size))
    page = min(max(query.page, 1), pages)
    start, end = (page - 1) * query.size, min(page * query.size, total)
    return Result(
        total=total,
        page=page,
        pages=pages,
        first=start + 1 if total else 0,
        last=end,
        rows=_between(accounts, query, asked, start, end),
        facets=_facets(accounts, query),
        everything=len(accounts.images),
    )


def number_of(accounts: GatheredIndex, query: ImageQuery) -> int:
    """Return how many images the query selects."""
    return _total(_asked(accounts, query))


def _total(asked: Iterable[Asked]) -> int:
    return sum(rows_of(each.index, each.query).bit_count() for each in asked)


def rows_between(accounts: GatheredIndex, query: ImageQuery, start: int, end: int) -> Sequence[int]:
    """Return the positions of the images that the query selects, in its order, from a place on."""
    return _between(accounts, query, list(_asked(accounts, query)), start, end)


def _between(
    accounts: GatheredIndex, query: ImageQuery, asked: Sequence[Asked], start: int, end: int
) -> Sequence[int]:
    if len(asked) == 1:
        [one] = asked
        first = accounts.images.starts[one.number]
        return [first + row for row in in_order(one.index, one.query, end)[start:end]]
    merged = _merged(accounts, query, asked, end if not start else None)
    return list(islice(merged.from_places(merged.places(start)), end - start))


def _merged(
    accounts: GatheredIndex, query: ImageQuery, asked: Sequence[Asked], upto: int | None = None
) -> Merged:
    """Return the images that are asked for in their order; with `upto` only so many of each."""
    lists = [
        Sorted(
            accounts.parts[each.number].account,
            each.index.images,
            in_order(each.index, each.query, len(each.index.images) if upto is None else upto),
            accounts.images.starts[each.number],
        )
        for each in asked
    ]
    return Merged(lists, query.sort)


def matching(accounts: GatheredIndex, query: ImageQuery) -> Iterator[int]:
    """Yield the positions of all images that the query selects, in its order."""
    asked = list(_asked(accounts, query))
    if len(asked) == 1:
        [one] = asked
        first = accounts.images.starts[one.number]
        yield from (first + row for row in in_order(one.index, one.query, len(one.index.images)))
    else:
        merged = _merged(accounts, query, asked)
        yield from merged.from_places(merged.places(0))


def listed(accounts: GatheredIndex, query: ImageQuery) -> Iterator[Found]:
    """Yield all images that the query selects, in its order, each with its account."""
    for position in matching(accounts, query):
        part, image = accounts.at(position)
        yield Found(part.account, image)


def selected(accounts: GatheredIndex, query: ImageQuery) -> list[Image]:
    """Return all images that the query selects, in no order but that of accounts and cloud."""
    return [
        image
        for each in _asked(accounts, query)
        for image in compress(each.index.images, _flags(each))
    ]


def unordered(accounts: GatheredIndex, query: ImageQuery) -> Iterator[Found]:
    """Yield the same, each with its account."""
    for each in _asked(accounts, query):
        account = accounts.parts[each.number].account
        for image in compress(each.index.images, _flags(each)):
            yield Found(account, image)


def positions(accounts: GatheredIndex, query: ImageQuery) -> Iterator[int]:
    """Yield the positions of all images that the query selects, from the first on."""
    for each in _asked(accounts, query):
        yield from compress(count(accounts.images.starts[each.number]), _flags(each))


class Around(NamedTuple):
    """Where an image is in what a query selects, from 1, and the positions beside it."""

    number: int
    total: int
    previous: int | None
    next: int | None


def around(accounts: GatheredIndex, query: ImageQuery, position: int) -> Around | None:
    """Return what is beside an image; None where the query does not select it."""
    merged = _merged(accounts, query, list(_asked(accounts, query)))
    places = merged.places_of(position)
    if places is None:
        return None
    following = merged.from_places(places)
    next(following)  # The image itself.
    return Around(sum(places) + 1, merged.total, merged.before(places), next(following, None))


def _flags(asked: Asked) -> bytes:
    return unpack(rows_of(asked.index, asked.query), len(asked.index.images))


def _asked(
    accounts: GatheredIndex, query: ImageQuery, *, whichever: bool = False
) -> Iterator[Asked]:
    """Yield what each account is asked for that the query lets in, or `whichever` it lets in."""
    words = terms(query.q)
    local = changed(query, **dict.fromkeys(OF_ACCOUNTS, ()))
    for number, part in enumerate(accounts.parts):
        if not (whichever or lets_in(query, part.account)):
            continue
        meant = [word for word in words if is_meant(part.names, folded(word.text))]
        if any(word.excluded for word in meant):
            continue
        rest = written(word for word in words if word not in meant) if meant else local.q
        yield Asked(number, part.index, replace(local, q=rest) if meant else local)


def _facets(accounts: GatheredIndex, query: ImageQuery) -> Facets:
    """Return how many images have which value, of a chosen facet as if it were not chosen."""
    query = spelled(accounts, query)
    key = ("facets", *selection(query))
    facets: Facets | None = accounts.cache.get(key)
    if facets is None:
        found = [counts_of(each.index, each.query) for each in _asked(accounts, query)]
        facets = {ACCOUNT: _accounts(accounts, query)}
        for name in READ_FACETS:
            facets[name] = _added(accounts, query, name, [each[name] for each in found])
        values = sum(map(len, facets.values()))
        accounts.cache.put(key, facets, FACETS_BYTES + FACET_VALUE_BYTES * values)
    return facets


def _accounts(accounts: GatheredIndex, query: ImageQuery) -> tuple[FacetValue, ...]:
    counts = {
        accounts.parts[each.number].account: rows_of(each.index, each.query).bit_count()
        for each in _asked(accounts, query, whichever=True)
    }
    excluded = {each: counts.get(each, 0) for each in query.chosen(f"-{ACCOUNT}")}
    shown = {account: number for account, number in counts.items() if number}
    return facet_values(shown, frozenset(query.chosen(ACCOUNT)), excluded)


def _added(
    accounts: GatheredIndex, query: ImageQuery, name: str, of_each: Sequence[Counts]
) -> tuple[FacetValue, ...]:
    """Return the values of a facet of all accounts, each with the sum of their counts."""
    disputed = accounts.disputed(name) if len(accounts.parts) > 1 else {}
    counts = _sum((each.counts for each in of_each), disputed)
    left_out = _sum((each.excluded for each in of_each), disputed)
    excluded = dict.fromkeys(query.chosen(f"-{name}"), 0) | left_out
    return facet_values(counts, frozenset(query.chosen(name)), excluded)


def _sum(of_each: Iterable[Mapping[str, int]], disputed: Mapping[str, str]) -> dict[str, int]:
    """Return the sum of counts, those of `disputed` values by how most images spell them."""
    total: dict[str, int] = {}
    for counts in of_each:
        for value, number in counts.items():
            total[value] = total.get(value, 0) + number
    if not disputed:
        return total
    shown: dict[str, int] = {}
    for value, number in total.items():
        spelled = disputed.get(alike(value), value)
        shown[spelled] = shown.get(spelled, 0) + number
    return shown
