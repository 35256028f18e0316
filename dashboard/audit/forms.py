"""What is asked of the audit log.

The first and the last day are read as the queries of images and changes are.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from dashboard.audit.models import Action
from images.bounds import Bound
from images.grammar import Rejected, read_first, read_last

INVALID = forms.DateField.default_error_messages["invalid"]


class DayInput(forms.DateInput):
    """Shows the day in UTC; the script of dates makes it the person's own."""

    input_type = "date"

    def __init__(self, *, last: bool) -> None:
        super().__init__(attrs={"data-day": "last" if last else "first", "autocomplete": "off"})
        self.last = last

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        bound = _read(value or "", last=self.last)
        asked = {"data-bound": bound.iso} if bound else {}
        shown = bound.utc_day(last=self.last).isoformat() if bound else value
        return super().get_context(name, shown, (attrs or {}) | asked)


class BoundField(forms.Field):
    """A Bound, or None."""

    in_utc_without_script = True

    def __init__(self, *, label: Any, last: bool) -> None:
        super().__init__(label=label, required=False, widget=DayInput(last=last))
        self.last = last

    def to_python(self, value: Any) -> Bound | None:
        if not value:
            return None
        bound = _read(value, last=self.last)
        if bound is None:
            raise ValidationError(INVALID)
        return bound


class AuditForm(forms.Form):
    q = forms.CharField(label=_("Name, object or IP address"), required=False, max_length=200)
    action = forms.ChoiceField(
        label=_("Action"), required=False, choices=(("", _("Any")), *Action.choices)
    )
    since = BoundField(label=_("From"), last=False)
    until = BoundField(label=_("To"), last=True)


def _read(text: str, *, last: bool) -> Bound | None:
    try:
        return read_last(text) if last else read_first(text)
    except Rejected:
        return None
