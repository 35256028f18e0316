"""Choosing, of many tokens, the one to list with: a page, and a part of the menu of the list."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from dashboard.people import policy
from dashboard.tokens import access
from dashboard.tokens.searching import matching, with_people
from dashboard.web.htmx import as_fragment

MOST_SHOWN = 20
LONGEST = 200
# The pages that list with a token, by the name under which the address has them.
PLACES = {"images": "images:list", "changes": "changes"}


@require_safe
@vary_on_headers("HX-Request")
def token_choice(request: HttpRequest) -> HttpResponse:
    policy.require(request, "images.view")
    text = request.GET.get("q", "")[:LONGEST]
    place = request.GET.get("to", "")
    readable = with_people(access.readable(request))
    found = matching(readable, text)
    context = {
        "place": "images",
        "q": text,
        "to": place if place in PLACES else "images",
        "target": reverse(PLACES.get(place, "images:list")),
        "tokens": found[:MOST_SHOWN],
        "hidden": max(0, len(found) - MOST_SHOWN),
    }
    if request.htmx:  # type: ignore[attr-defined]
        return as_fragment(render(request, "tokens/_choices.html", context))
    return render(request, "tokens/choose.html", context)
