"""Pages for signing in that do more than allauth's own."""

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
    """Ask a person who has given a password, and is not signed in yet, for the second factor."""
    response: HttpResponseBase = mfa.authenticate(request)
    if response.headers.get("Location") == reverse("account_login"):
        # An administrator has removed the second factor, so there is nothing to ask for. A sign-in
        # left pending would send the person back and forth between the two pages.
        clear_login(request)
    return response


def codes_shown(request: HttpRequest) -> HttpResponseBase:
    return _codes(request, codes.view_recovery_codes)


def codes_downloaded(request: HttpRequest) -> HttpResponseBase:
    return _codes(request, codes.download_recovery_codes)


def _codes(
    request: HttpRequest, view: Callable[[HttpRequest], HttpResponseBase]
) -> HttpResponseBase:
    """Show the recovery codes and record that; if they are unreadable, lead to making new ones."""
    if not get_adapter().codes_are_readable(policy.person(request)):
        messages.error(
            request,
            _("Your recovery codes can no longer be read and do not work. Generate new ones."),
        )
        return redirect("mfa_generate_recovery_codes")
    response = view(request)
    if response.status_code == 200 and request.method == "GET":
        sign_in_log.codes_shown(request)
    return response


@require_safe
def no_password(request: HttpRequest) -> HttpResponse:
    """Tell a person without a password that they cannot set one.

    allauth sends them here when they want to. A password would let them in after the single sign-on
    provider has shut them out.
    """
    return render(request, "account/no_password.html", {"sso": settings.OIDC})
