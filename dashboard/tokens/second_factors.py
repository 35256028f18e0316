"""Encryption of the secrets of second factors, also while they wait to be confirmed."""

from __future__ import annotations

import base64
import secrets
from typing import Any

import structlog
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from dashboard.people.models import User
from dashboard.tokens import vault

log = structlog.get_logger("dashboard.tokens")


class Adapter(DefaultMFAAdapter):  # type: ignore[misc]
    def encrypt(self, text: str) -> str:
        return vault.seal_second_factor(text)

    def decrypt(self, encrypted_text: str) -> str:
        """Return the decrypted text; if it is unreadable, a random secret that nobody knows.

        No code fits that one, and an administrator has to remove the second factor.
        """
        try:
            return vault.unseal_second_factor(encrypted_text)
        except vault.Unreadable as error:
            log.warning("second factor unreadable", reason=str(error))
            return base64.b32encode(secrets.token_bytes(20)).decode()

    def codes_are_readable(self, user: User) -> bool:
        """Return False if the person has recovery codes that cannot be decrypted.

        `decrypt` would make up others, which let nobody in.
        """
        stored = Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES)
        for sealed in [codes.data["seed"] for codes in stored if "seed" in codes.data]:
            try:
                vault.unseal_second_factor(sealed)
            except vault.Unreadable:
                return False
        return True


class ActivateForm(ActivateTOTPForm):  # type: ignore[misc]
    """The form that activates an app; its new secret waits in the session, encrypted there too."""

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
        super().__init__(*args, **kwargs)  # makes a new secret where the session has none
        session[SECRET_SESSION_KEY] = vault.seal_second_factor(self.secret)

    def clean_code(self) -> str:
        if self.lost:
            raise ValidationError(
                _(
                    "The secret you scanned can no longer be read. Remove it from your app, scan "
                    "the new QR code above, and enter the code the app shows."
                )
            )
        code: str = super().clean_code()
        return code
