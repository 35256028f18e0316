"""One image: /images/<region>/<cimgUuid>/, as the panel beside the list."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from images.cloud.reading import read_details
from images.cloud.records import Image
from images.export import pretty_json
from images.history import feed
from images.insights import is_astray
from images.views import rows
from images.views.change_lines import Line, line
from images.views.curl import curl
from images.views.elsewhere import elsewhere
from images.views.neighbours import place_of
from images.views.opening import Opened, is_fragment, not_found, unavailable, with_inventory
from images.views.results import results_with
from images.views.since import with_since
from images.views.table import page_context
from images.views.verdicts import verdict_words

CHANGES = 5  # shown of an image


@require_safe
@vary_on_headers("HX-Target")
@with_inventory
def image_detail(request: HttpRequest, opened: Opened, region: str, uuid: str) -> HttpResponse:
    image = opened.inventory.find(region, uuid)
    if image is None and (failure := opened.failure_of(region)):
        return unavailable(request, opened, failure)
    if image is None:
        return not_found(request, opened, _("There is no such image here, or no longer."))
    panel = {"image": image, **panel_context(opened, image)}
    if is_fragment(request) and request.htmx.target == "images":  # type: ignore[attr-defined]
        page = results_with(opened, panel)
    elif is_fragment(request):
        return render(request, "images/_detail.html", {"opened": opened, **panel})
    else:
        context = {**page_context(opened), "image": image, "results": results_with(opened, panel)}
        page = render_to_string("images/list.html", context, request)
    return HttpResponse(with_since(request, opened, page.encode()))


def panel_context(opened: Opened, image: Image) -> dict[str, Any]:
    return {
        "verdict": verdict_words(opened, image),
        "place": place_of(opened, image),
        "elsewhere": elsewhere(opened, image),
        "changes": _changes(opened, image),
        "curl": curl(image),
        "details": read_details(image),
        "status": rows.status(image),
        "zones": _zones(opened, image),
        "astray": is_astray(image),
        "raw": pretty_json(image),
    }


def _zones(opened: Opened, image: Image) -> list[tuple[str, str]] | None:
    """The image's zones with their names; None when they are not known."""
    if image.zones is None:
        return None
    return [(each, opened.zone_names.get(each.lower(), each)) for each in image.zones]


def _changes(opened: Opened, image: Image) -> list[Line]:
    """The last changes of the image."""
    key = opened.credential.cache_key
    return [line(opened, each) for each in feed.of_image(key, image.region, image.uuid, CHANGES)]
