"""Quotas: how many things one person or one team may keep at a time.

They are far more than anyone needs, and few enough that nobody fills the database or everyone's
pages. Of two things created in the same moment both may pass: one more does no harm.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.utils.translation import gettext_lazy as _

QUOTAS = {"tokens": 500, "views": 200, "keys": 50, "displays": 100, "invitations": 100}
WORDS = {
    "tokens": _("You have reached the limit of %(most)d tokens. Delete one first."),
    "views": _("You have reached the limit of %(most)d saved views. Delete one first."),
    "keys": _("You have reached the limit of %(most)d API keys. Revoke one first."),
    "displays": _("The team has reached the limit of %(most)d display links. Revoke one first."),
    "invitations": _(
        "The team has reached the limit of %(most)d open invitations. Withdraw one first."
    ),
}


def refuse_beyond(kind: str, held: QuerySet[Any, Model]) -> None:
    """Raise ValidationError if as many are held as QUOTAS allows."""
    most = QUOTAS[kind]
    if held.count() >= most:
        raise ValidationError(WORDS[kind], params={"most": most})
