"""The list of images: /images/, as a page or as the fragment that htmx swaps."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.views.decorators.http import require_POST, require_safe

from dashboard.accounts import policy
from images import services
from images.query import run
from images.views import columns, filters, paging, rows
from images.views.opening import Opened, is_fragment, with_inventory
from images.wording import EXPLANATIONS


@require_safe
@with_inventory
def image_list(request: HttpRequest, opened: Opened) -> HttpResponse:
    return list_page(request, opened)


def list_page(request: HttpRequest, opened: Opened) -> HttpResponse:
    failure = opened.inventory.failure
    status = EXPLANATIONS[failure.kind].status if failure else 200
    if is_fragment(request):
        return HttpResponse(_results(opened), status=status)
    context = {**page_context(opened), "results": _results(opened)}
    return render(request, "images/list.html", context, status=status)


def page_context(opened: Opened) -> dict[str, Any]:
    return {"place": "images", "opened": opened, "query": opened.query}


def results_with(opened: Opened, panel: dict[str, Any]) -> SafeString:
    """What htmx swaps, with the panel of one image open."""
    return render_to_string(
        "images/_results.html", {"opened": opened, "list": _list(opened), **panel}
    )


def _results(opened: Opened) -> SafeString:
    """What htmx swaps. Kept with the index: it differs only by what the key below names."""
    inventory, nonsense = opened.inventory, opened.nonsense
    question = (
        *("results", get_language(), opened.query, opened.token, opened.credential.token_id),
        *(inventory.head.asked_at, tuple(state.state for state in inventory.regions)),
        tuple((token.pk, token.label, token.last_four) for token in opened.access.tokens),
    )
    made: SafeString | None = None if nonsense else inventory.index.memo.get(question)
    if made is None:
        made = results_with(opened, {})
        if not nonsense:
            inventory.index.memo.put(question, made, len(made))
    return made


def _list(opened: Opened) -> SafeString:
    """Filters, rows and pages: the same for everyone who asks the same of the same snapshots."""
    memo = opened.inventory.index.memo
    question = ("list", get_language(), opened.query, opened.token)
    made: SafeString | None = memo.get(question)
    if made is None:
        made = render_to_string("images/_list.html", _list_parts(opened))
        memo.put(question, made, len(made))
    return made


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
    return redirect(back if inside else "images:list")
