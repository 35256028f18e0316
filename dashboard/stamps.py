"""The time when something was last used, written to its row at most once a minute."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Model, Q, QuerySet
from django.utils import timezone

STAMP_EVERY = timedelta(seconds=60)


def stamp(rows: QuerySet[Any, Model], field: str, **also: Any) -> None:
    """Set `field` to now, and `also` with it, in rows where it is empty or a minute old."""
    now = timezone.now()
    due = Q(**{field: None}) | Q(**{f"{field}__lt": now - STAMP_EVERY})
    rows.filter(due).update(**{field: now}, **also)
