"""The forms of tokens. What is typed into them as a secret is never rendered again."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from dashboard.accounts.models import Token, User

SECRET_LENGTH = 512
# Printable ASCII without the space: what may stand in an Authorization header as one word.
SECRET = re.compile(r"[!-~]+")
SCHEME = re.compile(r"\Abearer(\s+|\Z)", re.IGNORECASE)
# No name that a person gives looks like this; a token put into the wrong field does.
TOKEN_LIKE = re.compile(r"[0-9A-Za-z]{32,}")
# A shorter part of a label says nothing about the secret.
TELLING_LENGTH = 8


class SecretField(forms.CharField):
    def __init__(self, **kwargs: Any) -> None:
        # No max_length: a browser cuts what is pasted down to it, and says nothing.
        attrs = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        super().__init__(widget=forms.PasswordInput(attrs=attrs), **kwargs)

    def clean(self, value: Any) -> str:
        secret = SCHEME.sub("", super().clean(value).strip(), count=1)
        if not secret:
            raise ValidationError(_("There is no token after “Bearer”."))
        if len(secret) > SECRET_LENGTH:
            raise ValidationError(
                _("This is too long for a token: it has %(length)d characters."),
                params={"length": len(secret)},
            )
        if not SECRET.fullmatch(secret):
            raise ValidationError(
                _("A token has only letters, digits and signs, without spaces or line breaks.")
            )
        return secret


class AddTokenForm(forms.Form):
    label = forms.CharField(
        label=_("Label"),
        max_length=80,
        help_text=_("A name for you, such as the account or the team it belongs to."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    secret = SecretField(
        label=_("Token"),
        help_text=_("Paste it whole. It is checked with the cloud before it is stored."),
    )

    def __init__(self, *args: Any, owner: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.owner = owner

    def clean_label(self) -> str:
        label = " ".join(self.cleaned_data["label"].split())
        if Token.objects.filter(owner=self.owner, label__iexact=label).exists():
            self.label_taken()
        return label

    def label_taken(self) -> None:
        self.add_error("label", _("You have a token with this label already."))

    def clean(self) -> dict[str, Any] | None:
        label, secret = (str(self.data.get(name) or "").strip() for name in ("label", "secret"))
        repeated = len(secret) >= TELLING_LENGTH and secret in label
        if repeated or TOKEN_LIKE.search(label):
            # What is not there cannot be rendered again.
            self.data = {}
            self.add_error(
                "label", _("This looks like a token. Its place is the field below, not the label.")
            )
        return super().clean()


class ReplaceTokenForm(forms.Form):
    secret = SecretField(
        label=_("New token"),
        help_text=_("Paste it whole. A token that does not work will not replace one that does."),
    )
