"""The form of a saved view."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from dashboard import quotas
from dashboard.labels import LabelField
from dashboard.people import policy
from dashboard.people.models import Team, User
from dashboard.saved_views import saving
from dashboard.saved_views.models import SavedView, of_that_name


class SavedViewForm(forms.Form):
    """A saved view's name, team and query.

    `at` is the view that is edited. A new view with the name of one that the person may change
    replaces that one, which is then `replaced`, once they have agreed to it.
    """

    name = LabelField(label=_("Name"))
    team = forms.ModelChoiceField(
        label=_("Visible to"),
        queryset=Team.objects.none(),
        required=False,
        empty_label=_("Only me"),
        help_text=_("A shared view belongs to the team: its admins can change and delete it."),
    )
    query = forms.CharField(
        required=False, max_length=saving.LONGEST_QUERY, widget=forms.HiddenInput
    )
    begin = forms.BooleanField(label=_("Make this my start view"), required=False)
    replace = forms.BooleanField(label=_("Replace the view of this name"), required=False)

    def __init__(self, *args: Any, by: User, at: SavedView | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by, self.at, self.replaced, self.asks_to_replace = by, at, at, False
        field = self.fields["team"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101
        field.queryset = teams = saving.teams_to_share_with(by)
        if at and at.team:
            field.queryset = teams = teams | Team.objects.filter(pk=at.team.pk)
        if not teams.exists():
            del self.fields["team"]
        field.label_from_instance = lambda team: _("Everyone in “%(team)s”") % {"team": team}  # type: ignore[method-assign,assignment]

    def clean(self) -> dict[str, Any]:
        cleaned = {"team": None, **self.cleaned_data}
        if name := cleaned.get("name"):
            owner = self.at.owner if self.at else self.by
            other = of_that_name(name, owner, cleaned["team"])
            if other and other != self.at:
                if self.at or not policy.has_permission(self.by, "view.change", other):
                    raise ValidationError(_("A view with this name already exists."))
                self.replaced, self.asks_to_replace = other, True
                if not cleaned["replace"]:
                    raise ValidationError(_("A view with this name already exists."))
            if self.replaced is None:
                quotas.refuse_beyond("views", self.by.views.all())
        return cleaned
