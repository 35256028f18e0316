"""The table's columns: their titles, what they sort by, and which are shown unless asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from images.context import ListAddress
from images.search.query import ImageQuery


@dataclass(frozen=True)
class Column:
    """`numeric` columns are aligned right and first sorted largest first."""

    name: str
    title: Promise
    sort: str = ""
    numeric: bool = False


COLUMNS = {
    column.name: column
    for column in (
        Column("name", _("Name"), "name"),
        Column("id", _("ID"), "id"),
        Column("status", _("Status"), "status"),
        Column("os", _("OS"), "os"),
        Column("platform", _("Platform"), "platform"),
        Column("size", _("Size"), "size", numeric=True),
        Column("disk", _("Min. disk"), "disk", numeric=True),
        Column("regions", _("Regions")),
        Column("storages", _("Storages"), "storages", numeric=True),
        Column("shared", _("Shared"), "shared"),
        Column("created", _("Created"), "created", numeric=True),
        Column("updated", _("Updated"), "updated", numeric=True),
        Column("region", _("Region"), "region"),
        Column("arch", _("Architecture"), "arch"),
        Column("type", _("Type")),
        Column("check", _("Check"), "check"),
        Column("zones", _("Zones")),
        Column("scenes", _("Scenes")),
        Column("tags", _("Tags")),
        Column("external", _("External")),
        Column("description", _("Description")),
        Column("uuid", _("UUID")),
    )
}
DEFAULT_COLUMNS = tuple(COLUMNS)[:11]
NUMERIC = frozenset(column.name for column in COLUMNS.values() if column.numeric)


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
    return [_header(address, COLUMNS[name]) for name in chosen(address.query)]


def _header(address: ListAddress, column: Column) -> Header:
    if not column.sort:
        return Header(column.name, str(column.title), column.numeric, "", "")
    rising, falling = column.sort, f"-{column.sort}"
    sort = address.query.sort
    order = {rising: "ascending", falling: "descending"}.get(sort, "")
    first, second = (falling, rising) if column.numeric else (rising, falling)
    href = address.link(sort=second if sort == first else first, page=1)
    return Header(column.name, str(column.title), column.numeric, order, href)
