"""The time when something was last used, written to its row at most once a minute."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Model, Q
from django.utils import timezone

STAMP_EVERY = timedelta(seconds=60)


def stamp(row: Model, field: str, **also: Any) -> None:
    """Set `field` of the row to now, and `also` with it, if it is empty or a minute old.

    There is no query while the row that was read says that it is not; of two requests at once one
    writes.
    """
    now, before = timezone.now(), getattr(row, field)
    if before is not None and now - before <= STAMP_EVERY:
        return
    due = Q(**{field: None}) | Q(**{f"{field}__lt": now - STAMP_EVERY})
    type(row)._default_manager.filter(due, pk=row.pk).update(**{field: now}, **also)
