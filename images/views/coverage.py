"""Which images are in which regions: /overview/coverage/, a row for each name and OS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from images.cloud.records import Image
from images.forms import query_string
from images.reports.coverage import (
    ALL,
    ALONE,
    LACKING,
    Coverage,
    Row,
    coverage,
    rows,
)
from images.services.inventory import RegionState
from images.templatetags.inventory import seen
from images.views import charts, filters
from images.views.opening import Opened, with_inventory
from images.views.rows import status
from images.views.table import page_context

TITLES = {
    ALL: gettext_lazy("All images"),
    LACKING: gettext_lazy("Missing somewhere"),
    ALONE: gettext_lazy("In one region only"),
}


@dataclass(frozen=True)
class Cell:
    """What one region has of a row: the first image there, and how many; nothing is known of what
    an `unread` region has. `href` leads to the image, or to all of them."""

    region: str
    image: Image | None
    status: SafeString
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
def coverage_page(request: HttpRequest, opened: Opened, which: str = ALL) -> HttpResponse:
    context = page_context(opened) | {
        "place": "overview",
        "chips": filters.chips(opened),
        "back": reverse("overview") + opened.suffix,
    }
    if not opened.inventory.failure:
        context |= _matrix(opened, which)
    return render(request, "images/coverage.html", context)


def wanted(opened: Opened) -> list[RegionState]:
    """The regions that the query asks for."""
    chosen = opened.query.region
    return [each for each in opened.inventory.regions if not chosen or each.id in chosen]


def compared(opened: Opened) -> Coverage:
    """Of the regions that could be read."""
    readable = [state.id for state in wanted(opened) if state.head.version]
    return coverage(opened.inventory.index, opened.query, readable)


def bars(opened: Opened, found: Coverage) -> list[charts.Bar]:
    """How many images are everywhere, and how many are not."""
    return [
        charts.Bar(
            title,
            found.count(which),
            charts.share(found.count(which), found.total),
            _address(opened, which),
        )
        for which, title in TITLES.items()
    ]


def _matrix(opened: Opened, which: str) -> dict[str, Any]:
    found, query, states = compared(opened), opened.query, wanted(opened)
    count = found.count(which)
    pages = max(1, -(-count // query.size))
    page = min(query.page, pages)
    first, last = (page - 1) * query.size, min(page * query.size, count)
    shown = rows(opened.inventory.index, found, first, last)
    tabs = [
        Tab(title, found.count(each), _address(opened, each), each == which)
        for each, title in TITLES.items()
    ]
    return {
        "coverage": found,
        "states": states,
        "unread": [state for state in states if not state.head.version],
        "tabs": tabs,
        "lines": [_line(opened, states, row) for row in shown],
        "count": count,
        "first": first + 1,
        "last": last,
        "previous": _address(opened, which, page - 1) if page > 1 else "",
        "following": _address(opened, which, page + 1) if page < pages else "",
    }


def _line(opened: Opened, states: list[RegionState], row: Row) -> Line:
    os = row.os_family or "unknown"
    versions = {each.os_version for images in row.images.values() for each in images}
    system = row.os_family
    if len(versions) == 1 and (version := versions.pop()):
        system = f"{system} {version}".strip()
    cells = [_cell(opened, state, row) for state in states]
    return Line(seen(row.name), system, charts.link(opened, name=(row.name,), os=(os,)), cells)


def _cell(opened: Opened, state: RegionState, row: Row) -> Cell:
    images = row.images.get(state.id, [])
    if not images:
        return Cell(state.id, None, SafeString(), 0, "", unread=not state.head.version)
    href = reverse("images:detail", args=(state.id, images[0].uuid)) + opened.suffix
    if len(images) > 1:
        os = (row.os_family or "unknown",)
        href = charts.link(opened, region=(state.id,), name=(row.name,), os=os) or href
    return Cell(state.id, images[0], status(images[0]), len(images), href, unread=False)


def _address(opened: Opened, which: str, page: int = 1) -> str:
    path = reverse("coverage", args=(which,) if which != ALL else ())
    written = query_string(opened.query, token=opened.token, page=page)
    return f"{path}?{written}" if written else path
