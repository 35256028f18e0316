"""The filter column and the chips: every choice links to the same page with one thing changed."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote_plus

from django.utils.functional import Promise
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from images.bounds import Bound
from images.context import ListAddress
from images.fields import ACCOUNT, FACETS
from images.forms import toggled
from images.search.query import FacetValue
from images.templatetags.inventory import counted, written_size
from images.templatetags.query_words import (
    RANGES,
    facet_title,
    label,
    narrowings,
    value_title,
    word_behind,
)

SIZES = ("min_size", "max_size", "fits_disk")
# The first so many groups are open, of each group so many values are shown, the rest are folded; so
# many folded ones have a search box.
OPEN_GROUPS, SHOWN_VALUES, SEARCHED_VALUES = 5, 8, 8
# No page has more values of one facet, the commonest ones; the API has all of them.
MOST_VALUES = 1_000

Names = Mapping[str, str]


class Chip(NamedTuple):
    """What narrows the list; `word` is the cloud's own for the value, "" where that is shown."""

    title: str | Promise
    value: str | Promise
    href: str
    word: str = ""


class FacetChoice(NamedTuple):
    """A value to narrow the list by; `word` is the cloud's own for it, "" where that is shown.

    One that is `selected` or `excluded` leads to the list where it is no longer.
    """

    href: str
    label: str
    word: str
    images: str
    selected: bool
    excluded: bool


class Facet(NamedTuple):
    """A facet with the choices that are shown, and those that are folded; `more` says how many.

    `search` is the hint of the box that finds folded ones, "" where there are too few of them;
    `left_out` says how many are not even folded.
    """

    name: str
    title: str
    selected: int
    is_open: bool
    shown: list[FacetChoice]
    folded: list[FacetChoice]
    more: str
    search: str
    left_out: str


def facets(
    address: ListAddress, names: Names, values: Mapping[str, tuple[FacetValue, ...]]
) -> list[Facet]:
    """Return every facet that could narrow what is shown: with two values, or one that is chosen.

    `names` are those of the regions and accounts.
    """
    shown = [
        name
        for name in FACETS
        if len(values[name]) > 1 or any(each.selected or each.excluded for each in values[name])
    ]
    return [
        _facet(name, values[name], _choices(address, names, name, values[name]), place)
        for place, name in enumerate(shown)
    ]


def _facet(
    name: str, values: tuple[FacetValue, ...], choices: list[FacetChoice], place: int
) -> Facet:
    selected = sum(each.selected or each.excluded for each in values)
    shown = max(SHOWN_VALUES, selected)
    folded, left_out, title = len(values) - shown, len(values) - len(choices), facet_title(name)
    return Facet(
        name,
        title,
        selected,
        is_open=bool(selected or place < OPEN_GROUPS),
        shown=choices[:shown],
        folded=choices[shown:],
        more=ngettext("%(more)s more", "%(more)s more", folded) % {"more": folded},
        search=_("Search in %(facet)s") % {"facet": title} if folded >= SEARCHED_VALUES else "",
        left_out=_left_out(left_out) if left_out else "",
    )


def _left_out(number: int) -> str:
    return ngettext(
        "%(number)s less common value is not listed.",
        "%(number)s less common values are not listed.",
        number,
    ) % {"number": number}


def _choices(
    address: ListAddress, names: Names, facet: str, values: tuple[FacetValue, ...]
) -> list[FacetChoice]:
    """Return links that add a value to the address, by its end, or take it away."""
    language, here, choices = get_language(), address.link(page=1), []
    adding = here + ("&" if "?" in here else "?")
    for each in values[:MOST_VALUES]:
        named = facet in ("region", ACCOUNT)
        name = str(value_title(facet, each.value, names)) if named else ""
        pair, shown, word = _value(facet, each.value, name, language)
        chosen = facet if each.selected else f"-{facet}" if each.excluded else ""
        without = toggled(address.query, chosen, each.value) if chosen else None
        href = address.link_to(without) if without else adding + pair
        number = counted(each.count)
        choices.append(FacetChoice(href, shown, word, number, each.selected, each.excluded))
    return choices


@lru_cache(maxsize=2048)
def _value(facet: str, value: str, name: str, language: str | None) -> tuple[str, str, str]:
    """Return a value as an address has it, as people read it in this language, and its word."""
    shown = name or str(label(facet, value))
    return f"{facet}={quote_plus(value)}", shown, word_behind(facet, value)


def chips(address: ListAddress, names: Names) -> list[Chip]:
    """Return what narrows the list just now, each with the link that takes it away."""
    return [
        Chip(each.title, each.value, address.link_to(each.rest), each.word)
        for each in narrowings(address.query, names)
    ]


class SizeField(NamedTuple):
    """A field of the form for sizes and dates, with what is asked now."""

    name: str
    title: Promise
    value: str


class DateField(NamedTuple):
    """A field for the first or the `last` day; `value` is that in UTC, `bound` the moment itself.

    Both are "" where nothing is asked. The script of dates makes the day the person's own.
    """

    name: str
    title: Promise
    last: bool
    value: str
    bound: str


def size_fields(address: ListAddress) -> list[SizeField]:
    sizes = [(name, getattr(address.query, name)) for name in SIZES]
    return [
        SizeField(name, RANGES[name], "" if size is None else written_size(size))
        for name, size in sizes
    ]


def date_fields(address: ListAddress) -> list[DateField]:
    query = address.query
    return [
        date_field("created_after", RANGES["created_after"], query.created_after, last=False),
        date_field("created_before", RANGES["created_before"], query.created_before, last=True),
    ]


def date_field(name: str, title: Promise, bound: Bound | None, *, last: bool) -> DateField:
    if bound is None:
        return DateField(name, title, last, "", "")
    return DateField(name, title, last, bound.utc_day(last=last).isoformat(), bound.iso)
