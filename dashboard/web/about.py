"""The program's version for every page, for whoever reports a problem."""

from __future__ import annotations

from django.http import HttpRequest

from dashboard import __version__


def context(request: HttpRequest) -> dict[str, str]:
    return {"version": __version__}
