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


class Sorted(NamedTuple):
    """By what the list is sorted now, and whether from the smallest on."""

    title: str
    ascending: bool


def chosen(query: ImageQuery) -> tuple[str, ...]:
    """Return the columns to show, the name first: it heads the row and opens the image."""
    columns = query.columns or DEFAULT_COLUMNS
    return ("name", *(each for each in columns if each != "name"))


def headers(address: ListAddress) -> list[Header]:
    return [_header(address, name) for name in chosen(address.query)]


def sorted_by(query: ImageQuery) -> Sorted:
    name = query.sort.removeprefix("-")
    return Sorted(column_title(name), name == query.sort)


def sorts(address: ListAddress) -> list[tuple[str, str, bool]]:
    """Return the title of each sort, its address, and whether the list is sorted so already.

    The address of that one turns it around.
    """
    standard = ImageQuery().sort
    unsorted = address.link(sort=standard, page=1)
    adding = unsorted + ("&" if "?" in unsorted else "?") + "sort="
    found = []
    for name in SORTS:
        current = name == address.query.sort.removeprefix("-")
        first, second = (f"-{name}", name) if name in NUMERIC else (name, f"-{name}")
        sort = second if address.query.sort == first else first
        href = unsorted if sort == standard else adding + sort
        found.append((column_title(name), href, current))
    return found


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
