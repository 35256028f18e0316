"""Answers to htmx. The page's script (static/js/guard.js) lets it swap no others."""

from __future__ import annotations

from typing import TypeVar

from django.http import HttpResponse

HEADER = "X-Fragment"

Response = TypeVar("Response", bound=HttpResponse)


def as_fragment(response: Response) -> Response:
    """Mark the response as a part of a page: an error page or a proxy's answer has no such mark."""
    response[HEADER] = "true"
    return response
