"""The list of images: /images/, as a page or as the fragment that htmx swaps."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from django.contrib.messages import get_messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.views.decorators.http import require_POST, require_safe

from dashboard.accounts import policy
from images import services
from images.query import run
from images.views import columns, filters, paging, rows
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
    page = _page(request, opened).replace(FORM_TOKEN_MARK, get_token(request))
    return HttpResponse(page, status=status)


def _page(request: HttpRequest, opened: Opened) -> str:
    """The whole page, but for the token of its forms. Messages are shown once, so not kept."""
    person = (request.user.pk, request.user.get_username(), request.user.is_staff)

    def make() -> str:
        context = {**page_context(opened), "results": _results(opened)}
        context["csrf_token"] = FORM_TOKEN_MARK
        return render_to_string("images/list.html", context, request)

    if opened.nonsense or len(get_messages(request)):
        return make()
    return _kept(opened, ("page", *person, *_question(opened)), make)


def page_context(opened: Opened) -> dict[str, Any]:
    return {"place": "images", "opened": opened, "query": opened.query}


def _results(opened: Opened) -> str:
    """What htmx swaps."""

    def make() -> str:
        return results_with(opened, {})

    if opened.nonsense:
        return make()
    return _kept(opened, ("results", *_question(opened)), make)


def results_with(opened: Opened, panel: dict[str, Any]) -> SafeString:
    """What htmx swaps, with the panel of one image open."""
    context = {"opened": opened, "list": _list(opened), **panel}
    return render_to_string("images/_results.html", context)


def _question(opened: Opened) -> tuple[Any, ...]:
    """All that the page of one query differs by, for people with the same token."""
    inventory = opened.inventory
    return (
        *(get_language(), opened.query, opened.token, opened.credential.token_id),
        *(inventory.head.asked_at, tuple(state.state for state in inventory.regions)),
        tuple((token.pk, token.label, token.last_four) for token in opened.access.tokens),
    )


def _kept(opened: Opened, question: tuple[Any, ...], make: Callable[[], str]) -> str:
    """What was made for the question before, or what is made now; kept with the index."""
    memo = opened.inventory.index.memo
    made: str | None = memo.get(question)
    if made is None:
        made = mark_safe(make())  # noqa: S308  (templates made it)
        memo.put(question, made, len(made))
    return made


def _list(opened: Opened) -> str:
    """Filters, rows and pages: the same for everyone who asks the same of the same snapshots."""
    question = ("list", get_language(), opened.query, opened.token, opened.missing)
    return _kept(
        opened, question, lambda: render_to_string("images/_list.html", _list_parts(opened))
    )


def _list_parts(opened: Opened) -> dict[str, Any]:
    result = run(opened.inventory.index, opened.query)
    names = columns.chosen(opened.query)
    images = [opened.inventory.images[position] for position in result.rows]
    return {
        "opened": opened,
        "result": result,
        "headers": columns.headers(opened),
        "rows": rows.markup(images, names, opened.region_names, opened.suffix),
        "facets": filters.facets(opened, result.facets),
        "chips": filters.chips(opened),
        "pager": paging.pager(opened, result),
        "search_fields": opened.fields_without("q"),
        "ranges": filters.ranges(opened),
        "range_fields": opened.fields_without(*filters.RANGES),
    }


@require_POST
def refresh(request: HttpRequest) -> HttpResponse:
    """Ask the cloud now, then go back to where the person was."""
    credential = policy.access(request).credential
    if credential:
        services.inventory(credential, again=True)
    back = request.headers.get("Referer", "")
    inside = url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()})
    return HttpResponseRedirect(back if inside else reverse("images:list"))
