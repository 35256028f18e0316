"""The list of images: /images/, as a page or as the fragment that htmx swaps."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
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
    template = "images/_results.html" if is_fragment(request) else "images/list.html"
    failure = opened.inventory.failure
    status = EXPLANATIONS[failure.kind].status if failure else 200
    return render(request, template, list_context(opened), status=status)


def list_context(opened: Opened) -> dict[str, Any]:
    """What `_results.html` shows; the detail page includes the same."""
    result = run(opened.inventory.index, opened.query)
    names = columns.chosen(opened.query)
    return {
        "place": "images",
        "opened": opened,
        "query": opened.query,
        "result": result,
        "headers": columns.headers(opened),
        "rows": rows.markup(
            opened.inventory.index, result.rows, names, opened.region_names, opened.suffix
        ),
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
    back = request.POST.get("next", "")
    inside = url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()})
    return redirect(back if inside else "images:list")
