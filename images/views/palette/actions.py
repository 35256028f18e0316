"""What can be done with the open image, and with those that are selected."""

from __future__ import annotations

from collections.abc import Iterator

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from images.cloud.records import Image
from images.context import InventoryContext
from images.forms import query_string
from images.grammar import Rejected, read_place
from images.templatetags.inventory import region_title
from images.views.image.compare import LEAST, MOST
from images.views.image.other_regions import elsewhere
from images.views.palette.entries import Entry

OTHERS = 3  # regions that have the same image


def actions(
    request: HttpRequest, context: InventoryContext, image: Image | None
) -> Iterator[Entry]:
    if image:
        yield from _of(request, context, image)
    yield from _compare(request, context, image)
    if image:
        yield Entry(_("Close the image"), context.here, keys=("Esc",), swaps="images")


def _of(request: HttpRequest, context: InventoryContext, image: Image) -> Iterator[Entry]:
    yield Entry(_("Copy UUID"), hint=image.uuid, copy=image.uuid, keys=("c",))
    if image.id:
        yield Entry(_("Copy ID"), hint=image.id, copy=image.id)
    address = reverse("images:detail", args=(image.region, image.uuid)) + context.suffix
    yield Entry(_("Copy link"), copy=request.build_absolute_uri(address))
    there = elsewhere(context, image)
    for twin in there.twins[:OTHERS] if there else ():
        region = region_title(twin.image.region, context.region_names)
        yield Entry(region, twin.href, before=_("In other regions"), swaps="detail")


def _compare(
    request: HttpRequest, context: InventoryContext, image: Image | None
) -> Iterator[Entry]:
    """Yield a comparison of what is selected, beside the open image, where it can be made."""
    opened = [f"{image.region}/{image.uuid}"] if image else []
    places = tuple(dict.fromkeys((*opened, *_selected(request))))
    if LEAST <= len(places) <= MOST:
        written = query_string(context.comparing(places))
        title = _("Compare with selection") if image else _("Compare selection")
        yield Entry(title, f"{reverse('images:compare')}?{written}")


def _selected(request: HttpRequest) -> Iterator[str]:
    """Yield the selected images that the page names, as "region/uuid"."""
    for text in request.GET.getlist("selected"):
        try:
            yield read_place(text)
        except Rejected:
            continue
