"""When something was last used, noted in its row no more often than once a minute."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Model, Q, QuerySet
from django.utils import timezone

STAMP_EVERY = timedelta(seconds=60)


def stamp(rows: QuerySet[Any, Model], field: str, **also: Any) -> None:
    """Set the time `field` of the rows to now, and what is to change with it, where that is due."""
    now = timezone.now()
    due = Q(**{field: None}) | Q(**{f"{field}__lt": now - STAMP_EVERY})
    rows.filter(due).update(**{field: now}, **also)
