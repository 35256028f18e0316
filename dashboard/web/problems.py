"""Errors below /api/, for scripts: application/problem+json (RFC 9457).

They look the same wherever they arise: in a view, in signing in, with a method or an address that
does not exist, or with a fault of our own.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views import defaults

from dashboard.web.routes import is_api

CHALLENGE = 'Bearer realm="image-dashboard"'
MEDIA_TYPE = "application/problem+json"


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
        _("This API key is not known, has expired or was revoked.")
        if refused
        else _("Send an API key: “Authorization: Bearer idk_…”.")
    )
    problem = Problem(401, "bad-key" if refused else "no-key", said)
    problem.headers["WWW-Authenticate"] = CHALLENGE + (', error="invalid_token"' if refused else "")
    return respond(problem)


def method_not_allowed(allowed: tuple[str, ...]) -> HttpResponse:
    problem = Problem(405, "method-not-allowed", _("The API only reads: send GET or HEAD."))
    problem.headers["Allow"] = ", ".join(allowed)
    return respond(problem)


# Django's error handlers, which dashboard.urls names.


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if is_api(request):
        return respond(Problem(400, "bad-request", _("This request cannot be read.")))
    return defaults.bad_request(request, exception)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    if is_api(request):
        return respond(Problem(403, "forbidden", _("This is not yours to do.")))
    return defaults.permission_denied(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if is_api(request):
        said = _("There is nothing at this address, or it is not yours to see.")
        return respond(Problem(404, "not-found", said))
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    if is_api(request):
        said = _("The dashboard made a mistake; it has been logged.")
        return respond(Problem(500, "our-fault", said))
    return defaults.server_error(request)
