"""The table's columns: which are shown, and how they are headed."""

from __future__ import annotations

from typing import NamedTuple

from django.utils import translation

from images import fields
from images.context import ListAddress
from images.fields import COLUMNS, DEFAULT_COLUMNS, SORTS
from images.search.query import ImageQuery

NUMERIC = frozenset(name for name, field in COLUMNS.items() if field.kind in fields.NUMERIC)
"""Columns that are aligned right, and first sorted largest first."""


class Header(NamedTuple):
    """A column's heading: how its column is sorted now, "" when it is not, and what sorts by it."""

    name: str
    title: str
    numeric: bool
    order: str
    href: str


def chosen(query: ImageQuery) -> tuple[str, ...]:
    """Return the columns to show, the name first: it heads the row and opens the image."""
    columns = query.columns or DEFAULT_COLUMNS
    return ("name", *(each for each in columns if each != "name"))


def headers(address: ListAddress) -> list[Header]:
    return [_header(address, name) for name in chosen(address.query)]


def column_title(name: str) -> str:
    return translation.gettext(COLUMNS[name].title)


def _header(address: ListAddress, name: str) -> Header:
    title, numeric, sort = column_title(name), name in NUMERIC, address.query.sort
    if name not in SORTS:
        return Header(name, title, numeric, "", "")
    order = {name: "ascending", f"-{name}": "descending"}.get(sort, "")
    first, second = (f"-{name}", name) if numeric else (name, f"-{name}")
    href = address.link(sort=second if sort == first else first, page=1)
    return Header(name, title, numeric, order, href)
