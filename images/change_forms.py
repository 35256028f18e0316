"""The query string of the history of changes, as `images.forms` has that of the list."""

from __future__ import annotations

from dataclasses import fields
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from images import bounds, grammar
from images.forms import InvalidParameter, Parameter, read, said
from images.grammar import Rejected
from images.history.changes import KINDS, ChangeQuery


def read_kind(text: str) -> str:
    if text not in KINDS:
        raise Rejected(_("unknown kind of change"))
    return text


PARAMETERS = {
    "kind": Parameter(read_kind, True),
    "region": Parameter(grammar.read_region, True),
    "q": Parameter(grammar.read_search),
    "after": Parameter(grammar.read_first),
    "before": Parameter(grammar.read_last),
    "page": Parameter(grammar.read_page),
    "size": Parameter(grammar.read_page_size),
}


def read_change_query(params: QueryDict) -> tuple[ChangeQuery, tuple[InvalidParameter, ...]]:
    """Return the query of a request and its invalid parameters. Never raises, whatever comes."""
    values, invalid = read(PARAMETERS, said(params))
    return ChangeQuery(**values), invalid


WRITERS = {"after": bounds.write_first, "before": bounds.write_last}
DEFAULTS = {field.name: field.default for field in fields(ChangeQuery)}


def change_query_string(query: ChangeQuery, *, token: str = "", **changes: Any) -> str:
    """Return the query string, without "?", of a query with some fields changed.

    Defaults are left out. `read_change_query` reads the same query out of it.
    """
    values = {name: changes.get(name, getattr(query, name)) for name in DEFAULTS}
    pairs = [("token", token)] if token else []
    for name, value in values.items():
        if value != DEFAULTS[name]:
            texts = value if isinstance(value, tuple) else (value,)
            pairs += [
                (name, str(WRITERS[name](each) if name in WRITERS else each)) for each in texts
            ]
    return urlencode(pairs)


def toggled(chosen: tuple[str, ...], value: str) -> tuple[str, ...]:
    """Return the values with this one, or without it where it was chosen."""
    rest = tuple(each for each in chosen if each != value)
    return rest if value in chosen else (*chosen, value)
