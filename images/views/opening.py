"""What every inventory page opens with: which token, which query, and what the cloud has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property, wraps
from typing import Any, Concatenate, ParamSpec
from urllib.parse import parse_qsl
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.vary import vary_on_headers

from dashboard.routes import is_export, route_of
from dashboard.tokens.access import (
    Access,
    Credential,
    access_of,
    look_after_others,
    note_verdict,
    record_use,
)
from dashboard.visible import has_visible
from images import services
from images.forms import REPEATED, Nonsense, query_string, read_query
from images.search.query import ImageQuery, spelled
from images.services.inventory import Inventory
from images.services.snapshots import Failure

P = ParamSpec("P")

# The fields that say how the list looks, whatever it holds.
LOOKS = ("sort", "size", "columns", "density")
USE_NOTED_EVERY = timedelta(minutes=1)
# The addresses that people look at while they come; the others answer with files and fragments.
PAGES = ("images:list", "images:detail", "overview", "coverage")


@dataclass(frozen=True)
class Opened:
    """One request's token, query and inventory, ready to be run and shown.

    `token` is the id of a token that the address names, carried along by every link; "" when the
    person's own default is used.
    """

    access: Access
    credential: Credential
    token: str
    query: ImageQuery
    nonsense: tuple[Nonsense, ...]
    inventory: Inventory

    @cached_property
    def region_names(self) -> dict[str, str]:
        regions = [state.head.region for state in self.inventory.regions]
        return {each.id: each.name if has_visible(each.name) else each.id for each in regions}

    @cached_property
    def zone_names(self) -> dict[str, str]:
        """Zone id in lower case -> its name."""
        return {
            zone.id.lower(): zone.name
            for state in self.inventory.regions
            for zone in state.head.region.zones
        }

    @cached_property
    def missing(self) -> tuple[str, ...]:
        """The names of the regions of which nothing is known."""
        states = self.inventory.regions
        return tuple(state.head.region.name for state in states if not state.head.version)

    @cached_property
    def unknown_region(self) -> str:
        """A region asked for that the cloud does not have, as far as its list is known."""
        names = {region.casefold() for region in self.region_names}
        asked = self.query.region if names else ()
        return next((region for region in asked if region.casefold() not in names), "")

    def failure_of(self, region: str) -> Failure | None:
        """Why nothing is known of what the region holds, or None when something is."""
        states = (state for state in self.inventory.regions if state.id == region)
        missing = (state.failure for state in states if not state.head.version)
        return self.inventory.failure or next(missing, None)

    @cached_property
    def path(self) -> str:
        return reverse("images:list")

    def link(self, **changes: Any) -> str:
        """The address of the list with some fields of the query changed."""
        written = query_string(self.query, token=self.token, **changes)
        return f"{self.path}?{written}" if written else self.path

    def link_to(self, query: ImageQuery) -> str:
        written = query_string(query, token=self.token)
        return f"{self.path}?{written}" if written else self.path

    @cached_property
    def suffix(self) -> str:
        """The query for another address than the list's, with its "?"; "" when it is empty."""
        written = query_string(self.query, token=self.token)
        return f"?{written}" if written else ""

    @property
    def here(self) -> str:
        return self.link_to(self.query)

    @property
    def cleared(self) -> str:
        """The list without any filter, but looking the same."""
        query = self.query
        return self.link_to(ImageQuery(**{name: getattr(query, name) for name in LOOKS}))

    @property
    def token_query(self) -> str:
        return f"?token={self.token}" if self.token else ""

    def fields_without(self, *names: str) -> list[tuple[str, str]]:
        """The query as form fields, but those a form asks for itself; a search starts at page 1."""
        written = query_string(replace(self.query, page=1), token=self.token)
        return [(name, value) for name, value in parse_qsl(written) if name not in names]


View = Callable[Concatenate[HttpRequest, Opened, P], HttpResponseBase]


def with_inventory(view: View[P]) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Give the view what it needs, or answer with the page that says what is missing."""

    @wraps(view)
    @vary_on_headers("HX-Request")
    def opening(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        access = access_of(request)
        if access.credential is None:
            return without_token(request, access)
        if _is_watched(request) and services.begin(access.credential):
            return _loading(request)
        opened = opened_with(access, access.credential, request.GET, newest=is_export(request))
        if opened.unknown_region:
            return not_found(request, opened, _("There is no such region, or no longer."))
        response = view(request, opened, *args, **kwargs)
        response["X-Inventory-Regions"] = freshness(opened.inventory)
        return response

    return opening


def opened_with(
    access: Access,
    credential: Credential,
    params: QueryDict,
    *,
    newest: bool = False,
) -> Opened:
    """The inventory of that token, and the query that the parameters of an address make. A page
    need not wait for the `newest` list to be decoded; what is read by itself has to be that."""
    query, nonsense = read_query(params)
    named, unread = _token_named(params)
    inventory = _inventory(access, credential, newest)
    return Opened(
        access=access,
        credential=credential,
        token=str(credential.token_id) if named else "",
        query=spelled(inventory.index, query),
        nonsense=(*unread, *nonsense),
        inventory=inventory,
    )


def _token_named(params: QueryDict) -> tuple[bool, tuple[Nonsense, ...]]:
    """Whether the address names a token, and what it gives that is no token's id. That is not
    repeated on the page: it may be the secret itself, pasted into the wrong place."""
    *earlier, last = params.getlist("token") or [""]
    why: list[str | Promise] = [REPEATED for text in earlier if text not in ("", last)]
    named = True
    try:
        UUID(last)
    except ValueError:
        named = False
        why += [_("not the id of a token")] if last else []
    return named, tuple(Nonsense("token", "…", each) for each in why)


def _inventory(access: Access, credential: Credential, newest: bool) -> Inventory:
    """What the cloud has; and the token's state and last use kept true, with a query only where
    they change."""
    token = access.token
    inventory = services.inventory(credential, newest=newest)
    note_verdict(access, services.verdict(inventory))
    look_after_others(access)
    if token.last_used_at is None or timezone.now() - token.last_used_at > USE_NOTED_EVERY:
        record_use(credential, access.reader)
    return inventory


def is_fragment(request: HttpRequest) -> bool:
    """htmx asks for a part of the page; for Back it asks for the whole."""
    htmx = request.htmx  # type: ignore[attr-defined]
    return bool(htmx) and not htmx.history_restore_request


def without_token(request: HttpRequest, access: Access) -> HttpResponse:
    """What is missing and how to get it. The list without a token is where everyone begins; a file
    that is asked for and cannot be had is an error."""
    begins = access.unusable is None and route_of(request) == "images:list"
    page, fragment = "images/no_token.html", "images/_no_token.html"
    return _page(request, page, fragment, status=200 if begins else 403, access=access)


def not_found(request: HttpRequest, opened: Opened, what: str) -> HttpResponse:
    """404 with a way back to what there is."""
    page, fragment = "images/not_found.html", "images/_not_found.html"
    return _page(request, page, fragment, status=404, opened=opened, what=what)


def unavailable(request: HttpRequest, opened: Opened, failure: Failure) -> HttpResponse:
    """What was asked for may be there: why it cannot be shown."""
    page, fragment = "images/unavailable.html", "images/_failure.html"
    status = opened.inventory.explanation(failure).status
    return _page(request, page, fragment, status=status, opened=opened, failure=failure)


def _is_watched(request: HttpRequest) -> bool:
    """Whether a browser opens a page, and not from the page that says that it is on its way."""
    if request.headers.get("Sec-Fetch-Dest") != "document":
        return False
    if request.headers.get("Referer") == request.build_absolute_uri():
        return False
    return route_of(request) in PAGES


def _loading(request: HttpRequest) -> HttpResponse:
    """What is under way, for who would else look at nothing as long as the cloud takes."""
    context = {"place": "images", "deadline": settings.UPSTREAM_DEADLINE_SECONDS}
    return render(request, "images/loading.html", context)


def _page(
    request: HttpRequest, page: str, fragment: str, *, status: int = 200, **context: object
) -> HttpResponse:
    template = fragment if is_fragment(request) else page
    return render(request, template, {"place": "images", **context}, status=status)


def freshness(inventory: Inventory) -> str:
    """How old an answer is, for whoever reads it without the page: scripts, exports, caches."""
    return ", ".join(
        f"{state.id};state={state.state}" + (f";age={state.age}" if state.age is not None else "")
        for state in inventory.regions
    )
