"""Errors: below /api/ for scripts, as application/problem+json (RFC 9457), elsewhere as pages.

They look the same wherever they arise: in a view, in signing in, with a method or an address that
does not exist, or with a fault of our own.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.core.exceptions import DisallowedHost, RequestDataTooBig
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import get_language_from_request, gettext_lazy, override
from django.utils.translation import gettext as _
from django.views import defaults

from dashboard.web.routes import is_api

CHALLENGE = 'Bearer realm="image-dashboard"'
MEDIA_TYPE = "application/problem+json"


# What a page says of a status: what it is, and how to go on.
PAGES: dict[int, tuple[Promise, Promise]] = {
    400: (
        gettext_lazy("This request is malformed"),
        gettext_lazy("Something in the address or the form is not valid. Start again."),
    ),
    403: (
        gettext_lazy("No access"),
        gettext_lazy(
            "Your account is not allowed to open this page. Ask your team’s admin or your "
            "dashboard administrator."
        ),
    ),
    404: (
        gettext_lazy("Not found"),
        gettext_lazy("There is nothing at this address, or you are not allowed to see it."),
    ),
    405: (
        gettext_lazy("Nothing to show here"),
        gettext_lazy("This address only accepts a submitted form. Open the page with that form."),
    ),
    413: (
        gettext_lazy("The form is too large"),
        gettext_lazy("The form holds more than the dashboard accepts. Shorten it, then try again."),
    ),
}
UNKNOWN_HOST = (
    gettext_lazy("Unknown host name"),
    gettext_lazy(
        "The dashboard responds only to its own host names. Your dashboard "
        "administrator can add this one to ALLOWED_HOSTS."
    ),
)


class Problem(Exception):
    """An error that ends a request of the API.

    `kind` is a word for scripts, `members` are further members of the JSON document.
    """

    def __init__(self, status: int, kind: str, detail: str, **members: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.detail = detail
        self.members = members
        self.headers: dict[str, str] = {}


def respond(problem: Problem) -> HttpResponse:
    document = {
        "type": "about:blank",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "kind": problem.kind,
        "detail": problem.detail,
        **problem.members,
    }
    return HttpResponse(
        json.dumps(document, ensure_ascii=False, default=str),
        status=problem.status,
        content_type=MEDIA_TYPE,
        headers=problem.headers,
    )


def unauthorized(*, refused: bool = False) -> HttpResponse:
    """Return a 401; `refused` means that a key was sent which is not valid."""
    said = (
        _("This API key is unknown, expired or revoked.")
        if refused
        else _("Send an API key: “Authorization: Bearer idk_…”.")
    )
    problem = Problem(401, "bad-key" if refused else "no-key", said)
    problem.headers["WWW-Authenticate"] = CHALLENGE + (', error="invalid_token"' if refused else "")
    return respond(problem)


def method_not_allowed(allowed: tuple[str, ...]) -> HttpResponse:
    problem = Problem(405, "method-not-allowed", _("The API is read-only: use GET or HEAD."))
    problem.headers["Allow"] = ", ".join(allowed)
    return respond(problem)


def method_not_allowed_page(request: HttpRequest, allowed: Sequence[str]) -> HttpResponse:
    """Return a 405 in the browser's language, as it may come before there is another."""
    response: HttpResponse = HttpResponseNotAllowed(allowed)
    with override(get_language_from_request(request)):
        response.content = _page(request, 405).content
    return response


def _page(
    request: HttpRequest, status: int, words: tuple[Promise, Promise] | None = None
) -> HttpResponse:
    title, advice = words or PAGES[status]
    home = settings.PUBLIC_URL if words is UNKNOWN_HOST else "/"
    context = {"title": title, "advice": advice, "home": home}
    return render(request, "error.html", context, status=status)


# Django's error handlers, which dashboard.urls names.


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if is_api(request):
        return respond(Problem(400, "bad-request", _("This request is malformed.")))
    if isinstance(exception, DisallowedHost):
        return _page(request, 400, UNKNOWN_HOST)
    return _page(request, 413 if isinstance(exception, RequestDataTooBig) else 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    if is_api(request):
        return respond(Problem(403, "forbidden", _("You are not allowed to do this.")))
    return _page(request, 403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if is_api(request):
        said = _("There is nothing at this address, or you are not allowed to see it.")
        return respond(Problem(404, "not-found", said))
    return _page(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Return a page that needs no database, no session and no list of static files."""
    if is_api(request):
        said = _("Something went wrong in the dashboard. The error has been logged.")
        return respond(Problem(500, "our-fault", said))
    return defaults.server_error(request)
