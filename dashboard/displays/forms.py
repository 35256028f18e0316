"""The form that creates a display link."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from dashboard import quotas
from dashboard.displays.models import Display
from dashboard.labels import LONGEST, LabelField
from dashboard.people.models import Team
from dashboard.tokens.models import Token
from images.fields import ACCOUNT, OF_ACCOUNTS, OLDER_ACCOUNT
from images.search.spelling import folded

LONGEST_QUERY = 2000
# Query parameters that are the visitor's, not the screen's.
NOT_KEPT = ("page", "size", "columns", "sort")


class DisplayForm(forms.Form):
    title = LabelField(
        label=_("Title"), help_text=_("Shown at the top of the wall, for example “Duty room”.")
    )
    token = forms.ModelChoiceField(
        label=_("Account"),
        queryset=Token.objects.none(),
        required=False,
        empty_label=_("All accounts of the team"),
    )
    query = forms.CharField(
        label=_("Images to show"),
        required=False,
        max_length=LONGEST_QUERY,
        help_text=_(
            "Paste the address of a filtered image list from your browser. Leave empty to "
            "show all images."
        ),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    days = forms.TypedChoiceField(
        label=_("Expires after"),
        coerce=int,
        initial=90,
        choices=((7, _("7 days")), (30, _("30 days")), (90, _("90 days")), (365, _("a year"))),
    )
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    turns_with = forms.ModelMultipleChoiceField(
        label=_("In turn with"),
        queryset=Display.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_(
            "The new link then shows these screens as well, one after the other: a playlist. A "
            "screen whose own link is revoked or has expired is left out."
        ),
    )
    turn_seconds = forms.TypedChoiceField(
        label=_("Each for"),
        coerce=int,
        initial=30,
        required=False,
        choices=(
            *((30, _("30 seconds")), (60, _("1 minute"))),
            *((120, _("2 minutes")), (300, _("5 minutes"))),
        ),
    )

    def __init__(self, *args: Any, team: Team, tokens: QuerySet[Token], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.team = team
        field = self.fields["token"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101
        field.queryset = tokens
        self._offer_turns()

    def _offer_turns(self) -> None:
        """Ask what to show in turn where the team has other links."""
        others = self.team.displays.working()
        if not others:
            del self.fields["turns_with"], self.fields["turn_seconds"]
            return
        field = self.fields["turns_with"]
        assert isinstance(field, forms.ModelMultipleChoiceField)  # noqa: S101
        field.queryset = others

    def clean(self) -> None:
        quotas.refuse_beyond("displays", self.team.displays.working())

    def clean_turn_seconds(self) -> int:
        return self.cleaned_data["turn_seconds"] or 30

    def clean_query(self) -> str:
        """Return the query string of a whole address, or of a part of one."""
        text = self.cleaned_data["query"].strip()
        try:
            parts = urlsplit(text)
        except ValueError:
            raise ValidationError(_("Enter a valid address.")) from None
        query = parts.query if "?" in text else "" if parts.path.startswith("/") else text
        if query and "=" not in query:
            raise ValidationError(_("This address has no filters."))
        field = self.fields["token"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101
        kept = _kept(query, field.queryset or ())
        if self.cleaned_data.get("token"):
            kept = _of_no_account(kept)
        return urlencode(kept)


def offered(query: str, team: Team, tokens: QuerySet[Token]) -> dict[str, Any]:
    """Return what the form offers for a list's query, which may name one of the team's tokens."""
    kept = _kept(query[:LONGEST_QUERY], tokens)
    named, rest = {value for name, value in kept if name == ACCOUNT}, _of_no_account(kept)
    chosen = [each for each in tokens if str(each.pk) in named]
    token = chosen[0] if len(chosen) == 1 else None
    if token:
        kept = rest
    title = " · ".join(value for _name, value in rest) or team.name
    return {"title": Truncator(title).chars(LONGEST), "query": urlencode(kept), "token": token}


def _kept(query: str, tokens: Iterable[Token]) -> list[tuple[str, str]]:
    """Return what is the screen's of a query: of accounts only those of the team."""
    theirs = {name for each in tokens for name in (str(each.pk), folded(each.label))}
    pairs = [
        (ACCOUNT if name == OLDER_ACCOUNT else name, value)
        for name, value in parse_qsl(query)
        if name not in NOT_KEPT
    ]
    return [each for each in pairs if each[0] not in OF_ACCOUNTS or folded(each[1]) in theirs]


def _of_no_account(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [each for each in pairs if each[0] not in OF_ACCOUNTS]
