"""Light or dark: what the browser prefers, unless a person chose on the page.

The choice is kept in a cookie, so that it holds before signing in, and so that no page is first
drawn in the other theme.
"""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_POST

from dashboard.web.back import back

COOKIE = f"{settings.COOKIE_PREFIX}theme"
KEPT = timedelta(days=365)
CHOICES = ("light", "dark")


def chosen(request: HttpRequest) -> str:
    """Return "light", "dark", or "" for what the browser prefers."""
    theme = request.COOKIES.get(COOKIE, "")
    return theme if theme in CHOICES else ""


def context(request: HttpRequest) -> dict[str, str]:
    return {"theme": chosen(request)}


@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    """Remember the choice, and go back to the page where it was made."""
    response = HttpResponseRedirect(back(request))
    theme = request.POST.get("theme")
    if theme in CHOICES:
        response.set_cookie(
            COOKIE,
            theme,
            max_age=KEPT,
            secure=settings.HTTPS,
            httponly=True,
            samesite="Lax",
        )
    else:
        response.delete_cookie(COOKIE, samesite="Lax")
    return response
