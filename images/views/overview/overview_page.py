"""The overview: /overview/, the shape of the whole inventory, where every bar leads to its images.

It shows what the cached lists say, of all that the query selects.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from images.context import InventoryContext
from images.overview import Found, find, wanted
from images.reports import histograms
from images.views.list import filters
from images.views.list.image_list import page_context
from images.views.overview import charts
from images.views.overview import histograms as columns
from images.views.overview.coverage import bars
from images.views.overview.groups import lines
from images.views.pages import is_fragment, with_inventory
from images.views.poll_intervals import OVERVIEW, OVERVIEW_BUSY

RUNNING_SHOWN = 8


@require_safe
@with_inventory
def overview_page(request: HttpRequest, context: InventoryContext) -> HttpResponse:
    found = None if context.inventory.failure else find(context)
    shown = {"context": context} | (_drawn(context, found) if found else {})
    if is_fragment(request):
        return render(request, "images/_overview.html", shown)
    busy = context.inventory.is_unconfirmed or (found and found.running)
    around = page_context(context) | {
        "place": "overview",
        "chips": filters.chips(context, context.region_names),
        "poll": OVERVIEW_BUSY if busy else OVERVIEW,
    }
    return render(request, "images/overview.html", shown | around)


def _drawn(context: InventoryContext, found: Found) -> dict[str, Any]:
    index, query = context.inventory.index, context.query
    states = wanted(context)
    attention = lines(context, found.attention, found.today)
    return {
        "found": found.overview,
        "bytes": sum(found.overview.bytes.values()),
        "cards": charts.cards(context, found.overview.bytes),
        "ages": columns.ages(context, histograms.ages(index, query, found.today)),
        "sizes": columns.sizes(context, histograms.sizes(index, query)),
        "serious": [line for line in attention if line.group.serious],
        "untidy": [line for line in attention if not line.group.serious],
        "running": found.running[:RUNNING_SHOWN],
        "jobs": len(found.running),
        "running_left": len(found.running[RUNNING_SHOWN:]),
        "coverage": found.coverage,
        "covered": bars(context, found.coverage),
        "states": states,
        "unread": [state for state in states if not state.head.version],
        "oldest": min((each.head.fetched_at for each in states if each.head.version), default=None),
        "largest": context.link(page=1, sort="-size"),
    }
