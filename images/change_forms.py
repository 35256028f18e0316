"""The query string of the history of changes, as `images.forms` has that of the list."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from images import bounds, grammar
from images.forms import InvalidParameter, Parameter, read, said
from images.grammar import Rejected
from images.history.changes import KINDS, ChangeQuery, Place

# Microseconds and a number, see Place.
PLACE_OF_CHANGE = re.compile(r"[0-9]{1,17}-[0-9]{1,18}", re.ASCII)


def read_kind(text: str) -> str:
    if text not in KINDS:
        raise Rejected(_("unknown kind of change"))
    return text


def read_place(text: str) -> Place:
    if not PLACE_OF_CHANGE.fullmatch(text):
        raise Rejected(_("not a place among the changes"))
    at, _dash, number = text.partition("-")
    return Place(int(at), int(number))


def write_place(place: Place) -> str:
    return f"{place.at}-{place.number}"


PARAMETERS = {
    "kind": Parameter(read_kind, True),
    "region": Parameter(grammar.read_region, True),
    "q": Parameter(grammar.read_search),
    "after": Parameter(grammar.read_first),
    "before": Parameter(grammar.read_last),
    "older": Parameter(read_place),
    "newer": Parameter(read_place),
    "page": Parameter(grammar.read_page),
    "size": Parameter(grammar.read_page_size),
}


def read_change_query(params: QueryDict) -> tuple[ChangeQuery, tuple[InvalidParameter, ...]]:
    """Return the query of a request and its invalid parameters. Never raises, whatever comes."""
    values, invalid = read(PARAMETERS, said(params))
    return ChangeQuery(**values), invalid


WRITERS: dict[str, Callable[[Any], str]] = {
    "after": bounds.write_first,
    "before": bounds.write_last,
    "older": write_place,
    "newer": write_place,
}
DEFAULTS = {field.name: field.default for field in fields(ChangeQuery)}


def change_query_string(query: ChangeQuery, **changes: Any) -> str:
    """Return the query string, without "?", of a query with some fields changed.

    Defaults are left out. `read_change_query` reads the same query out of it.
    """
    values = {name: changes.get(name, getattr(query, name)) for name in DEFAULTS}
    pairs: list[tuple[str, str]] = []
    for name, value in values.items():
        if value != DEFAULTS[name]:
            if name in WRITERS:
                pairs.append((name, WRITERS[name](value)))
                continue
            texts = value if isinstance(value, tuple) else (value,)
            pairs += [(name, str(each)) for each in texts]
    return urlencode(pairs)


def toggled(chosen: tuple[str, ...], value: str) -> tuple[str, ...]:
    """Return the values with this one, or without it where it was chosen."""
    rest = tuple(each for each in chosen if each != value)
    return rest if value in chosen else (*chosen, value)
