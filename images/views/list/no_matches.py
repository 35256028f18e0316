"""Where nothing is found: which part of the query finds nothing by itself, and what is near it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from images.context import ListAddress
from images.fields import FACETS
from images.forms import toggled
from images.qualifiers import WORD_FACETS, box_text
from images.search.gathered import run
from images.search.gathered_index import GatheredIndex
from images.search.language import terms, written
from images.search.nearest import nearest
from images.search.query import ImageQuery, changed, image_query
from images.templatetags.inventory import counted

MOST_PARTS = 12  # of a query that are looked at, each by itself
MOST_NEAR = 3


class Part(NamedTuple):
    """One part of a query as the only one, the query without it, and which value of what it is.

    Of a word `facet` is "", and of what is no value of any, `text` as well.
    """

    only: ImageQuery
    rest: ImageQuery
    facet: str = ""
    text: str = ""


class Way(NamedTuple):
    """A link to a list with something in it."""

    text: str
    href: str
    images: str


class Missing(NamedTuple):
    """A part that finds nothing by itself, what is near it, and the list without it."""

    text: str
    near: list[Way]
    without: Way


class NoMatches(NamedTuple):
    """Why nothing is found: parts that find nothing, or if each finds some, what is in the way."""

    missing: list[Missing]
    without: list[Way]


def no_matches(address: ListAddress, index: GatheredIndex) -> NoMatches:
    parts = list(_parts(address.query))[:MOST_PARTS]
    missing = [part for part in parts if not run(index, part.only).total]
    if missing:
        return NoMatches([_missing(address, index, part) for part in missing], [])
    ways = [(run(index, part.rest).total, part) for part in parts] if len(parts) > 1 else []
    ways.sort(key=lambda way: -way[0])
    return NoMatches([], [_without(address, part, total) for total, part in ways if total])


def _missing(address: ListAddress, index: GatheredIndex, part: Part) -> Missing:
    total = run(index, part.rest).total
    return Missing(
        box_text(part.only, address.account_words),
        _near(address, index, part),
        _without(address, part, total),
    )


def _without(address: ListAddress, part: Part, total: int) -> Way:
    return Way(
        box_text(part.only, address.account_words), address.link_to(part.rest), counted(total)
    )


def _near(address: ListAddress, index: GatheredIndex, part: Part) -> list[Way]:
    """Return what finds something in place of the part: the values that are spelled nearly so."""
    if not part.text:
        return []
    found = []
    values = run(index, ImageQuery()).facets
    for facet in [part.facet] if part.facet else WORD_FACETS:
        for value in nearest(part.text, values[facet])[:MOST_NEAR]:
            query = toggled(part.rest, facet, value.value)
            total = run(index, query).total
            if total:
                text = box_text(image_query(**{facet: (value.value,)}), address.account_words)
                found.append(Way(text, address.link_to(query), counted(total)))
    return found[:MOST_NEAR]


def _parts(query: ImageQuery) -> Iterator[Part]:
    words = terms(query.q)
    for word in words:
        others = written(each for each in words if each != word)
        rest, text = changed(query, q=others, page=1), "" if word.excluded else word.text
        yield Part(image_query(q=written([word])), rest, text=text)
    for choice, values in query.facets:
        facet = choice if choice in FACETS else ""
        for value in values:
            only, rest = image_query(**{choice: (value,)}), toggled(query, choice, value)
            yield Part(only, rest, facet, value if facet else "")
    for name in query.name:
        rest = changed(query, name=tuple(each for each in query.name if each != name), page=1)
        yield Part(image_query(name=(name,)), rest)
    for names in (("min_size", "max_size"), ("created_after", "created_before"), ("fits_disk",)):
        asked = {name: getattr(query, name) for name in names}
        if any(bound is not None for bound in asked.values()):
            rest = changed(query, **dict.fromkeys(names), page=1)
            yield Part(image_query(**asked), rest)
