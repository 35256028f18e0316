"""The second step of signing in: allauth's page, with a way out of it."""

from __future__ import annotations

from allauth.account.internal.stagekit import clear_login
from allauth.mfa.base import views as mfa
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse


@login_not_required
def second_step(request: HttpRequest) -> HttpResponseBase:
    """Who comes here has given a password, and is not signed in yet."""
    response: HttpResponseBase = mfa.authenticate(request)
    if response.headers.get("Location") == reverse("account_login"):
        # There is nothing to ask for any more: an administrator took the second factor away. Left
        # waiting, this sign-in would send the person back and forth between the two pages.
        clear_login(request)
    return response
