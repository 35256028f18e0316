"""Authentication by API key."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from dashboard.api_keys import keys
from dashboard.web import problems
from dashboard.web.routes import is_api

Handler = Callable[[HttpRequest], HttpResponseBase]


def bearer(get_response: Handler) -> Handler:
    """Authenticate API requests by the key in `Authorization`, which overrides any cookie."""

    def handle(request: HttpRequest) -> HttpResponseBase:
        scheme, _blank, secret = request.headers.get("Authorization", "").partition(" ")
        if is_api(request) and scheme.lower() == "bearer":
            key = keys.opening(secret.strip())
            if key is None:
                return problems.unauthorized(refused=True)
            request.user = key.owner
            request.api_key = key  # type: ignore[attr-defined]
        return get_response(request)

    return handle
