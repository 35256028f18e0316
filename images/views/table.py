"""The list of images: /images/, as a page or as the fragment that htmx swaps."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from dashboard import theme
from dashboard.accounts import credentials, policy
from dashboard.back import back
from images import services
from images.views.opening import Opened, is_fragment, with_inventory
from images.views.results import kept, mark, results
from images.views.since import with_since


@require_safe
@with_inventory
def image_list(request: HttpRequest, opened: Opened) -> HttpResponse:
    return list_page(request, opened)


def list_page(request: HttpRequest, opened: Opened, *, looks: bool = True) -> HttpResponse:
    """`looks`: the person asked for it, see `with_since`."""
    failure = opened.inventory.failure
    status = opened.inventory.explanation(failure).status if failure else 200
    if is_fragment(request):
        page = results(opened)
    else:
        token = get_token(request).encode()
        page = _page(request, opened).replace(mark("form-token").encode(), token)
    if not failure:
        page = with_since(request, opened, page, looks=looks)
    return HttpResponse(page, status=status)


def _page(request: HttpRequest, opened: Opened) -> bytes:
    """The whole page, but for the token of its forms. Messages are shown once, so not kept."""
    user = policy.person(request)
    person = (user.pk, user.get_username(), user.is_superuser, user.is_console)

    def make() -> bytes:
        swapped = mark_safe(results(opened).decode())  # noqa: S308  (our own template made it)
        context = {**page_context(opened), "results": swapped, "csrf_token": mark("form-token")}
        return render_to_string("images/list.html", context, request).encode()

    if len(messages.get_messages(request)):
        return make()
    return kept(opened, ("page", *person, theme.chosen(request), opened.query, opened.token), make)


def page_context(opened: Opened) -> dict[str, Any]:
    return {
        "place": "images",
        "opened": opened,
        "query": opened.query,
        "rests_until": round(opened.inventory.head.asked_at + services.COOL_DOWN_SECONDS, 3),
        "rest_seconds": services.COOL_DOWN_SECONDS,
    }


@require_POST
def refresh(request: HttpRequest) -> HttpResponse:
    """Ask the cloud now, then go back to where the person was."""
    credential = credentials.access(request).credential
    seconds = services.refresh(credential) if credential else 0
    if seconds:
        said = ngettext(
            "The cloud was asked just now: this is its answer. Ask again in %(seconds)s second.",
            "The cloud was asked just now: this is its answer. Ask again in %(seconds)s seconds.",
            seconds,
        )
        messages.info(request, said % {"seconds": seconds})
    return HttpResponseRedirect(back(request))
