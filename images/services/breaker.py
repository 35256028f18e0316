"""Whether the cloud is asked at all: not while it answers nobody, but for one who tries.

What counts is whole readings, of whatever account: a cloud that lets one account wait answers the
others. The count is in Django's cache; where that counts nothing, everyone asks.
"""

from __future__ import annotations

from contextlib import suppress

from django.core.cache import cache

# So many readings in a row without any answer, of all processes together.
SILENT_READINGS = 10
# How long that is remembered without another one, and how often somebody tries, in seconds.
KEPT_SECONDS, PROBE_SECONDS = 300, 5
SILENT, PROBE = "images.silent-readings", "images.probe"


def is_open() -> bool:
    """Return whether the cloud has answered nobody for so long that it is not asked."""
    return (cache.get(SILENT) or 0) >= SILENT_READINGS


def lets_ask() -> bool:
    """Return whether the caller may ask: anyone, or while the breaker is open, one at a time."""
    return not is_open() or bool(cache.add(PROBE, 1, PROBE_SECONDS))


def note(*, answered: bool) -> None:
    """Note how a reading ended: whether the cloud answered anything, be it a refusal."""
    if not answered:
        with suppress(ValueError):  # The cache has lost it again.
            cache.add(SILENT, 0, KEPT_SECONDS)
            cache.incr(SILENT)
    elif cache.get(SILENT) is not None:
        cache.delete(SILENT)
