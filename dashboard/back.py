"""Where a person was when they sent a form that every page has."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme


def back(request: HttpRequest) -> str:
    """The address of that page; where none is named, or one of another site, the start."""
    address = request.headers.get("Referer", "")
    inside = url_has_allowed_host_and_scheme(address, allowed_hosts={request.get_host()})
    return address if inside else "/"
