"""How the pages of the inventory begin: with its context, or by saying what is missing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.vary import vary_on_headers

from dashboard.tokens.access import Access, access_of
from dashboard.web.htmx import as_fragment
from dashboard.web.routes import is_export, is_poll, route_of
from images import services
from images.context import UNKNOWN_ACCOUNT, InventoryContext, context_of
from images.services.snapshots import Failure
from images.standing import standing

P = ParamSpec("P")

# The addresses that people look at while they come; the others answer with files and fragments.
PAGES = ("images:list", "images:detail", "overview", "coverage")

View = Callable[Concatenate[HttpRequest, InventoryContext, P], HttpResponseBase]


def with_inventory(view: View[P]) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Give the view what it needs, or answer with the page that says what is missing."""

    @wraps(view)
    @vary_on_headers("HX-Request")
    def opening(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        access = access_of(request)
        if not access.credentials:
            return without_token(request, access)
        watched, exported = _is_watched(request), is_export(request)
        if watched and services.begin(access.credentials):
            return _loading(request)
        wait = not (watched or is_fragment(request))
        context = context_of(access, request.GET, newest=exported, wait=wait)
        if exported and context.unknown_account:
            return not_found(request, context, UNKNOWN_ACCOUNT)
        if context.unusable and not context.inventory.accounts:
            return without_token(request, replace(access, unusable=context.unusable))
        if context.unknown_region:
            return not_found(
                request, context, _("This region does not exist, or no longer exists.")
            )
        response = view(request, context, *args, **kwargs)
        for name, value in standing(context).items():
            response[name] = value
        return response

    return opening


def with_every_account(request: HttpRequest, context: InventoryContext) -> InventoryContext:
    """Return the same once every account was read: what is not there may be in one that was not."""
    if all(each.is_known for each in context.inventory.everything):
        return context
    return context_of(context.access, request.GET)


def is_fragment(request: HttpRequest) -> bool:
    """htmx asks for a part of the page; for Back it asks for the whole."""
    htmx = request.htmx  # type: ignore[attr-defined]
    return bool(htmx) and not htmx.history_restore_request


def page_or_fragment(
    request: HttpRequest, page: str, fragment: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """Render the fragment for htmx, else the page around it."""
    if is_fragment(request):
        return as_fragment(render(request, fragment, context, status=status))
    return render(request, page, context, status=status)


def without_token(request: HttpRequest, access: Access) -> HttpResponse:
    """Answer what is missing and how to get it.

    The list without a token is where everyone begins; a file that is asked for and cannot be had is
    an error.
    """
    begins = not access.unusable and route_of(request) == "images:list"
    page, fragment = "images/no_token.html", "images/_no_token.html"
    return _page(request, page, fragment, status=200 if begins else 403, access=access)


def not_found(request: HttpRequest, context: InventoryContext, what: str | Promise) -> HttpResponse:
    """404 with a way back to what there is."""
    page, fragment = "images/not_found.html", "images/_not_found.html"
    return _page(request, page, fragment, status=404, context=context, what=what)


def unavailable(request: HttpRequest, context: InventoryContext, failure: Failure) -> HttpResponse:
    """Answer why what was asked for, and may be there, cannot be shown."""
    page, fragment = "images/unavailable.html", "images/_unavailable.html"
    status = context.inventory.explanation(failure).status
    return _page(request, page, fragment, status=status, context=context, failure=failure)


def _is_watched(request: HttpRequest) -> bool:
    """Whether a browser opens a page, and not from the page that says that it is on its way."""
    if request.headers.get("Sec-Fetch-Dest") != "document":
        return False
    if request.headers.get("Referer") == request.build_absolute_uri():
        return False
    return route_of(request) in PAGES


def _loading(request: HttpRequest) -> HttpResponse:
    """Answer what is under way, for who would else look at nothing as long as the cloud takes."""
    context = {"place": "images", "deadline": settings.UPSTREAM_DEADLINE_SECONDS}
    return render(request, "images/loading.html", context)


def _page(
    request: HttpRequest, page: str, fragment: str, *, status: int, **context: object
) -> HttpResponse:
    """Answer with what a person asked for and cannot have; a poll is told by the status alone."""
    shown = {"place": "images", **context}
    if is_poll(request):
        return render(request, page, shown, status=status)
    # What takes the list's place has its id, or nothing could ever be swapped into it again.
    shown["for_list"] = request.htmx.target == "images"  # type: ignore[attr-defined]
    return page_or_fragment(request, page, fragment, shown, status=status)
