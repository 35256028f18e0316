from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe


@require_safe
def no_password(request: HttpRequest) -> HttpResponse:
    """Where allauth sends who wants to change a password and has none. They get none: it would let
    them in after the provider has shut them out."""
    return render(request, "account/no_password.html", {"sso": settings.OIDC})
