"""The table's columns: their titles, what they sort by, and which are shown unless asked."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from django.utils.functional import Promise
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from images.context import InventoryContext
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


def chosen(query: ImageQuery) -> tuple[str, ...]:
    """The columns to show. The name is always among them: it opens the image."""
    columns = query.columns or DEFAULT_COLUMNS
    return columns if "name" in columns else ("name", *columns)


def headers(context: InventoryContext) -> SafeString:
    """The `<th>` elements of this table, each a link that sorts where its column can be sorted."""
    made = [_header(context, COLUMNS[name]) for name in chosen(context.query)]
    return mark_safe("".join([_pick_all(), *made]))  # noqa: S308


def _pick_all() -> str:
    label = escape(gettext("Select all on this page"))
    return (
        f'<td class="c-pick"><input type="checkbox" data-pick-all aria-label="{label}" hidden></td>'
    )


def _header(context: InventoryContext, column: Column) -> str:
    css = f"c-{column.name} numeric" if column.numeric else f"c-{column.name}"
    title = escape(str(column.title))
    if not column.sort:
        return f'<th scope="col" class="{css}">{title}</th>'
    rising, falling = column.sort, f"-{column.sort}"
    sort = context.query.sort
    order = {rising: "ascending", falling: "descending"}.get(sort)
    first, second = (falling, rising) if column.numeric else (rising, falling)
    href = escape(context.link(sort=second if sort == first else first, page=1))
    sorted_ = f' aria-sort="{order}"' if order else ""
    link = f'<a href="{href}" hx-get="{href}">{title}</a>'
    return f'<th scope="col" class="{css}"{sorted_}>{link}</th>'
