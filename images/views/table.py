"""The list of images: /images/, as a page or as the fragment that htmx swaps."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, ngettext
from django.views.decorators.http import require_POST, require_safe

from dashboard.accounts import policy
from images import services
from images.query import run
from images.views import columns, filters, paging, rows, watching
from images.views.opening import Opened, is_fragment, with_inventory
from images.wording import EXPLANATIONS

# Stands in a kept page where each request's own form token belongs. Nobody can know it, so nothing
# that the cloud sends can be mistaken for it.
FORM_TOKEN_MARK = secrets.token_hex(16)


@require_safe
@with_inventory
def image_list(request: HttpRequest, opened: Opened) -> HttpResponse:
    return list_page(request, opened)


def list_page(request: HttpRequest, opened: Opened) -> HttpResponse:
    failure = opened.inventory.failure
    status = EXPLANATIONS[failure.kind].status if failure else 200
    if is_fragment(request):
        return HttpResponse(_results(opened), status=status)
    page = _page(request, opened).replace(FORM_TOKEN_MARK.encode(), get_token(request).encode())
    return HttpResponse(page, status=status)


def _page(request: HttpRequest, opened: Opened) -> bytes:
    """The whole page, but for the token of its forms. Messages are shown once, so not kept."""
    person = (request.user.pk, request.user.get_username(), request.user.is_staff)

    def make() -> str:
        results = mark_safe(_results(opened).decode())  # noqa: S308  (our own template made it)
        context = {**page_context(opened), "results": results, "csrf_token": FORM_TOKEN_MARK}
        return render_to_string("images/list.html", context, request)

    if len(messages.get_messages(request)):
        return make().encode()
    return _kept(opened, ("page", *person, opened.query, opened.token), make)


def _results(opened: Opened) -> bytes:
    """What htmx swaps."""
    question = ("results", opened.query, opened.token)
    return _kept(opened, question, lambda: results_with(opened, {}))


def _kept(opened: Opened, what: tuple[Any, ...], make: Callable[[], str]) -> bytes:
    """What was made before of the same inventory, as everyone with these tokens sees it, or is made
    now."""
    inventory = opened.inventory
    question = (
        *(*what, get_language(), opened.credential.token_id),
        *(inventory.head.asked_at, tuple(state.state for state in inventory.regions)),
        tuple((token.pk, token.label, token.last_four) for token in opened.access.tokens),
    )
    # What was ignored in an address is named, and anyone can think of more nonsense.
    made: bytes | None = None if opened.nonsense else inventory.index.memo.get(question)
    if made is None:
        made = make().encode()
        if not opened.nonsense:
            inventory.index.memo.put(question, made, len(made))
    return made


def page_context(opened: Opened) -> dict[str, Any]:
    return {
        "place": "images",
        "opened": opened,
        "query": opened.query,
        "rests_until": int(opened.inventory.head.asked_at) + services.COOL_DOWN_SECONDS,
        "rest_seconds": services.COOL_DOWN_SECONDS,
    }


def results_with(opened: Opened, panel: dict[str, Any]) -> SafeString:
    """What htmx swaps, with the panel of one image open."""
    listed = render_to_string("images/_list.html", _list_parts(opened))
    jobs = watching.address(opened, panel.get("image"))
    context = {"opened": opened, "status": _status(opened), "list": listed, "jobs": jobs, **panel}
    return render_to_string("images/_results.html", context)


def _status(opened: Opened) -> SafeString:
    """Where what is shown comes from: the same for every query."""

    def make() -> str:
        return render_to_string("images/_status.html", {"opened": opened})

    return mark_safe(_kept(opened, ("status",), make).decode())  # noqa: S308


def _list_parts(opened: Opened) -> dict[str, Any]:
    result = run(opened.inventory.index, opened.query)
    names = columns.chosen(opened.query)
    previous, following = paging.neighbours(opened, result)
    return {
        "opened": opened,
        "result": result,
        "headers": columns.headers(opened),
        "rows": rows.markup(
            opened.inventory.index, result.rows, names, opened.region_names, opened.suffix
        ),
        "facets": filters.facets(opened, result.facets),
        "chips": filters.chips(opened),
        "pages": paging.pages(opened, result),
        "previous": previous,
        "following": following,
        "sizes": paging.sizes(opened),
        "search_fields": opened.fields_without("q"),
        "ranges": filters.ranges(opened),
        "range_fields": opened.fields_without(*filters.RANGES),
    }


@require_POST
def refresh(request: HttpRequest) -> HttpResponse:
    """Ask the cloud now, then go back to where the person was."""
    credential = policy.access(request).credential
    seconds = services.refresh(credential) if credential else 0
    if seconds:
        said = ngettext(
            "The cloud was asked just now: this is its answer. Ask again in %(seconds)s second.",
            "The cloud was asked just now: this is its answer. Ask again in %(seconds)s seconds.",
            seconds,
        )
        messages.info(request, said % {"seconds": seconds})
    back = request.headers.get("Referer", "")
    inside = url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()})
    return HttpResponseRedirect(back if inside else reverse("images:list"))
