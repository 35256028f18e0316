"""How allauth is bent to this site: no sign-up, and second factors sealed by the vault."""

from __future__ import annotations

import base64
import secrets
from typing import Any

import structlog
from allauth.account import forms as forms_of_allauth
from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY
from django import forms
from django.contrib.auth.forms import AdminPasswordChangeForm
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dashboard.accounts import api_keys, comings, policy, vault
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


class AsksAboutKeys:
    """With the question that a new password for `self.user` asks: whether their API keys, which it
    does not end, are to end with the old one. No question where there are none."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user: User
        self.fields: dict[str, forms.Field]
        self.cleaned_data: dict[str, Any]
        if number := api_keys.of_owner(self.user).count():
            label = ngettext(
                "Also revoke the %(number)d API key, which otherwise goes on working",
                "Also revoke the %(number)d API keys, which otherwise go on working",
                number,
            )
            label = label % {"number": number}
            self.fields["revoke_keys"] = forms.BooleanField(label=label, required=False)

    @transaction.atomic
    def save(self, *args: Any, **kwargs: Any) -> Any:
        saved = super().save(*args, **kwargs)  # type: ignore[misc]
        if self.cleaned_data.get("revoke_keys"):
            api_keys.revoke_of(self.user, by=policy.actor(context.request))
        return saved


class ChangePasswordForm(AsksAboutKeys, forms_of_allauth.ChangePasswordForm):  # type: ignore[misc]
    """One's own password."""


class SetPasswordForm(AsksAboutKeys, AdminPasswordChangeForm):  # type: ignore[type-arg]
    """Someone's password, by an administrator."""


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


def codes_are_readable(user: User) -> bool:
    """Return False where the person has recovery codes whose key is lost. `decrypt` would make up
    others, which sign nobody in."""
    stored = Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES)
    for sealed in [codes.data["seed"] for codes in stored if "seed" in codes.data]:
        try:
            vault.unseal_second_factor(sealed)
        except vault.Unreadable:
            return False
    return True


class ActivateForm(ActivateTOTPForm):  # type: ignore[misc]
    """The new secret waits in the session until it is confirmed: sealed, there too."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        session = context.request.session
        self.lost = False
        if SECRET_SESSION_KEY in session:
            sealed = session.pop(SECRET_SESSION_KEY)
            try:
                session[SECRET_SESSION_KEY] = vault.unseal_second_factor(sealed)
            except vault.Unreadable as error:
                log.warning("second factor unreadable", reason=str(error))
                self.lost = True
        super().__init__(*args, **kwargs)  # which makes another secret where there is none
        session[SECRET_SESSION_KEY] = vault.seal_second_factor(self.secret)

    def clean_code(self) -> str:
        if self.lost:
            raise ValidationError(
                _(
                    "The secret that you scanned can no longer be read here. Remove it from your "
                    "app, scan the new one above, and enter its code."
                )
            )
        code: str = super().clean_code()
        return code
