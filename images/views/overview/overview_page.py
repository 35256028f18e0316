"""The overview: /overview/, the shape of the whole inventory, where every bar leads to its images.

It shows what the cached lists say, of all that the query selects.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dashboard.web.htmx import as_fragment
from images.causes import state_title
from images.context import InventoryContext
from images.newest_worries import newest_worries
from images.overview import Found, find, wanted
from images.reports import histograms
from images.reports.summary import counts
from images.services.inventory import RegionState
from images.views.list import filters
from images.views.list.image_list import page_context
from images.views.overview import charts
from images.views.overview import histograms as columns
from images.views.overview.coverage import bars
from images.views.overview.groups import common, lines
from images.views.overview.recent import recent
from images.views.pages import is_fragment, with_inventory
from images.views.poll_intervals import OVERVIEW, OVERVIEW_BUSY

RUNNING_SHOWN = 8


@dataclass(frozen=True)
class Place:
    """A region, and how many images of the query it has, of what size together."""

    state: RegionState
    count: int
    bytes: int
    href: str


@require_safe
@with_inventory
def overview_page(request: HttpRequest, context: InventoryContext) -> HttpResponse:
    found = None if context.inventory.failure else find(context)
    shown = {"context": context} | (_drawn(context, found) if found else {})
    if is_fragment(request):
        return as_fragment(render(request, "images/_overview.html", shown))
    inventory = context.inventory
    busy = inventory.is_unconfirmed or inventory.loading or (found and found.running)
    around = page_context(context) | {
        "place": "overview",
        "chips": filters.chips(context, context.names),
        "poll": OVERVIEW_BUSY if busy else OVERVIEW,
    }
    return render(request, "images/overview.html", shown | around)


def _drawn(context: InventoryContext, found: Found) -> dict[str, Any]:
    states = wanted(context)
    attention = lines(context, found.attention, found.today)
    total = found.overview.total
    return {
        "found": found.overview,
        "newest": newest_worries(context, found.running),
        "serious": [line for line in attention if line.group.serious],
        "untidy": [
            line for line in attention if not line.group.serious and not common(line, total)
        ],
        "common": [line for line in attention if common(line, total)],
        "running": found.running[:RUNNING_SHOWN],
        "jobs": len(found.running),
        "running_left": len(found.running[RUNNING_SHOWN:]),
        "recent": recent(context, found.today),
        "unread": context.missing,
        "oldest": min((each.head.fetched_at for each in states if each.head.version), default=None),
        **_there(context, found, states),
    }


def _there(
    context: InventoryContext, found: Found, states: Sequence[RegionState]
) -> dict[str, Any]:
    index, query, sizes = context.inventory.index, context.query, found.overview.bytes
    images = {each.value: each.count for each in counts(index, query)["region"]}
    return {
        "bytes": sum(sizes.values()),
        "largest": context.link(page=1, sort="-size"),
        "regions": [
            Place(state, images.get(state.id, 0), sizes.get(state.id, 0), _link(context, state))
            for state in states
        ],
        "readings": [
            (state, state_title(state))
            for state in context.inventory.regions
            if state.id in {each.id for each in states}
        ],
        "cards": charts.cards(context),
        "ages": columns.ages(context, histograms.ages(index, query, found.today)),
        "sizes": columns.sizes(context, histograms.sizes(index, query)),
        "coverage": found.coverage,
        "covered": bars(context, found.coverage),
    }


def _link(context: InventoryContext, state: RegionState) -> str:
    return charts.link(context, region=(state.id,))
