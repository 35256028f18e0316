"""Single sign-on: the way to the provider and back, through `StrictOAuth2Adapter`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse

from dashboard.people.oidc_protocol import StrictOAuth2Adapter

log = structlog.get_logger("dashboard.people")


@login_not_required
def sso_login(request: HttpRequest, provider_id: str) -> HttpResponse:
    return _answer(OAuth2LoginView.adapter_view, request, provider_id)


@login_not_required
def sso_callback(request: HttpRequest, provider_id: str) -> HttpResponse:
    return _answer(OAuth2CallbackView.adapter_view, request, provider_id)


def _answer(view: Callable[[Any], Any], request: HttpRequest, provider_id: str) -> HttpResponse:
    adapter = StrictOAuth2Adapter(request, provider_id)
    try:
        provider = adapter.get_provider()
    except SocialApp.DoesNotExist:
        raise Http404 from None
    try:
        response: HttpResponse = view(adapter)(request)
    except (OAuth2Error, OSError) as error:  # errors of the network are OSErrors
        log.warning("single sign-on failed", reason=type(error).__name__)
        response = render_authentication_error(request, provider, exception=error)
    return response
