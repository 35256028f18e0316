"""What allauth leaves to us of signing in."""

from __future__ import annotations

from collections.abc import Callable

from allauth.account.internal.stagekit import clear_login
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as codes
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from dashboard.people import policy, sign_in_log


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
    return _codes(request, codes.view_recovery_codes)


def codes_downloaded(request: HttpRequest) -> HttpResponseBase:
    return _codes(request, codes.download_recovery_codes)


def _codes(
    request: HttpRequest, view: Callable[[HttpRequest], HttpResponseBase]
) -> HttpResponseBase:
    """The codes, which is noted; where their key is lost, the page that makes new ones."""
    if not get_adapter().codes_are_readable(policy.person(request)):
        messages.error(
            request, _("Your recovery codes can no longer be read, and do not work. Make new ones.")
        )
        return redirect("mfa_generate_recovery_codes")
    response = view(request)
    if response.status_code == 200 and request.method == "GET":
        sign_in_log.codes_shown(request)
    return response


@require_safe
def no_password(request: HttpRequest) -> HttpResponse:
    """Where allauth sends who wants to change a password and has none. They get none: it would let
    them in after the provider has shut them out."""
    return render(request, "account/no_password.html", {"sso": settings.OIDC})
