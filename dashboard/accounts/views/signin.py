"""What allauth leaves to us of signing in."""

from __future__ import annotations

from allauth.account.internal.stagekit import clear_login
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as codes
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from dashboard.accounts import comings


@login_not_required
def second_step(request: HttpRequest) -> HttpResponseBase:
    """Who comes here has given a password, and is not signed in yet."""
    response: HttpResponseBase = mfa.authenticate(request)
    if response.headers.get("Location") == reverse("account_login"):
        # There is nothing to ask for any more: an administrator took the second factor away. Left
        # waiting, this sign-in would send the person back and forth between the two pages.
        clear_login(request)
    return response


def codes_shown(request: HttpRequest) -> HttpResponseBase:
    response: HttpResponseBase = codes.view_recovery_codes(request)
    return _codes_noted(request, response)


def codes_downloaded(request: HttpRequest) -> HttpResponseBase:
    response: HttpResponseBase = codes.download_recovery_codes(request)
    return _codes_noted(request, response)


def _codes_noted(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    if response.status_code == 200 and request.method == "GET":
        comings.codes_shown(request)
    return response


@require_safe
def no_password(request: HttpRequest) -> HttpResponse:
    """Where allauth sends who wants to change a password and has none. They get none: it would let
    them in after the provider has shut them out."""
    return render(request, "account/no_password.html", {"sso": settings.OIDC})
