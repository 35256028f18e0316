"""The page to return to after sending a form that stands on every page."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme


def back(request: HttpRequest) -> str:
    """Return the address of that page; "/" where it is unknown or on another site."""
    address = request.headers.get("Referer", "")
    inside = url_has_allowed_host_and_scheme(address, allowed_hosts={request.get_host()})
    return address if inside else "/"
