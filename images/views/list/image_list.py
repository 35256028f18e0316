"""The list of images: /images/, as a page or as the fragment that htmx swaps."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe
from markupsafe import Markup

from dashboard.tokens.access import access_of
from dashboard.web.back import back
from dashboard.web.compression import Coding, coding_of
from dashboard.web.htmx import as_fragment
from images import services
from images.accounts import asked_for
from images.cloud.records import Image
from images.context import InventoryContext
from images.qualifiers import box_value
from images.views.list.results import results
from images.views.list.since import since_last_visit
from images.views.pages import is_fragment, with_inventory


@require_safe
@with_inventory
def image_list(request: HttpRequest, context: InventoryContext) -> HttpResponse:
    response = list_page(request, context)
    if is_fragment(request) and request.GET.get("q", "") != context.query.q:
        response["HX-Push-Url"] = context.here  # What was typed as qualifiers are its filters.
    return response


def list_page(
    request: HttpRequest, context: InventoryContext, *, by_itself: bool = False
) -> HttpResponse:
    """Answer with the list; `by_itself`, when an open page asks and not a person."""
    failure = context.inventory.failure
    status = context.inventory.explanation(failure).status if failure else 200
    since = None if failure else since_last_visit(request, context, by_itself=by_itself)
    coding = coding_of(request) if is_fragment(request) else ""
    drawn = results(context, since, coding=coding)
    return around(request, context, drawn, coding=coding, status=status)


def around(
    request: HttpRequest,
    context: InventoryContext,
    drawn: bytes,
    *,
    image: Image | None = None,
    coding: Coding = "",
    status: int = 200,
) -> HttpResponse:
    """Answer with what was drawn, or with the page around it; `image` is the open one.

    What was drawn for a fragment may be compressed already, in that coding.
    """
    if is_fragment(request):
        headers = {"Content-Encoding": coding} if coding else {}
        return as_fragment(HttpResponse(drawn, status=status, headers=headers))
    shown = page_context(context) | {"image": image, "results": Markup(drawn.decode())}  # noqa: S704
    return render(request, "images/list.html", shown, status=status)


def page_context(context: InventoryContext) -> dict[str, Any]:
    return {
        "place": "images",
        "context": context,
        "searched": box_value(context.query, context.account_words),
        "accounts_query": context.accounts_query,
        "rests_until": round(context.inventory.asked_at + services.COOL_DOWN_SECONDS, 3),
        "rest_seconds": services.COOL_DOWN_SECONDS,
    }


@require_POST
def refresh(request: HttpRequest) -> HttpResponse:
    """Ask the cloud now, then go back to where the person was."""
    seconds = services.refresh_now(asked_for(access_of(request), request.GET))
    if seconds:
        said = ngettext(
            "Refreshed just now. You can refresh again in %(seconds)s second.",
            "Refreshed just now. You can refresh again in %(seconds)s seconds.",
            seconds,
        )
        messages.info(request, said % {"seconds": seconds})
    return HttpResponseRedirect(back(request))
