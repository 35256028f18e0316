"""The form that creates an API key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dashboard import quotas
from dashboard.labels import LabelField
from dashboard.people.models import Team, User
from dashboard.tokens import access
from dashboard.tokens.models import Token

PERIODS = ((7, _("7 days")), (30, _("30 days")), (90, _("90 days")), (365, _("a year")))


class ApiKeyForm(forms.Form):
    """The label, scope and lifetime of a new API key.

    `scope` is "", "team:<id>" or "token:<id>"; only what the owner may read with now is offered.
    """

    label = LabelField(
        label=_("Label"), help_text=_("What will use this key, for example “nightly report”.")
    )
    scope = forms.ChoiceField(label=_("Access"), required=False)
    days = forms.TypedChoiceField(label=_("Expires after"), coerce=int, initial=90, choices=PERIODS)

    def __init__(self, *args: Any, owner: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.owner = owner
        self.tokens = {str(each.pk): each for each in access.tokens_of(owner)}
        ids = {each.team_id for each in self.tokens.values() if each.team_id}
        self.teams = {str(each.pk): each for each in Team.objects.filter(pk__in=ids)}
        field = self.fields["scope"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101
        field.choices = self._scopes()

    def _scopes(self) -> Sequence[Any]:
        teams = [(f"team:{key}", str(team)) for key, team in self.teams.items()]
        tokens = [(f"token:{key}", str(token)) for key, token in self.tokens.items()]
        return [
            ("", _("Everything you can read")),
            *([(_("All tokens of a team"), teams)] if teams else []),
            *([(_("One token"), tokens)] if tokens else []),
        ]

    def clean(self) -> None:
        quotas.refuse_beyond("keys", self.owner.api_keys.working())

    def said(self) -> dict[str, Any]:
        """Return the arguments `days`, `team` and `token` of `keys.make`."""
        kind, _colon, key = self.cleaned_data["scope"].partition(":")
        team: Team | None = self.teams[key] if kind == "team" else None
        token: Token | None = self.tokens[key] if kind == "token" else None
        return {"days": self.cleaned_data["days"], "team": team, "token": token}
