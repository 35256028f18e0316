"""What a request is, decided in one place by the view that will answer it.

Never by `request.path`: that may begin with a prefix that the client named, as gunicorn takes one
from a header, while the view is found by what follows it.
"""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.urls import Resolver404, resolve

# Where addresses begin that end in a key, which no log line shows, and those that scripts ask for.
DISPLAYS, INVITATIONS, API = "display/", "invitations/", "api/"
# Asked for all the time, and by machines that know the dashboard by an address of their own.
MACHINE_ROUTES: frozenset[str] = frozenset({"healthz", "readyz", "metrics"})
# The address alone opens them, so it goes nowhere else. Not those of invitations, which have forms:
# a browser that may not name its address sends them with "Origin: null", and the check against
# forgery refuses that. Theirs goes to no other site.
SECRET_ROUTES = frozenset({"display"})
# Files of all that a query selects.
EXPORT_ROUTES = frozenset(
    {
        *("images:export-csv", "images:export-json", "changes_csv", "changes_json"),
        *("audit_csv", "team_audit_csv"),
    }
)
# What has the cloud asked about a secret, and would tell a thief which of many stolen ones work.
# Comparing does already when the page is opened, the others when a form is sent.
COMPARING = "token_compare"
CHECKING_ROUTES = frozenset(
    {
        *("token_list", "token_check", "token_replace", "token_switch", "token_restore"),
        COMPARING,
    }
)
# The id of what asks what is new, on each page that does so while it is open, as htmx says it.
POLLER = "news"
API_PAGE = "api:page"
API_NAMESPACE = "api:"
STATIC = "static"
NONE = "none"


def route_of(request: HttpRequest) -> str:
    """The name of the pattern that answers, such as "images:list"; STATIC for a static file, NONE
    for an address that is nobody's. It is one of a fixed number of names."""
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
    """Whether a script asks, below /api/. The API's own page is for people as well."""
    route = route_of(request)
    if route == NONE:  # What nobody answers is the API's trouble below its address as well.
        return request.path_info.startswith(f"/{API}")
    return route.startswith(API_NAMESPACE)


def is_for_machines(request: HttpRequest) -> bool:
    return route_of(request) in MACHINE_ROUTES


def is_secret(request: HttpRequest) -> bool:
    """Whether whoever knows the address is let in."""
    return route_of(request) in SECRET_ROUTES


def is_export(request: HttpRequest) -> bool:
    return route_of(request) in EXPORT_ROUTES


def checks_a_token(request: HttpRequest) -> bool:
    route = route_of(request)
    return route in CHECKING_ROUTES and (request.method == "POST" or route == COMPARING)


def is_poll(request: HttpRequest) -> bool:
    """Whether an open page asks by itself."""
    return request.headers.get("HX-Trigger") == POLLER


def is_static(request: HttpRequest) -> bool:
    return route_of(request) == STATIC
