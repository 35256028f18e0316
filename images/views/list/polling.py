"""What is new for an open page: /images/news/…, which it asks by itself.

Every few seconds while a job of it is running, else every half a minute.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import Resolver404, resolve
from django.views.decorators.http import require_safe

from dashboard.web.htmx import as_fragment
from images.context import InventoryContext
from images.services import jobs
from images.services.progress import Place, running_images
from images.templatetags.inventory import macros
from images.views.image.detail import panel
from images.views.list import columns, poll_address
from images.views.list.image_list import list_page
from images.views.list.results import results
from images.views.list.since import since_last_visit
from images.views.pages import with_inventory


@require_safe
@with_inventory
def image_news(
    request: HttpRequest, context: InventoryContext, as_of: int, shown: str
) -> HttpResponse:
    """How old the lists are and how far the jobs; or once other images are there, all anew."""
    place = _open_image(request)
    opened = running_images(context.inventory.index).get(place)
    watched = poll_address.shown(context)
    if poll_address.in_short(context, [*watched, *([opened] if opened else [])]) != shown:
        # Another process may know less than the one that made the page.
        others = not shown.startswith(poll_address.accounts_in_short(context))
        newer = others or poll_address.as_of(context) > as_of
        return _anew(request, context, place) if newer else as_fragment(HttpResponse(status=204))
    running = bool(watched or opened)
    progress = jobs.progress(context.inventory) if running else {}
    now = [(image, progress.get((image.region, image.uuid))) for image in watched]
    job_now = macros("fragments/cells.html").job
    parts = [job_now(image, each.job, each) for image, each in now if each]
    visible = "status" in columns.chosen(context.query)
    found_there = {
        "context": context,
        "rows": parts if visible else (),
        "progress": progress.get(place) if opened else None,
    }
    return as_fragment(render(request, "images/_news.html", found_there))


def _open_image(request: HttpRequest) -> Place:
    """Return the image whose panel is open, by the address of the page that asks."""
    htmx = request.htmx  # type: ignore[attr-defined]
    try:
        match = resolve(urlsplit(htmx.current_url_abs_path or "/").path)
    except (Resolver404, ValueError):
        return "", ""
    found = match.kwargs if match.view_name == "images:detail" else {}
    return found.get("region", ""), found.get("uuid", "")


def _anew(request: HttpRequest, context: InventoryContext, place: Place) -> HttpResponse:
    image = context.inventory.find(*place)
    if image:
        since = since_last_visit(request, context, by_itself=True)
        drawn = results(context, since, image, panel(context, image))
        response = as_fragment(HttpResponse(drawn))
    else:
        response = list_page(request, context, by_itself=True)
        response["HX-Replace-Url"] = context.here
    response["HX-Retarget"] = "#images"
    response["HX-Reswap"] = "outerHTML"
    return response
