"""A quick look at one image: /images/<region>/<cimgUuid>/look/, beside its row."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from images.views.detail import panel_context
from images.views.opening import Opened, is_fragment, not_found, unavailable, with_inventory


@require_safe
@with_inventory
def quick_look(request: HttpRequest, opened: Opened, region: str, uuid: str) -> HttpResponse:
    """What decides about using it; whoever comes here with a whole page gets that of the image."""
    if not is_fragment(request):
        return HttpResponseRedirect(reverse("images:detail", args=(region, uuid)) + opened.suffix)
    image = opened.inventory.find(region, uuid)
    if image is None and (failure := opened.failure_of(region)):
        return unavailable(request, opened, failure)
    if image is None:
        return not_found(request, opened, _("There is no such image here, or no longer."))
    context = {"opened": opened, "image": image, **panel_context(opened, image)}
    return render(request, "images/_look.html", context)
