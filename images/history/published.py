"""When the newest head of a key was published, kept where who writes to the cache cannot.

A head in the cache that is older was put back by somebody, and counts as missing. Kept with it is
when its lists are due again, for whoever reads them before people come for them.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from images.history.models import Published
from images.services.signals import Schedule


def keep(sender: Any, key: str, schedule: Schedule, **named: Any) -> None:
    """Keep the schedule in the place of those before."""
    if not Published.objects.filter(key=key).update(**asdict(schedule)):
        new = Published(key=key, **asdict(schedule))
        Published.objects.bulk_create([new], ignore_conflicts=True)


def newest(sender: Any, key: str, **named: Any) -> float:
    """Return the moment that was kept last (Unix seconds), 0.0 if none was."""
    return Published.objects.filter(key=key).values_list("asked_at", flat=True).first() or 0.0


def schedules() -> dict[str, Schedule]:
    """Return what is kept of every account, by its key."""
    rows = Published.objects.values_list("key", "asked_at", "due_at", "idle_due_at", "is_slow")
    return {key: Schedule(*rest) for key, *rest in rows.iterator()}  # type: ignore[arg-type]
