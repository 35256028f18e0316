"""How many calls a second all processes together make of the cloud; people's come first.

A call takes a place in the present second, of which there are `UPSTREAM_CALLS_PER_SECOND`. Where a
person waits for it, it may borrow one of the seconds to come; a reading that nobody asked for waits
until there is a second with a place left. So on average there are never more calls than set, and
people who come to a quiet cloud get what they want at once.

The places are counted in Django's cache. Where that counts nothing, each process has all of them.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar

from django.conf import settings
from django.core.cache import cache

from images.cloud.deadline import Deadline

# How many seconds ahead a person's calls borrow.
AHEAD_SECONDS = 5
KEPT_SECONDS = 60

clock: Callable[[], float] = time.time
pause: Callable[[float], None] = time.sleep

_in_background: ContextVar[bool] = ContextVar("in background", default=False)
_lock = threading.Lock()
_own: Counter[int] = Counter()


@contextmanager
def background() -> Iterator[None]:
    """Nobody waits for the calls that are made within."""
    before = _in_background.set(True)
    try:
        yield
    finally:
        _in_background.reset(before)


def permits() -> Callable[[Deadline], None]:
    """Return what waits for a place for one call; the deadline stands still meanwhile."""
    ahead = 0 if _in_background.get() else AHEAD_SECONDS

    def permit(deadline: Deadline) -> None:
        if settings.UPSTREAM_CALLS_PER_SECOND and not _take_place(ahead):
            with deadline.stopped():
                while not _take_place(ahead):
                    # Those who wait do not all come at once. Jitter guards nothing.
                    pause(1 - clock() % 1 + random.uniform(0, 0.2))  # noqa: S311

    return permit


def used() -> float | None:
    """Return which part of the last second's places were taken; None where it is not counted."""
    if not settings.UPSTREAM_CALLS_PER_SECOND:
        return None
    count = cache.get(_name(int(clock()) - 1))
    return min(1.0, (count or 0) / settings.UPSTREAM_CALLS_PER_SECOND)


def _take_place(ahead: int) -> bool:
    now, places = int(clock()), settings.UPSTREAM_CALLS_PER_SECOND
    # One thread at a time, or they would get in each other's way at the same number.
    with _lock:
        return any(_count(second) <= places for second in range(now, now + ahead + 1))


def _count(second: int) -> int:
    """Count one more in that second, which may be one too many; return how many that are."""
    with suppress(ValueError):  # The cache has lost it again.
        cache.add(_name(second), 0, KEPT_SECONDS)
        count: int | None = cache.incr(_name(second))
        if count is not None:
            return count
    for old in [each for each in _own if each < second - KEPT_SECONDS]:
        del _own[old]
    _own[second] += 1
    return _own[second]


def _name(second: int) -> str:
    return f"images.calls:{second}"


def forget() -> None:
    """Forget what this process has counted by itself, as one that has just started."""
    _own.clear()
