"""The query string: read tolerantly, written canonically. The only reader of request.GET.

What cannot be read is left out and named, so that the page can say what it does not follow. Empty
values are not set.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple
from urllib.parse import quote_plus

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from images import bounds, grammar
from images.bounds import Bound
from images.fields import ACCOUNT, FACETS
from images.grammar import Rejected, read_text
from images.qualifiers import lifted, read_words
from images.search.bitsets import BoundedCache, weight
from images.search.query import CHOICES, ImageQuery, changed, image_query
from images.search.spelling import spelled_size

MAX_VALUES = 50
SHOWN_LENGTH = 80
REMEMBERED_BYTES = 2 * 1024 * 1024  # of query strings already read

UNKNOWN = _("unknown parameter")
UNFINISHED = _("nothing follows it")
REPEATED = _("given more than once; the last one is used")
TOO_MANY = format_lazy(_("more than {number} values"), number=MAX_VALUES)


Given = tuple[tuple[str, tuple[str, ...]], ...]
Rejection = tuple[str, str | Promise]


@dataclass(frozen=True)
class InvalidParameter:
    """Something in the query string that the page does not follow; `value` is safe to look at."""

    parameter: str
    value: str
    why: str | Promise


class Parameter(NamedTuple):
    """One parameter of a query string; `read` turns one text into a value or raises Rejected."""

    read: Callable[[str], Any]
    repeatable: bool = False


PARAMETERS = {
    **{
        name: Parameter(grammar.READERS.get(FACETS[name.removeprefix("-")].kind, read_text), True)
        for name in CHOICES
    },
    "name": Parameter(read_text, True),
    "image": Parameter(grammar.read_place, True),
    "q": Parameter(read_words),
    "min_size": Parameter(grammar.read_size),
    "max_size": Parameter(grammar.read_size),
    "fits_disk": Parameter(grammar.read_size),
    "created_after": Parameter(grammar.read_first),
    "created_before": Parameter(grammar.read_last),
    "sort": Parameter(grammar.read_sort),
    "page": Parameter(grammar.read_page),
    "size": Parameter(grammar.read_page_size),
    "columns": Parameter(grammar.read_column, True),
    "density": Parameter(grammar.read_density),
}
"""Which images, of whom, and how they are shown."""

_queries = BoundedCache(REMEMBERED_BYTES)


def visible(text: str) -> str:
    """Return at most SHOWN_LENGTH characters, with those escaped that nobody sees as they are."""
    shown = "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode()
        for each in text[:SHOWN_LENGTH]
    )
    if len(text) > SHOWN_LENGTH or len(shown) > SHOWN_LENGTH:
        return f"{shown[: SHOWN_LENGTH - 1]}…"
    return shown


def read_query(params: QueryDict) -> tuple[ImageQuery, tuple[InvalidParameter, ...]]:
    """Return the query of a request and its invalid parameters. Never raises, whatever comes."""
    given = said(params)
    found: tuple[ImageQuery, tuple[InvalidParameter, ...]] | None = _queries.get(given)
    if found is None:
        taken_apart, unfinished = _taken_apart(given)
        values, invalid = read(PARAMETERS, taken_apart)
        found = image_query(**values), (*unfinished, *invalid)
        _queries.put(given, found, weight(found))
    return found


def search_query(text: str) -> ImageQuery:
    """Return the query of a text that is typed, as far as it can be read."""
    params = QueryDict(mutable=True)
    params["q"] = text
    return read_query(params)[0]


def _taken_apart(given: Given) -> tuple[Given, list[InvalidParameter]]:
    """Return what is given by the names that parameters have, with what is typed among them."""
    texts_of: defaultdict[str, tuple[str, ...]] = defaultdict(tuple)
    unfinished: list[str] = []
    for name, texts in given:
        typed = [lifted(text) for text in texts] if name == "q" else []
        said = tuple(each.words for each in typed) or texts
        texts_of[grammar.OLDER.get(name, name)] += said
        for parameter, text in chain.from_iterable(each.pairs for each in typed):
            texts_of[parameter] += (text,)
        unfinished += chain.from_iterable(each.unfinished for each in typed)
    invalid = [InvalidParameter("q", visible(text), UNFINISHED) for text in unfinished]
    return tuple(texts_of.items()), invalid


def said(params: QueryDict) -> Given:
    """Return what an address says of a query."""
    return tuple(
        (name, tuple(texts)) for name, texts in params.lists() if not name.startswith(("_", "utm_"))
    )


def read(
    parameters: Mapping[str, Parameter], given: Given
) -> tuple[dict[str, Any], tuple[InvalidParameter, ...]]:
    """Return the values that were given, by parameter, and what of it is invalid."""
    texts_of = dict(given)
    values: dict[str, Any] = {}
    invalid: list[InvalidParameter] = []
    for name in parameters:
        if name in texts_of:
            found, rejected = _values(parameters[name], texts_of[name])
            invalid += [InvalidParameter(name, _shown(name, text), why) for text, why in rejected]
            if found:
                values[name] = found if parameters[name].repeatable else found[0]
    for name, texts in given:
        if name not in parameters:
            shown = visible(name)
            invalid += [
                InvalidParameter(shown, _shown(name, text), UNKNOWN) for text in texts if text
            ]
    return values, tuple(invalid)


def _shown(name: str, text: str) -> str:
    """Return what a page may say of a text: a secret may have been pasted for an account."""
    return "…" if name.removeprefix("-") == ACCOUNT else visible(text)


def _values(parameter: Parameter, texts: Sequence[str]) -> tuple[tuple[Any, ...], list[Rejection]]:
    """Return what one parameter says, and each text that it should not, with the reason."""
    found: dict[Any, str] = {}
    rejected: list[Rejection] = []
    for text in filter(None, texts):
        try:
            value = parameter.read(text)
        except Rejected as error:
            rejected.append((text, error.why))
            value = error.instead
        if not parameter.repeatable:
            found.pop(value, None)
        if value != "":
            found.setdefault(value, text)
    values, given = tuple(found), list(found.values())
    if parameter.repeatable:
        rejected += [(text, TOO_MANY) for text in given[MAX_VALUES:]]
        return values[:MAX_VALUES], rejected
    rejected += [(text, REPEATED) for text in given[:-1]]
    return values[-1:], rejected


WRITERS: dict[str, Callable[[Any], str]] = {
    **dict.fromkeys(("min_size", "max_size", "fits_disk"), spelled_size),
    "created_after": bounds.write_first,
    "created_before": bounds.write_last,
}
FIELDS = {field.name: field.default for field in fields(ImageQuery) if field.name != "facets"}
DEFAULTS: dict[str, Any] = dict.fromkeys(CHOICES, ()) | FIELDS
PLACES = {name: place for place, name in enumerate(DEFAULTS)}


def query_string(query: ImageQuery, **changes: Any) -> str:
    """Return the canonical query string, without "?", of a query with some values changed.

    Defaults are left out. `read_query` reads the same query out of it.
    """
    written = _written(query)
    if changes:
        others = {name: text for name, text in written.items() if name not in changes}
        written = others | {
            name: _field(name, value) for name, value in changes.items() if value != DEFAULTS[name]
        }
        written = {name: written[name] for name in sorted(written, key=PLACES.__getitem__)}
    return "&".join(written.values())


@lru_cache(maxsize=64)
def _written(query: ImageQuery) -> dict[str, str]:
    """Return what is not as by default. A page has some 50 links, all to nearly the same."""
    values = dict(query.facets) | {name: getattr(query, name) for name in FIELDS}
    return {name: _field(name, value) for name, value in values.items() if value != DEFAULTS[name]}


def _field(name: str, value: Any) -> str:
    if isinstance(value, tuple):
        return "&".join([_pair(name, each) for each in value])
    return _pair(name, value)


@lru_cache(maxsize=1024)
def _pair(name: str, value: str | int | Bound) -> str:
    return f"{name}={quote_plus(WRITERS.get(name, str)(value))}"


def toggled(query: ImageQuery, facet: str, value: str) -> ImageQuery:
    """Return the query, on page 1, with one value of a facet chosen or, where it was, no longer.

    With "-" before the facet it is excluded, or no longer.
    """
    chosen = query.chosen(facet)
    rest = tuple(each for each in chosen if each != value)
    return changed(query, **{facet: rest if value in chosen else (*chosen, value)}, page=1)
