"""What every page says of the program: its version, and whether this is a demonstration."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest

from dashboard import __version__


def context(request: HttpRequest) -> dict[str, object]:
    """`demo` are the user and password of the demonstration, None where this is none."""
    return {"version": __version__, "demo": settings.DEMO}
