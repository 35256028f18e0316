"""What becomes of what a person made for a team: one form a team, with a field for each kind."""

from __future__ import annotations

from enum import Enum
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dashboard.people import endings
from dashboard.people.endings import Heirs, Stake
from dashboard.people.models import User


class Way(Enum):
    """How a right ends."""

    REMOVAL = "removal"
    ROLE = "role"
    SWITCH_OFF = "switch-off"
    DELETION = "deletion"


# What becomes of it when nobody takes it over.
_LEAVE, _STAY, _DELETED = (
    _("leave the team with them"),
    _("stay in the team, in their name"),
    _("are deleted"),
)
NOBODY = {
    Way.REMOVAL: _LEAVE,
    Way.ROLE: _STAY,
    Way.SWITCH_OFF: _STAY,
    Way.DELETION: _DELETED,
}


class EndingForm(forms.Form):
    """Who takes over what is at stake; a kind of which there is nothing has no field. `by` is the
    first to be offered views, and tokens that would be deleted, if they may have them."""

    heir = forms.ModelChoiceField(label=_("Tokens"), queryset=User.objects.none(), required=False)
    displays_heir = forms.ModelChoiceField(
        label=_("Display links"), queryset=User.objects.none(), required=False
    )
    views_heir = forms.ModelChoiceField(
        label=_("Shared views"), queryset=User.objects.none(), required=False
    )

    def __init__(
        self, *args: Any, stake: Stake, leaving: User, way: Way, by: User, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.stake = stake
        self.tokens_may_go = way in (Way.REMOVAL, Way.DELETION)
        heirs = endings.heirs_in(stake.team, leaving)
        likely = by if by in heirs else heirs.first()
        kinds = (
            ("heir", stake.tokens, NOBODY[way], likely if way is Way.DELETION else None),
            ("displays_heir", stake.displays, _("are revoked"), None),
            ("views_heir", stake.views, NOBODY[way], likely),
        )
        for name, things, nobody, initial in kinds:
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)  # noqa: S101
            if not things:
                del self.fields[name]
                continue
            field.queryset, field.initial, field.empty_label = heirs, initial, nobody
            field.label_from_instance = lambda user: _("become %(name)s’s") % {"name": user}  # type: ignore[method-assign,assignment]

    def heirs(self) -> Heirs:
        """What was chosen; where nothing was asked or answered, what would have been offered."""

        def said(name: str) -> User | None:
            if name not in self.fields:
                return None
            answered = self.add_prefix(name) in self.data
            found: User | None
            found = self.cleaned_data[name] if answered else self.fields[name].initial
            return found

        return Heirs(tokens=said("heir"), displays=said("displays_heir"), views=said("views_heir"))
