"""The form field for a name that a person gives to something."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from dashboard.visible import has_visible

LONGEST = 80


class LabelField(forms.CharField):
    """A name in which runs of blanks count as one, and which must have something visible in it."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={"autocomplete": "off"})
        super().__init__(max_length=LONGEST, widget=widget, **kwargs)

    def clean(self, value: Any) -> str:
        label = " ".join(super().clean(value).split())
        if label and not has_visible(label):
            raise ValidationError(_("Use at least one letter or digit."))
        return label
