"""The list of images: /images/, as a page or as the fragment that htmx swaps."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.utils.html import escape
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from dashboard.people import reader
from dashboard.tokens import access
from dashboard.web import about, theme
from dashboard.web.back import back
from images import services
from images.context import InventoryContext
from images.views.list.results import mark, rendered, results
from images.views.list.since import with_since
from images.views.pages import is_fragment, with_inventory


@require_safe
@with_inventory
def image_list(request: HttpRequest, context: InventoryContext) -> HttpResponse:
    return list_page(request, context)


def list_page(
    request: HttpRequest, context: InventoryContext, *, looks: bool = True
) -> HttpResponse:
    """`looks`: the person asked for it, see `with_since`."""
    failure = context.inventory.failure
    status = context.inventory.explanation(failure).status if failure else 200
    page = results(context) if is_fragment(request) else _page(request, context)
    if not failure:
        page = with_since(request, context, page, looks=looks)
    return HttpResponse(page, status=status)


def _page(request: HttpRequest, context: InventoryContext) -> bytes:
    """The whole page. What is around the list is made for each request only where it has messages,
    which are shown once; what was found is put into it last, for it is the larger part."""
    if len(messages.get_messages(request)):
        shown = page_context(context) | {"results": mark("results")}
        page = render_to_string("images/list.html", shown, request).encode()
    else:
        page = _around(request, context)
    return page.replace(mark("results").encode(), results(context))


def _around(request: HttpRequest, context: InventoryContext) -> bytes:
    own = page_context(context)
    # These differ from request to request, so they come into what is kept.
    parts = {name: str(own[name]) for name in ("searched", "rests_until")}
    parts["csrf_token"] = get_token(request)
    marks = {name: mark(name) for name in ("results", *parts)}
    shown = {name: own[name] for name in ("place", "token_query", "rest_seconds")}
    everyones = theme.context(request) | about.context(request) | reader.context(request)
    page = rendered(context, "images/list.html", {**everyones, **shown, **marks})
    for name, part in parts.items():
        page = page.replace(mark(name).encode(), escape(part).encode())
    return page


def page_context(context: InventoryContext) -> dict[str, Any]:
    return {
        "place": "images",
        "context": context,
        "searched": context.query.q,
        "token_query": context.token_query,
        "rests_until": round(context.inventory.head.asked_at + services.COOL_DOWN_SECONDS, 3),
        "rest_seconds": services.COOL_DOWN_SECONDS,
    }


@require_POST
def refresh(request: HttpRequest) -> HttpResponse:
    """Ask the cloud now, then go back to where the person was."""
    credential = access.access_of(request).credential
    seconds = services.refresh(credential) if credential else 0
    if seconds:
        said = ngettext(
            "The cloud was asked just now: this is its answer. Ask again in %(seconds)s second.",
            "The cloud was asked just now: this is its answer. Ask again in %(seconds)s seconds.",
            seconds,
        )
        messages.info(request, said % {"seconds": seconds})
    return HttpResponseRedirect(back(request))
