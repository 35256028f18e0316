"""What is new for an open page: /images/news/…, which it asks by itself.

Every few seconds while a job of it is running, else every half a minute.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import Resolver404, resolve
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_safe

from images.services import jobs
from images.services.running import Place, running_images
from images.views import columns, rows, watching
from images.views.detail import panel_context
from images.views.opening import Opened, with_inventory
from images.views.results import results_with
from images.views.since import with_since
from images.views.table import list_page


@require_safe
@with_inventory
def image_news(request: HttpRequest, opened: Opened, as_of: int, shown: str) -> HttpResponse:
    """How old the lists are and how far the jobs; or once other images are there, all anew."""
    place = _open_image(request)
    panel = running_images(opened.inventory.index).get(place)
    watched = watching.shown(opened)
    if watching.in_short(opened, [*watched, *([panel] if panel else [])]) != shown:
        # Another process may know less than the one that made the page.
        newer = watching.as_of(opened) > as_of
        return _anew(request, opened, place) if newer else HttpResponse(status=204)
    running = bool(watched or panel)
    progress = jobs.progress(opened.credential, opened.inventory) if running else {}
    now = [(image, progress.get((image.region, image.uuid))) for image in watched]
    parts = [rows.job_now(image, each) for image, each in now if each]
    visible = "status" in columns.chosen(opened.query)
    context = {
        "opened": opened,
        "rows": mark_safe("".join(parts)) if visible else "",  # noqa: S308
        "progress": progress.get(place) if panel else None,
    }
    return render(request, "images/_news.html", context)


def _open_image(request: HttpRequest) -> Place:
    """The image whose panel is open, by the address of the page that asks."""
    htmx = request.htmx  # type: ignore[attr-defined]
    try:
        match = resolve(urlsplit(htmx.current_url_abs_path or "/").path)
    except (Resolver404, ValueError):
        return "", ""
    found = match.kwargs if match.view_name == "images:detail" else {}
    return found.get("region", ""), found.get("uuid", "")


def _anew(request: HttpRequest, opened: Opened, place: Place) -> HttpResponse:
    image = opened.inventory.find(*place)
    if image:
        panel = {"image": image, **panel_context(opened, image)}
        page = results_with(opened, panel).encode()
        response = HttpResponse(with_since(request, opened, page, looks=False))
    else:
        response = list_page(request, opened, looks=False)
        response["HX-Replace-Url"] = opened.here
    response["HX-Retarget"] = "#images"
    response["HX-Reswap"] = "outerHTML"
    return response
