"""Pages on which a person creates and revokes API keys."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from dashboard.api_keys import keys
from dashboard.api_keys.forms import ApiKeyForm
from dashboard.people import policy
from dashboard.web import once
from images.search.spelling import natural


def api_key_list(request: HttpRequest) -> HttpResponse:
    """List and create keys. A new key is shown on the page that its form leads to."""
    owner = policy.require(request, "keys.keep")
    form = ApiKeyForm(request.POST if request.method == "POST" else None, owner=owner)
    if form.is_valid():
        label, by = form.cleaned_data["label"], policy.actor(request)
        _key, secret = keys.make(owner, label, **form.said(), by=by)
        return once.show(request, reverse("api_key_list"), secret)
    context = {
        "place": "api",
        "keys": sorted(keys.of_owner(owner), key=lambda key: (key.has_ended, natural(key.label))),
        "form": form,
        "secret": once.shown(request),
        "base": request.build_absolute_uri("/").rstrip("/"),
    }
    return render(request, "api_keys/keys.html", context, status=422 if form.errors else 200)


def api_key_revoke(request: HttpRequest, key_id: UUID) -> HttpResponse:
    key = keys.named(policy.person(request), key_id)
    if request.method != "POST":
        context = {
            "place": "api",
            "question": _("Revoke “%(name)s”?") % {"name": key.label},
            "consequence": _("Every script that uses it fails at once. This cannot be undone."),
            "act": _("Revoke"),
            "cancel": reverse("api_key_list"),
        }
        return render(request, "parts/confirm.html", context)
    key.revoke(by=policy.actor(request))
    messages.success(request, _("“%(label)s” was revoked.") % {"label": key.label})
    return redirect("api_key_list")
