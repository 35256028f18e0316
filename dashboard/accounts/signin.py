"""How allauth is bent to this site: no sign-up, and second factors sealed by the vault."""

from __future__ import annotations

import base64
import secrets
from typing import Any

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY
from django.http import HttpRequest, HttpResponse

from dashboard.accounts import comings, policy, vault
from dashboard.accounts.models import User, folded

log = structlog.get_logger("dashboard.accounts")


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        # Accounts are made by an invitation, by `manage.py add_user` or in the admin.
        return False

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """Count attempts at one account as such, however its name is spelled."""
        if "username" in credentials:
            credentials["username"] = folded(credentials["username"])
        found: User | None = super().authenticate(request, **credentials)
        return found

    def logout(self, request: HttpRequest) -> None:
        comings.signed_out(request, policy.person(request))
        super().logout(request)

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        login = (kwargs.get("signal_kwargs") or {}).get("sociallogin")
        if login:
            from dashboard.accounts import oidc  # its library may not be installed

            oidc.apply_roles(user, login.account.extra_data)
        response: HttpResponse = super().post_login(request, user, **kwargs)
        return response


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    def encrypt(self, text: str) -> str:
        return vault.seal_second_factor(text)

    def decrypt(self, encrypted_text: str) -> str:
        """One that cannot be read is a secret that nobody knows: no code fits it, and an
        administrator takes it away."""
        try:
            return vault.unseal_second_factor(encrypted_text)
        except vault.Unreadable as error:
            log.warning("second factor unreadable", reason=str(error))
            return base64.b32encode(secrets.token_bytes(20)).decode()


class ActivateForm(ActivateTOTPForm):  # type: ignore[misc]
    """The new secret waits in the session until it is confirmed: sealed, there too."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        session = context.request.session
        if SECRET_SESSION_KEY in session:
            session[SECRET_SESSION_KEY] = vault.unseal_second_factor(session[SECRET_SESSION_KEY])
        super().__init__(*args, **kwargs)
        session[SECRET_SESSION_KEY] = vault.seal_second_factor(self.secret)
