"""The wall screen: /overview/display for who is signed in, /display/<key>/ for whoever has a link.

Both refresh themselves for weeks. Nothing on the screen leads anywhere.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import cache
from hashlib import blake2b
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import render
from django.templatetags.static import static
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from dashboard.displays import links
from images.context import InventoryContext, context_of
from images.jobs_under_way import stalled, under_way
from images.reports.summary import overview, with_stalled
from images.services.inventory import RegionState
from images.views.list import filters
from images.views.pages import is_fragment, with_inventory
from images.views.poll_intervals import WALL_SECONDS

# How many worries and running jobs fit on a screen that nobody scrolls, and how many where notices
# need some of the room.
ROOM, TIGHT = (8, 5), (5, 3)
STATUSES_SHOWN = 4
# After so many intervals without a good answer a region's list is shown to be old.
OLD_INTERVALS = 3
FILES = ("css/app.css", "css/display.css", "js/app.js", "js/display.js")


@require_safe
@with_inventory
def overview_display(request: HttpRequest, context: InventoryContext) -> HttpResponseBase:
    return _screen(request, context, title=_("Images"), team="")


@login_not_required
@require_safe
def display(request: HttpRequest, key: str) -> HttpResponseBase:
    """Whatever else the address or a cookie says, the link alone decides what is shown."""
    try:
        shown = links.opened(key)
    except Http404:
        return _gone(request)
    with override(shown.language or get_language()):
        access = shown.access
        if access.credential is None:
            parts = {"shown": shown, "title": shown.title}
            response = _page(request, "images/_display_dark.html", parts)
        else:
            context = context_of(access, access.credential, QueryDict(shown.query))
            response = _screen(request, context, title=shown.title, team=shown.team)
        response["Content-Language"] = get_language() or ""
    return response


def _gone(request: HttpRequest) -> HttpResponse:
    """Answer for a link that is unknown, expired or revoked; an open screen loads it whole."""
    response = render(request, "images/display_gone.html", status=404)
    if is_fragment(request):
        response["HX-Refresh"] = "true"
    return response


def _screen(
    request: HttpRequest, context: InventoryContext, *, title: str, team: str
) -> HttpResponse:
    found = overview(context.inventory.index, context.query)
    running = under_way(context, found.running)
    found = with_stalled(found, stalled(running))
    regions = _regions(context)
    most_worries, most_jobs = ROOM if regions["whole"] else TIGHT
    worries = found.worries[:most_worries]
    shown = {
        "context": context,
        "title": title,
        "team": team,
        "found": found,
        "statuses": found.statuses[:STATUSES_SHOWN],
        "other": sum(count for _status, count in found.statuses[STATUSES_SHOWN:]),
        "worries": worries,
        "worries_left": found.worried - len(worries),
        "running": running[:most_jobs],
        "running_left": len(running[most_jobs:]),
        "jobs": len(running),
        "chips": filters.chips(context, context.region_names),
        **regions,
    }
    return _page(request, "images/_display.html", shown)


def _regions(context: InventoryContext) -> dict[str, Any]:
    """Return the regions of the screen, and what keeps it from being all there is, or true."""
    inventory, wanted = context.inventory, context.query.chosen("region")
    states = [state for state in inventory.regions if not wanted or state.id in wanted]
    oldest = OLD_INTERVALS * inventory.fresh_seconds
    old = [state for state in states if state.age is not None and state.age > oldest]
    unconfirmed = [state for state in states if state.unconfirmed]
    unread = [state for state in states if not state.head.version]
    head = inventory.head
    doubts = (old, unread, unconfirmed, context.unknown_region, head.failure, head.unreadable)
    return {
        "regions": states,
        "old": [state.id for state in old],
        "old_names": _names(old),
        "old_since": min((state.head.fetched_at for state in old), default=None),
        "unread_names": _names(unread),
        "unconfirmed_names": _names(unconfirmed),
        "whole": not any(doubts),
    }


def _names(states: Sequence[RegionState]) -> str:
    return " · ".join(state.head.region.name for state in states)


def _page(request: HttpRequest, fragment: str, context: dict[str, Any]) -> HttpResponse:
    """Answer with the whole page once, then with the fragment alone.

    When the page's own files have changed since, the whole is loaded again.
    """
    made_of = _version()
    if not is_fragment(request):
        around = {
            "fragment": fragment,
            "version": made_of,
            "now": time.time(),
            "poll": WALL_SECONDS,
            "address": request.get_full_path(),
        }
        return render(request, "images/display.html", context | around)
    if request.headers.get("X-Screen") != made_of:
        return HttpResponse(headers={"HX-Refresh": "true"})
    return render(request, fragment, context)


@cache
def _version() -> str:
    """Another one whenever a file of the page is another: their names hold their digests."""
    return blake2b(" ".join(map(static, FILES)).encode(), digest_size=8).hexdigest()
