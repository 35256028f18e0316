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

from dashboard import about, theme
from dashboard.back import back
from dashboard.people import reader
from dashboard.tokens import access
from images import services
from images.views.opening import Opened, is_fragment, with_inventory
from images.views.results import mark, rendered, results
from images.views.since import with_since


@require_safe
@with_inventory
def image_list(request: HttpRequest, opened: Opened) -> HttpResponse:
    return list_page(request, opened)


def list_page(request: HttpRequest, opened: Opened, *, looks: bool = True) -> HttpResponse:
    """`looks`: the person asked for it, see `with_since`."""
    failure = opened.inventory.failure
    status = opened.inventory.explanation(failure).status if failure else 200
    page = results(opened) if is_fragment(request) else _page(request, opened)
    if not failure:
        page = with_since(request, opened, page, looks=looks)
    return HttpResponse(page, status=status)


def _page(request: HttpRequest, opened: Opened) -> bytes:
    """The whole page. What is around the list is made for each request only where it has messages,
    which are shown once; what was found is put into it last, for it is the larger part."""
    if len(messages.get_messages(request)):
        context = page_context(opened) | {"results": mark("results")}
        page = render_to_string("images/list.html", context, request).encode()
    else:
        page = _around(request, opened)
    return page.replace(mark("results").encode(), results(opened))


def _around(request: HttpRequest, opened: Opened) -> bytes:
    own = page_context(opened)
    # These differ from request to request, so they come into what is kept.
    parts = {name: str(own[name]) for name in ("searched", "rests_until")}
    parts["csrf_token"] = get_token(request)
    marks = {name: mark(name) for name in ("results", *parts)}
    shown = {name: own[name] for name in ("place", "token_query", "rest_seconds")}
    everyones = theme.context(request) | about.context(request) | reader.context(request)
    page = rendered(opened, "images/list.html", {**everyones, **shown, **marks})
    for name, part in parts.items():
        page = page.replace(mark(name).encode(), escape(part).encode())
    return page


def page_context(opened: Opened) -> dict[str, Any]:
    return {
        "place": "images",
        "opened": opened,
        "searched": opened.query.q,
        "token_query": opened.token_query,
        "rests_until": round(opened.inventory.head.asked_at + services.COOL_DOWN_SECONDS, 3),
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
