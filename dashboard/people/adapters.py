"""Adaptations of allauth: no sign-up, and a new password asks about API keys."""

from __future__ import annotations

from typing import Any, ClassVar

from allauth.account import forms as forms_of_allauth
from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from django import forms
from django.contrib.auth.forms import AdminPasswordChangeForm
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from dashboard.people import policy, sign_in_log
from dashboard.people.models import User, folded


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]
    # Those that people meet, in this site's words.
    error_messages: ClassVar = {
        **DefaultAccountAdapter.error_messages,
        "enter_current_password": _("That is not your current password."),
        "username_password_mismatch": _("The username or password is not correct."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        # Accounts are made by an invitation, by `manage.py add_user` or in the admin.
        return False

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """Fold the user name, so that attempts count for one account however it is spelled."""
        if "username" in credentials:
            credentials["username"] = folded(credentials["username"])
        found: User | None = super().authenticate(request, **credentials)
        return found

    def logout(self, request: HttpRequest) -> None:
        sign_in_log.signed_out(request, policy.person(request))
        super().logout(request)

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        login = (kwargs.get("signal_kwargs") or {}).get("sociallogin")
        if login:
            from dashboard.people import oidc  # its library may not be installed

            oidc.apply_roles(user, login.account.extra_data)
        response: HttpResponse = super().post_login(request, user, **kwargs)
        return response


class AsksAboutKeys:
    """A form for a new password of `self.user` that also offers to revoke their API keys.

    A new password alone does not end API keys. Where there are none, the form does not ask.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user: User
        self.fields: dict[str, forms.Field]
        self.cleaned_data: dict[str, Any]
        if number := self.user.api_keys.working().count():
            label = ngettext(
                "Also revoke the %(number)d API key, which would otherwise keep working",
                "Also revoke the %(number)d API keys, which would otherwise keep working",
                number,
            )
            label = label % {"number": number}
            self.fields["revoke_keys"] = forms.BooleanField(label=label, required=False)

    @transaction.atomic
    def save(self, *args: Any, **kwargs: Any) -> Any:
        saved = super().save(*args, **kwargs)  # type: ignore[misc]
        if self.cleaned_data.get("revoke_keys"):
            for key in self.user.api_keys.working().select_related("team", "token"):
                key.revoke(by=policy.actor(context.request))
        return saved


class ChangePasswordForm(AsksAboutKeys, forms_of_allauth.ChangePasswordForm):  # type: ignore[misc]
    """The form that changes one's own password."""


class SetPasswordForm(AsksAboutKeys, AdminPasswordChangeForm):  # type: ignore[type-arg]
    """The form with which an administrator sets someone's password."""
