"""The forms of tokens. A secret that is typed into them is never rendered again."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from dashboard import quotas
from dashboard.labels import LabelField
from dashboard.people import policy
from dashboard.people.models import Membership, Role, Team, User
from dashboard.tokens.models import Token

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
        # No max_length: a browser would silently cut what is pasted.
        attrs = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        super().__init__(widget=forms.PasswordInput(attrs=attrs), **kwargs)

    def clean(self, value: Any) -> str:
        secret = SCHEME.sub("", super().clean(value).strip(), count=1)
        if not secret:
            raise ValidationError(_("There is no token after “Bearer”."))
        if len(secret) > SECRET_LENGTH:
            raise ValidationError(
                _("This is too long to be a token: it has %(length)d characters."),
                params={"length": len(secret)},
            )
        if not SECRET.fullmatch(secret):
            raise ValidationError(
                _(
                    "A token contains only letters, digits and symbols, without spaces or line "
                    "breaks."
                )
            )
        return secret


class TokenForm(forms.Form):
    """A token's label, team and last day.

    `owner` is the token's owner, `by` the person who fills in the form, `token` the edited one.
    """

    label = LabelField(
        label=_("Label"),
        help_text=_("A name to recognize it by, such as the account or team it belongs to."),
    )
    team = forms.ModelChoiceField(
        label=_("Visible to"),
        queryset=Team.objects.none(),
        required=False,
        empty_label=_("Only its owner"),
        help_text=_("Nobody can see the token itself. A team’s admins manage its tokens."),
    )
    expires_on = forms.DateField(
        label=_("Expires on"),
        required=False,
        help_text=_("The last day (UTC) on which the token is used. Leave empty for no expiry."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    # Shown where the token has display links, which are revoked when it leaves the team.
    end_screens = forms.BooleanField(
        label=_("Revoke the display links if it leaves the team"), required=False
    )

    def __init__(
        self, *args: Any, owner: User, by: User, token: Token | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.owner, self.token = owner, token
        field = self.fields["team"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101
        field.queryset = teams = _teams(owner, by, token)
        if not teams.exists():
            del self.fields["team"]
        self._ask_about_screens(token.displays.working().count() if token else 0)
        field.label_from_instance = lambda team: _("Everyone in “%(team)s”") % {"team": team}  # type: ignore[method-assign,assignment]

    def _ask_about_screens(self, screens: int) -> None:
        if not screens:
            del self.fields["end_screens"]
        else:
            said = ngettext(
                "Moving it out of this team revokes %(screens)s display link that shows its "
                "images.",
                "Moving it out of this team revokes %(screens)s display links that show its "
                "images.",
                screens,
            )
            self.fields["end_screens"].help_text = said % {"screens": screens}

    def clean_label(self) -> str:
        label: str = self.cleaned_data["label"]
        others = Token.objects.filter(owner=self.owner, label__iexact=label)
        if self.token:
            others = others.exclude(pk=self.token.pk)
        if others.exists():
            self.label_taken()
        return label

    def clean_expires_on(self) -> date | None:
        day: date | None = self.cleaned_data["expires_on"]
        kept = self.token is not None and self.token.expires_on == day
        if day and day < timezone.now().date() and not kept:
            raise ValidationError(_("This date is in the past."))
        return day

    def clean(self) -> dict[str, Any]:
        label, secret = (str(self.data.get(name) or "").strip() for name in ("label", "secret"))
        repeated = len(secret) >= TELLING_LENGTH and secret in label
        if repeated or TOKEN_LIKE.search(label):
            # Dropped, so that the secret is not rendered again.
            self.data = {}
            self.add_error("label", _("This looks like a token. Do not put it in the label."))
        said = {"team": None, **self.cleaned_data}
        asked, agreed = "end_screens" in self.fields, said.pop("end_screens", False)
        leaves = self.token and said["team"] != self.token.team and "team" not in self.errors
        if asked and leaves and not agreed:
            self.add_error(
                "end_screens",
                _("Its display links would be revoked. Confirm, or keep the token in its team."),
            )
        return said

    def label_taken(self) -> None:
        self.add_error("label", _("A token with this label already exists."))


def _teams(owner: User, by: User, token: Token | None) -> QuerySet[Team]:
    """Return the teams where the token may be: its own and, if `by` is the owner, the owner's."""
    stays = Q(pk=token.team_id) if token else Q(pk=None)
    if owner != by:
        return Team.objects.filter(stays)
    if owner.is_superuser:
        return Team.objects.all()
    adding = [role for role in Role.values if role in policy.PERMISSIONS["team.add_token"]]
    theirs = Membership.objects.filter(user=owner, role__in=adding)
    return Team.objects.filter(stays | Q(pk__in=theirs.values("team")))


class AddTokenForm(TokenForm):
    secret = SecretField(
        label=_("Token"),
        help_text=_("Paste the whole token. It is checked with the cloud before it is saved."),
    )
    field_order = ("label", "secret", "team", "expires_on")

    def clean(self) -> dict[str, Any]:
        quotas.refuse_beyond("tokens", self.owner.tokens.all())
        return super().clean()


class ReplaceTokenForm(forms.Form):
    secret = SecretField(
        label=_("New token"),
        help_text=_(
            "Paste the whole token. A token that does not work never replaces one that does."
        ),
    )
