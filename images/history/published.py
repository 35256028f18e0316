"""When the newest head of a key was published, kept where who writes to the cache cannot.

A head in the cache that is older was put back by somebody, and counts as missing.
"""

from __future__ import annotations

from typing import Any

from images.history.models import Published


def keep(sender: Any, key: str, asked_at: float, **named: Any) -> None:
    """Keep the moment (Unix seconds) in the place of the one before."""
    if not Published.objects.filter(key=key).update(asked_at=asked_at):
        Published.objects.bulk_create(
            [Published(key=key, asked_at=asked_at)], ignore_conflicts=True
        )


def newest(sender: Any, key: str, **named: Any) -> float:
    """Return the moment that was kept last (Unix seconds), 0.0 if none was."""
    return Published.objects.filter(key=key).values_list("asked_at", flat=True).first() or 0.0
