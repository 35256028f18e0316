"""The form that decides who takes over what a person made for one team."""

from __future__ import annotations

from enum import Enum
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dashboard.people import endings
from dashboard.people.endings import Heirs, Stake
from dashboard.people.models import User


class Way(Enum):
    """The event that ends a person's permission."""

    REMOVAL = "removal"
    ROLE = "role"
    SWITCH_OFF = "switch-off"
    DELETION = "deletion"


# What happens to tokens and shared views that nobody takes over.
_LEAVE, _STAY, _DELETED = (
    _("leave the team with them"),
    _("stay in the team, owned by them"),
    _("are deleted"),
)
NOBODY = {
    Way.REMOVAL: _LEAVE,
    Way.ROLE: _STAY,
    Way.SWITCH_OFF: _STAY,
    Way.DELETION: _DELETED,
}


def _transferred(user: User) -> str:
    return _("are transferred to %(name)s") % {"name": user}


class EndingForm(forms.Form):
    """Who takes over each kind of thing that the person may not keep.

    A kind of which there is nothing has no field. Preselected for shared views, and for tokens that
    would be deleted, is `by` if they may take over, else the first of `endings.heirs_in`.
    """

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
            field.label_from_instance = _transferred  # type: ignore[method-assign,assignment]

    def heirs(self) -> Heirs:
        """Return the chosen heirs; a field that was not sent counts as its preselected value."""

        def said(name: str) -> User | None:
            if name not in self.fields:
                return None
            answered = self.add_prefix(name) in self.data
            found: User | None
            found = self.cleaned_data[name] if answered else self.fields[name].initial
            return found

        return Heirs(tokens=said("heir"), displays=said("displays_heir"), views=said("views_heir"))
