"""The kind of a request, decided in one place by the view that will answer it.

It is never decided by `request.path`: that may begin with a prefix that the client named (gunicorn
takes one from a header), while the view is found by what follows it.
"""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.urls import Resolver404, resolve

# Prefixes of paths. The first two are followed by a key, which no log line shows; the third is
# that of the API.
DISPLAYS, INVITATIONS, API = "display/", "invitations/", "api/"
# Requested all the time, by machines that know the dashboard by an address of their own.
MACHINE_ROUTES: frozenset[str] = frozenset({"healthz", "readyz", "metrics"})
# Pages that the address alone opens, so browsers must not tell it anywhere else. Invitations are
# not among them, because they have forms: a browser that may not tell the address sends these with
# "Origin: null", which the CSRF check refuses. Their address is told to no other site.
SECRET_ROUTES = frozenset({"display"})
# Files with everything that a query selects.
EXPORT_ROUTES = frozenset(
    {
        *("images:export-csv", "images:export-json", "changes_csv", "changes_json"),
        *("audit_csv", "team_audit_csv", "api:stream_lines", "api:stream_table"),
    }
)
# Pages that show, once, a secret that was just made: of each a key, a link or codes.
SECRET_SHOWING = frozenset(
    {
        *("api_key_list", "display_list", "team_people"),
        *("mfa_activate_totp", "mfa_view_recovery_codes", "mfa_generate_recovery_codes"),
        "mfa_download_recovery_codes",
    }
)
# Views that ask the cloud about a secret, and would tell a thief which of many stolen ones work.
# Comparing asks as soon as the page is opened, the others when a form is sent.
COMPARING = "token_compare"
CHECKING_ROUTES = frozenset(
    {
        *("token_list", "token_check", "token_replace", "token_switch", "token_restore"),
        COMPARING,
    }
)
# The forms of signing in and out, proving who one is, and joining.
DOOR_ROUTES = frozenset(
    {
        *("account_login", "account_logout", "account_reauthenticate"),
        *("mfa_authenticate", "mfa_reauthenticate", "invitation"),
    }
)
# The id of the element that polls, on every page that does so, as htmx sends it in HX-Trigger.
POLLER = "news"
API_PAGE = "api:page"
API_NAMESPACE = "api:"
STATIC = "static"
NONE = "none"


def route_of(request: HttpRequest) -> str:
    """Return the name of the URL pattern that answers, such as "images:list".

    It is STATIC for a static file and NONE for an address that does not exist: one of a fixed
    number of names.
    """
    found: str | None = getattr(request, "_route", None)
    if found is None:
        found = _found(request.path_info)
        request._route = found  # type: ignore[attr-defined]
    return found


def _found(path: str) -> str:
    if path.startswith(settings.STATIC_URL):
        return STATIC
    try:
        return resolve(path).view_name
    except Resolver404:
        return NONE


def is_api(request: HttpRequest) -> bool:
    """Return whether the request is for the API, or for the page that describes it."""
    route = route_of(request)
    if route == NONE:  # An address that does not exist may belong to the API, too.
        return request.path_info.startswith(f"/{API}")
    return route.startswith(API_NAMESPACE)


def is_for_machines(request: HttpRequest) -> bool:
    return route_of(request) in MACHINE_ROUTES


def is_secret(request: HttpRequest) -> bool:
    """Return whether whoever knows the address is let in."""
    return route_of(request) in SECRET_ROUTES


def may_show_a_secret(request: HttpRequest) -> bool:
    return route_of(request) in SECRET_SHOWING


def is_door(request: HttpRequest) -> bool:
    return route_of(request) in DOOR_ROUTES


def is_export(request: HttpRequest) -> bool:
    return route_of(request) in EXPORT_ROUTES


def checks_a_token(request: HttpRequest) -> bool:
    route = route_of(request)
    return route in CHECKING_ROUTES and (request.method == "POST" or route == COMPARING)


def is_poll(request: HttpRequest) -> bool:
    """Return whether the request comes from an open page that polls."""
    return request.headers.get("HX-Trigger") == POLLER


def is_static(request: HttpRequest) -> bool:
    return route_of(request) == STATIC
