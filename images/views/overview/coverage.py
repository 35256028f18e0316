"""Which images are in which regions: /overview/coverage/, a row for each name and OS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from images.cloud.records import Image
from images.context import InventoryContext
from images.forms import query_string
from images.overview import compared, wanted
from images.reports.coverage import (
    ALL,
    ALONE,
    LACKING,
    Coverage,
    Row,
    rows,
)
from images.services.inventory import RegionState
from images.templatetags.inventory import seen
from images.views.list import filters
from images.views.list.image_list import page_context
from images.views.overview import charts
from images.views.pages import with_inventory

TITLES = {
    ALL: gettext_lazy("All images"),
    LACKING: gettext_lazy("Missing in some regions"),
    ALONE: gettext_lazy("In one region only"),
}


@dataclass(frozen=True)
class Cell:
    """What one region has of a row: the first image there, and how many.

    Nothing is known of what an `unread` region has. `href` leads to the image, or to all of them.
    """

    region: str
    image: Image | None
    count: int
    href: str
    unread: bool


@dataclass(frozen=True)
class Line:
    name: str
    system: str
    href: str
    cells: list[Cell]


@dataclass(frozen=True)
class Tab:
    title: str | Promise
    count: int
    href: str
    current: bool


@require_safe
@with_inventory
def coverage_page(
    request: HttpRequest, context: InventoryContext, which: str = ALL
) -> HttpResponse:
    shown = page_context(context) | {
        "place": "overview",
        "chips": filters.chips(context, context.names),
        "back": reverse("overview") + context.suffix,
    }
    if not context.inventory.failure:
        shown |= _matrix(context, which)
    return render(request, "images/coverage.html", shown)


def bars(context: InventoryContext, found: Coverage) -> list[charts.Bar]:
    """How many images are everywhere, and how many are not."""
    return [
        charts.Bar(
            title,
            found.count(which),
            100 * found.count(which) / found.total if found.total else 0.0,
            _address(context, which),
        )
        for which, title in TITLES.items()
    ]


def _matrix(context: InventoryContext, which: str) -> dict[str, Any]:
    found, query, states = compared(context), context.query, wanted(context)
    count = found.count(which)
    pages = max(1, -(-count // query.size))
    page = min(query.page, pages)
    first, last = (page - 1) * query.size, min(page * query.size, count)
    shown = rows(context.inventory.index, found, first, last)
    tabs = [
        Tab(title, found.count(each), _address(context, each), each == which)
        for each, title in TITLES.items()
    ]
    return {
        "coverage": found,
        "states": states,
        "unread": [state for state in states if not state.head.version],
        "tabs": tabs,
        "lines": [_line(context, states, row) for row in shown],
        "count": count,
        "first": first + 1,
        "last": last,
        "previous": _address(context, which, page - 1) if page > 1 else "",
        "following": _address(context, which, page + 1) if page < pages else "",
    }


def _line(context: InventoryContext, states: list[RegionState], row: Row) -> Line:
    os = row.os_family or "unknown"
    versions = {each.os_version for images in row.images.values() for each in images}
    system = row.os_family
    if len(versions) == 1 and (version := versions.pop()):
        system = f"{system} {version}".strip()
    cells = [_cell(context, state, row) for state in states]
    return Line(seen(row.name), system, charts.link(context, name=(row.name,), os=(os,)), cells)


def _cell(context: InventoryContext, state: RegionState, row: Row) -> Cell:
    images = row.images.get(state.id, [])
    if not images:
        return Cell(state.id, None, 0, "", unread=not state.head.version)
    href = reverse("images:detail", args=(state.id, images[0].uuid)) + context.suffix
    if len(images) > 1:
        os = (row.os_family or "unknown",)
        href = charts.link(context, region=(state.id,), name=(row.name,), os=os) or href
    return Cell(state.id, images[0], len(images), href, unread=False)


def _address(context: InventoryContext, which: str, page: int = 1) -> str:
    path = reverse("coverage", args=(which,) if which != ALL else ())
    written = query_string(context.query, page=page)
    return f"{path}?{written}" if written else path
