"""The cloud's words for states as people read them; the address and every export keep its own."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

# By kind, and by the word in small letters. Other words are shown as the cloud has them.
LABELS: Mapping[str, Mapping[str, Promise]] = {
    "status": {
        "ready": _("Ready"),
        "available": _("Available"),
        "creating": pgettext_lazy("status", "Creating"),
        "importing": pgettext_lazy("status", "Importing"),
        "deleting": pgettext_lazy("status", "Deleting"),
        "failed": _("Failed"),
        "error": _("Error"),
        "disabled": _("Disabled"),
    },
    "check": {
        "uncheck": _("Not checked"),
        "unchecked": _("Not checked"),
        "checked": _("Checked"),
        "checkfailed": _("Check failed"),
        "failed": _("Check failed"),
    },
    "job": {
        "createcimg": pgettext_lazy("job", "Creating"),
        "importcimg": pgettext_lazy("job", "Importing"),
        "deletecimg": pgettext_lazy("job", "Deleting"),
        "changecimgname": pgettext_lazy("job", "Renaming"),
    },
    "storage": {
        "enabled": _("Enabled"),
        "disabled": _("Disabled"),
        "connected": _("Connected"),
        "disconnected": _("Disconnected"),
    },
}


def label_of(word: str, kind: str) -> str:
    """Return how a word of the cloud reads; in English a known status keeps its spelling."""
    label = str(LABELS.get(kind, {}).get(word.casefold(), word))
    return word if label.casefold() == word.casefold() else label
