"""The table's columns: their titles, what they sort by, and which are shown unless asked."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from images.query import ImageQuery
from images.views.opening import Opened


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


@dataclass(frozen=True)
class Header:
    """One column's heading in this table. `order` is what aria-sort says, "" when unsorted."""

    column: Column
    href: str
    order: str


def chosen(query: ImageQuery) -> tuple[str, ...]:
    """The columns to show. The name is always among them: it opens the image."""
    columns = query.columns or DEFAULT_COLUMNS
    return columns if "name" in columns else ("name", *columns)


def headers(opened: Opened) -> list[Header]:
    return [_header(opened, COLUMNS[name]) for name in chosen(opened.query)]


def _header(opened: Opened, column: Column) -> Header:
    if not column.sort:
        return Header(column, "", "")
    rising, falling = column.sort, f"-{column.sort}"
    sort = opened.query.sort
    order = {rising: "ascending", falling: "descending"}.get(sort, "")
    first, second = (falling, rising) if column.numeric else (rising, falling)
    following = second if sort == first else first
    return Header(column, opened.link(sort=following, page=1), order)
