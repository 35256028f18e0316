"""A quick look at one image: /images/<region>/<cimgUuid>/look/, beside its row."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from dashboard.web.htmx import as_fragment
from images.context import InventoryContext
from images.views.image.detail import panel_context
from images.views.pages import (
    is_fragment,
    not_found,
    unavailable,
    with_every_account,
    with_inventory,
)


@require_safe
@with_inventory
def quick_look(
    request: HttpRequest, context: InventoryContext, region: str, uuid: str
) -> HttpResponse:
    """Answer with what decides about using it; a whole page is that of the image."""
    if not is_fragment(request):
        return HttpResponseRedirect(reverse("images:detail", args=(region, uuid)) + context.suffix)
    image = context.inventory.find(region, uuid)
    if image is None:
        context = with_every_account(request, context)
        image = context.inventory.find(region, uuid)
    if image is None and (failure := context.failure_of(region)):
        return unavailable(request, context, failure)
    if image is None:
        return not_found(request, context, _("This image does not exist, or no longer exists."))
    shown = {"context": context, "image": image, **panel_context(context, image)}
    return as_fragment(render(request, "images/_look.html", shown))
