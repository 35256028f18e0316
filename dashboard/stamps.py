"""What a visit leaves in the database by the way, such as when a thing was last used."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import structlog
from django.db import DatabaseError
from django.db.models import Model, Q
from django.utils import timezone

log = structlog.get_logger("dashboard.stamps")

STAMP_EVERY = timedelta(seconds=60)


@contextmanager
def by_the_way() -> Iterator[None]:
    """Write what nobody asked for: a database that refuses it costs a line in the log, no page."""
    try:
        yield
    except DatabaseError as error:
        log.error("not noted", failure=repr(error))


def stamp(row: Model, field: str, **also: Any) -> None:
    """Set `field` of the row to now, and `also` with it, if it is empty or a minute old.

    There is no query while the row that was read says that it is not; of two requests at once one
    writes.
    """
    stamp_all([row], field, **also)


def stamp_all(rows: Sequence[Model], field: str, **also: Any) -> None:
    """Do the same with several rows of a table, in one query."""
    now = timezone.now()
    old = [row for row in rows if (at := getattr(row, field)) is None or now - at > STAMP_EVERY]
    if not old:
        return
    due = Q(**{field: None}) | Q(**{f"{field}__lt": now - STAMP_EVERY})
    with by_the_way():
        found = type(old[0])._default_manager.filter(due, pk__in=[row.pk for row in old])
        found.update(**{field: now}, **also)
