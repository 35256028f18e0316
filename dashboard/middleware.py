"""What happens around every request: who sent it, its log line, the security headers, the door."""

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
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.middleware.common import CommonMiddleware
from django.shortcuts import resolve_url
from django.views import View

from dashboard import problems
from dashboard.routes import (
    API_PAGE,
    is_api,
    is_for_machines,
    is_secret,
    is_static,
    route_of,
)
from images.services.counting import journal

log = structlog.get_logger("dashboard.request")

# What only a proxy may say, about whom it speaks for.
FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_REQUEST_ID")

# Too short for an API token, should a client take the one for the other.
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
# On every answer, whoever gave it: a page, a static file, a middleware's refusal. Whatever has more
# to say of one of them says it first. deploy/nginx has the same for answers of its own.
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
    """Take nobody's word for where a request comes from but that of TRUSTED_PROXIES, or of whoever
    was let into a socket file. An IPv4 address is written as one however the socket has it."""

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
    # Where no proxy is named nothing that one says is believed, and some need to see that it spoke.
    if not sender or not settings.TRUSTED_PROXIES:
        return True
    try:
        address = ip_address(sender)
    except ValueError:
        return False
    return any(address in network for network in settings.TRUSTED_PROXIES)


class Common(CommonMiddleware):
    """Django's, but a machine may call the dashboard by any host name or address: its endpoints say
    none back."""

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
        # Static files and health are asked for all the time.
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
    """The proxy's, where there is one that we trust, else a new one."""
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
            # Pages hold one person's view: no shared or browser store keeps them.
            response.headers.setdefault("Cache-Control", "private, no-store")
        return response

    return handle


def known_methods(get_response: Handler) -> Handler:
    """Forms send POST, everything else is reading: no view has to think of other methods, nor does
    a library take a PUT for a POST."""

    def handle(request: HttpRequest) -> HttpResponseBase:
        if is_api(request):
            if request.method not in SAFE_METHODS:
                return problems.method_not_allowed(SAFE_METHODS)
        elif request.method not in METHODS:
            return HttpResponseNotAllowed(METHODS)
        return get_response(request)

    return handle


class LoginRequired(LoginRequiredMiddleware):
    """Django's, but an htmx fragment sends the whole page to sign in, not itself. A script, which
    cannot, is told what it needs."""

    def handle_no_permission(  # type: ignore[override]
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase] | View
    ) -> HttpResponseBase:
        if is_api(request) and route_of(request) != API_PAGE:
            return problems.unauthorized()
        htmx = getattr(request, "htmx", None)
        if not htmx and request.method in SAFE_METHODS:
            return super().handle_no_permission(request, view_func)  # type: ignore[arg-type]
        # Where the person was, because what they sent cannot be sent again after signing in.
        address = htmx.current_url if htmx else request.headers.get("Referer")
        try:
            page = urlsplit(address or "/")
        except ValueError:  # such as "//[": a header may say anything
            page = urlsplit("/")
        back = page.path + (f"?{page.query}" if page.query else "")
        target = redirect_to_login(back, resolve_url(settings.LOGIN_URL))
        if not htmx:
            return target
        return HttpResponse(status=403, headers={"HX-Redirect": target["Location"]})
