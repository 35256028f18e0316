"""The wall screen: /overview/display for who is signed in, /display/<key>/ for whoever has a link.

Both refresh themselves for weeks. From a screen behind a link nothing leads anywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from hashlib import blake2b
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from dashboard.displays import links
from dashboard.tokens.access import Access, access_of
from dashboard.web.htmx import as_fragment
from images.accounts import asked_for, unusable, with_accounts
from images.context import InventoryContext, context_of
from images.forms import InvalidParameter, query_string, read_query
from images.jobs_under_way import under_way
from images.newest_worries import newest_worries
from images.reports.summary import overview
from images.search.query import ImageQuery
from images.views.display import state
from images.views.list import filters
from images.views.pages import is_fragment, with_inventory
from images.views.poll_intervals import WALL_SECONDS

# More than fit: the screen itself counts what it has no room for.
JOBS_SHOWN = 20
STATUSES_SHOWN = 4
FILES = (
    "css/app.css",
    "css/icons.css",
    "css/display.css",
    "js/app.js",
    "js/display.js",
    "js/guard.js",
)


@require_safe
def overview_display(request: HttpRequest) -> HttpResponseBase:
    access = access_of(request)
    query, unknown = with_accounts(access, read_query(request.GET)[0])
    address = _address(request, query, unknown) if unknown else request.get_full_path()
    if not asked_for(access, request.GET):
        narrowed, back = replace(access, unusable=unusable(access, query)), reverse("overview")
        return _without_token(request, narrowed, title=_("Images"), back=back, address=address)
    return _own_display(request, address=address)


@with_inventory
def _own_display(
    request: HttpRequest, context: InventoryContext, *, address: str
) -> HttpResponseBase:
    back = reverse("overview") + context.suffix
    return _screen(request, context, title=_("Images"), back=back, address=address)


def _address(request: HttpRequest, query: ImageQuery, unknown: Sequence[InvalidParameter]) -> str:
    """Return where a screen asks for itself whose address names what is no account: not by that."""
    nobodys = urlencode([(each.parameter, each.value) for each in unknown])
    return f"{request.path}?{query_string(query)}&{nobodys}".replace("?&", "?")


@login_not_required
@require_safe
def display(request: HttpRequest, key: str) -> HttpResponseBase:
    """Whatever else the address or a cookie says, the link alone decides what is shown."""
    try:
        shown = links.opened(key)
    except Http404:
        return _gone(request)
    access, of = shown.access, {"title": shown.title, "team": shown.team, "turn": shown}
    of["address"] = request.path
    with override(shown.language or get_language()):
        if not access.credentials:
            response = _without_token(request, access, **of)
        else:
            context = context_of(access, QueryDict(shown.query))
            response = _screen(request, context, **of)
        response["Content-Language"] = get_language() or ""
    return response


def _without_token(request: HttpRequest, access: Access, **of: Any) -> HttpResponse:
    shown = {"access": access, "state": state.state(state.NO_TOKEN), **of}
    return _page(request, "images/_display_dark.html", shown)


def _gone(request: HttpRequest) -> HttpResponse:
    """Answer for a link that is unknown, expired or revoked; an open screen loads it whole."""
    response = render(request, "images/display_gone.html", status=404)
    if is_fragment(request):
        response["HX-Refresh"] = "true"
        return as_fragment(response)
    return response


def _screen(request: HttpRequest, context: InventoryContext, **of: Any) -> HttpResponse:
    found = overview(context.inventory.index, context.query)
    running = under_way(context, found.running)
    newest, regions = newest_worries(context, running), state.regions(context)
    shown = {
        "context": context,
        **of,
        "state": state.state_of(context, regions, newest, found.total),
        "found": found,
        "statuses": found.statuses[:STATUSES_SHOWN],
        "other": sum(count for _status, count in found.statuses[STATUSES_SHOWN:]),
        "newest": newest,
        "running": running[:JOBS_SHOWN],
        "jobs": len(running),
        "chips": filters.chips(context, context.names),
        "regions": regions,
        **state.gaps(context, regions),
    }
    return _page(request, "images/_display.html", shown)


def _page(request: HttpRequest, fragment: str, context: dict[str, Any]) -> HttpResponse:
    """Answer with the whole page once, then with the fragment alone.

    When the page's own files have changed since, the whole is loaded again.
    """
    made_of = _version()
    if not is_fragment(request):
        around = {"fragment": fragment, "version": made_of, "poll": WALL_SECONDS}
        return render(request, "images/display.html", context | around)
    if request.headers.get("X-Screen") != made_of:
        return as_fragment(HttpResponse(status=204, headers={"HX-Refresh": "true"}))
    return as_fragment(render(request, fragment, context))


@cache
def _version() -> str:
    """Another one whenever a file of the page is another: their names hold their digests."""
    return blake2b(" ".join(map(static, FILES)).encode(), digest_size=8).hexdigest()
