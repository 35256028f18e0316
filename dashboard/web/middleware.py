"""Middleware: the sender's address, the log line, security headers, methods, and signing in."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable
from ipaddress import ip_address
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotAllowed,
    StreamingHttpResponse,
)
from django.middleware.common import CommonMiddleware
from django.shortcuts import resolve_url
from django.views import View

from dashboard.web import problems
from dashboard.web.routes import (
    API_PAGE,
    is_api,
    is_for_machines,
    is_secret,
    is_static,
    route_of,
)
from images.services.counting import journal

log = structlog.get_logger("dashboard.request")

# Headers that only a proxy may send, about the client for whom it asks.
FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_REQUEST_ID")

# This is too short for an API token, should a client confuse the two.
REQUEST_ID = re.compile(r"[0-9A-Za-z-]{8,36}")

SAFE_METHODS = ("GET", "HEAD")
METHODS = (*SAFE_METHODS, "POST")

Handler = Callable[[HttpRequest], HttpResponseBase]

# Nothing inline, nothing from elsewhere. `data:` images are the small marks in our own CSS.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
# These are on every response: a page, a static file, a middleware's refusal. A header that a
# response has already stays. deploy/nginx has the same ones for its own responses.
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": settings.X_FRAME_OPTIONS,
    "Referrer-Policy": settings.SECURE_REFERRER_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def known_sender(get_response: Handler) -> Handler:
    """Ignore what others than TRUSTED_PROXIES say about where a request comes from.

    Whoever was let into a socket file is trusted, too. An IPv4 address is written as one, however
    the socket has it.
    """

    def handle(request: HttpRequest) -> HttpResponseBase:
        request.META["REMOTE_ADDR"] = sender = _plain(request.META.get("REMOTE_ADDR", ""))
        if not _is_trusted(sender):
            for name in FORWARDED:
                request.META.pop(name, None)
        return get_response(request)

    return handle


def _plain(address: str) -> str:
    try:
        found = ip_address(address)
    except ValueError:
        return address
    return str(getattr(found, "ipv4_mapped", None) or found)


def _is_trusted(sender: str) -> bool:
    # Where no proxy is configured these headers are not believed anyway, and /metrics has to see
    # them.
    if not sender or not settings.TRUSTED_PROXIES:
        return True
    try:
        address = ip_address(sender)
    except ValueError:
        return False
    return any(address in network for network in settings.TRUSTED_PROXIES)


class Common(CommonMiddleware):
    """Django's middleware, except that a machine may use any host name for its endpoints.

    These are known by addresses of their own, and never repeat the host name.
    """

    def process_request(self, request: HttpRequest) -> HttpResponse | None:  # type: ignore[override]
        if is_for_machines(request):
            return None
        return super().process_request(request)


def request_log(get_response: Handler) -> Handler:
    def handle(request: HttpRequest) -> HttpResponseBase:
        started = time.monotonic()
        request_id = _request_id(request)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        with journal() as asked:
            response = get_response(request)
        response["X-Request-ID"] = request_id
        # Static files, health and metrics are requested all the time.
        if not (is_static(request) or is_for_machines(request)):
            user = getattr(request, "user", None)
            log.info(
                "request",
                method=request.method,
                path=request.path_info,
                view=route_of(request),
                status=response.status_code,
                milliseconds=round((time.monotonic() - started) * 1000, 1),
                user=user.pk if user else None,
                **asked.line,
            )
        return response

    return handle


def _request_id(request: HttpRequest) -> str:
    """Return the request id of the proxy, where one is trusted, else a new one."""
    given = request.headers.get("X-Request-ID", "") if settings.TRUSTED_PROXIES else ""
    return given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex


def security_headers(get_response: Handler) -> Handler:
    def handle(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if is_secret(request):
            response["Referrer-Policy"] = "no-referrer"
            response["X-Robots-Tag"] = "noindex"
        if not is_static(request) or response.status_code >= 400:
            # Pages are for one person: no cache, shared or a browser's, may keep them.
            response.headers.setdefault("Cache-Control", "private, no-store")
        return response

    return handle


def known_methods(get_response: Handler) -> Handler:
    """Refuse all methods but GET and HEAD and, outside of the API, POST.

    So no view has to think of other methods, and no library takes a PUT for a POST. To HEAD no
    content is sent: the server would drop it as well, but with a warning in its log each time.
    Whatever method an address does not take, a page says so.
    """

    def handle(request: HttpRequest) -> HttpResponseBase:
        if is_api(request):
            if request.method not in SAFE_METHODS:
                return problems.method_not_allowed(SAFE_METHODS)
        elif request.method not in METHODS:
            return problems.method_not_allowed_page(request, METHODS)
        response = get_response(request)
        if isinstance(response, HttpResponseNotAllowed) and not is_for_machines(request):
            response = problems.method_not_allowed_page(request, response["Allow"].split(", "))
        return _without_content(response) if request.method == "HEAD" else response

    return handle


def _without_content(response: HttpResponseBase) -> HttpResponseBase:
    """Take the content away, and leave the headers, which tell its length."""
    if isinstance(response, StreamingHttpResponse):
        response.streaming_content = ()
    elif isinstance(response, HttpResponse):
        response.content = b""
    return response


class LoginRequired(LoginRequiredMiddleware):
    """Django's middleware, with answers for htmx and for scripts.

    A fragment's request sends the whole page to sign in, not itself. A script, which cannot sign
    in, is told that it needs a key.
    """

    def handle_no_permission(  # type: ignore[override]
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase] | View
    ) -> HttpResponseBase:
        if is_api(request) and route_of(request) != API_PAGE:
            return problems.unauthorized()
        htmx = getattr(request, "htmx", None)
        if not htmx and request.method in SAFE_METHODS:
            return super().handle_no_permission(request, view_func)  # type: ignore[arg-type]
        # Signing in leads to where the person was, because what they sent cannot be sent again.
        address = htmx.current_url if htmx else request.headers.get("Referer")
        try:
            page = urlsplit(address or "/")
        except ValueError:  # such as "//[", because a header may hold anything
            page = urlsplit("/")
        back = page.path + (f"?{page.query}" if page.query else "")
        target = redirect_to_login(back, resolve_url(settings.LOGIN_URL))
        if not htmx:
            return target
        return HttpResponse(status=403, headers={"HX-Redirect": target["Location"]})
