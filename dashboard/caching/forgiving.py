"""A cache that fails acts like an empty one.

Each backend fails in its own way (no network, a locked file, a full disk), and whoever asks a cache
has to do without an answer at times. So a failure costs speed, never a page. A cache that hangs is
left alone for a while, because each page would wait for it several times over.
"""

from __future__ import annotations

import time
from typing import Any

import structlog
from django.core.cache.backends.base import BaseCache

log = structlog.get_logger("dashboard.cache")

SLOW_SECONDS = 0.5  # a failure that took longer was a wait
REST_SECONDS = 5.0

# By location, because each thread has its own backend object and all have the same trouble.
_resting_until: dict[str, float] = {}


class Forgiving(BaseCache):
    """A cache that acts like an empty one, which stores nothing, where the backend below fails."""

    def __init__(self, location: str, params: dict[str, Any]) -> None:
        super().__init__(location, params)  # type: ignore[call-arg, arg-type]
        self._location = location

    def _attempt(self, operation: str, instead: Any, *args: Any, **kwargs: Any) -> Any:
        started = time.monotonic()
        if started < _resting_until.get(self._location, 0.0):
            return instead
        try:
            return getattr(super(), operation)(*args, **kwargs)
        except Exception as error:
            ended = time.monotonic()
            if ended - started > SLOW_SECONDS:
                _resting_until[self._location] = ended + REST_SECONDS
            log.warning("cache failed", operation=operation, error=repr(error))
            return instead

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        return self._attempt("get", default, key, default, version)

    def set(self, *args: Any, **kwargs: Any) -> None:
        self._attempt("set", None, *args, **kwargs)

    def add(self, key: Any, *args: Any, **kwargs: Any) -> bool:
        """Return True also if nothing can be stored: an unusable lock must keep nobody out."""
        for _ in range(2):
            if self._attempt("add", True, key, *args, **kwargs):
                return True
            if self.get(key) is not None:
                return False
        return True

    def touch(self, *args: Any, **kwargs: Any) -> bool:
        return bool(self._attempt("touch", False, *args, **kwargs))

    def delete(self, *args: Any, **kwargs: Any) -> bool:
        return bool(self._attempt("delete", False, *args, **kwargs))

    def incr(self, *args: Any, **kwargs: Any) -> Any:
        """Return the new number, or None where there is none."""
        return self._attempt("incr", None, *args, **kwargs)
