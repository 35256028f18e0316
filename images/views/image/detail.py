"""One image: /images/<region>/<cimgUuid>/, as the panel beside the list."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from dashboard.web.htmx import as_fragment
from images.cloud.reading import read_details
from images.cloud.records import Image
from images.context import InventoryContext
from images.export.rows import pretty_json
from images.history import feed
from images.insights import is_astray
from images.services.gathered import AccountInventory
from images.support_words import support_words
from images.verdict_words import verdict_words
from images.views.changes.lines import Line, line
from images.views.image.curl import curl
from images.views.image.other_regions import elsewhere
from images.views.image.previous_next import place_of
from images.views.list.image_list import around
from images.views.list.results import results
from images.views.list.since import since_last_visit
from images.views.pages import (
    is_fragment,
    not_found,
    unavailable,
    with_every_account,
    with_inventory,
)

CHANGES = 5  # shown of an image


@require_safe
@vary_on_headers("HX-Target")
@with_inventory
def image_detail(
    request: HttpRequest, context: InventoryContext, region: str, uuid: str
) -> HttpResponse:
    image = context.inventory.find(region, uuid)
    if image is None:
        context = with_every_account(request, context)
        image = context.inventory.find(region, uuid)
    if image is None and (failure := context.failure_of(region)):
        return unavailable(request, context, failure)
    if image is None:
        return not_found(request, context, _("This image does not exist, or no longer exists."))
    shown = panel(context, image)
    htmx = request.htmx  # type: ignore[attr-defined]
    if is_fragment(request) and htmx.target != "images":
        return as_fragment(HttpResponse(shown))
    drawn = results(context, since_last_visit(request, context), image, shown)
    return around(request, context, drawn, image=image)


def panel(context: InventoryContext, image: Image) -> SafeString:
    shown = {"context": context, "image": image, **panel_context(context, image)}
    return render_to_string("images/_detail.html", shown)


def panel_context(context: InventoryContext, image: Image) -> dict[str, Any]:
    listers = context.inventory.listers(image.region, image.uuid)
    return {
        "verdict": verdict_words(image, context.region_names, context.zone_names),
        "place": place_of(context, image),
        "listers": listers if context.inventory.several else (),
        "elsewhere": elsewhere(context, image),
        "changes": _changes(context, image, listers),
        "curl": curl(image),
        "support": support_words(image),
        "details": read_details(image),
        "zones": _zones(context, image),
        "astray": is_astray(image),
        "raw": pretty_json(image),
    }


def _zones(context: InventoryContext, image: Image) -> list[tuple[str, str]] | None:
    """Return the image's zones with their names; None when they are not known."""
    if image.zones is None:
        return None
    return [(each, context.zone_names.get(each.lower(), each)) for each in image.zones]


def _changes(
    context: InventoryContext, image: Image, listers: Iterable[AccountInventory]
) -> list[Line]:
    """Return the last changes of the image in these accounts."""
    keys = {each.account.cache_key for each in listers}
    return [line(context, each) for each in feed.of_image(keys, image.region, image.uuid, CHANGES)]
