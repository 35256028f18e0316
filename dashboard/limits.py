"""How many requests of the API one key, or one person, may make in a minute, over all workers.

Each worker counts for itself and tells the others, through the cache, every so many requests: most
requests do not pay for writing. So a few more than the limit get through, one share a worker. Where
the cache does not answer there is no limit.

The fields are those of draft-ietf-httpapi-ratelimit-headers-10: `RateLimit-Policy` and `RateLimit`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import ngettext

from dashboard.problems import Problem, is_api, respond

Handler = Callable[[HttpRequest], HttpResponseBase]

WINDOW = 60
SHARES = 50  # the limit in this many parts, each of which is told to the others

clock: Callable[[], float] = time.time


@dataclass
class Count:
    """What this worker knows of one reader in the current minute: `shared` by all when it was last
    told, `untold` made here since. None where no cache answers."""

    window: int
    shared: int | None = None
    untold: int = 0


_counts: dict[str, Count] = {}
_lock = threading.Lock()


def api_limits(get_response: Handler) -> Handler:
    def handle(request: HttpRequest) -> HttpResponseBase:
        reader = _reader(request) if is_api(request) else None
        if reader is None:
            return get_response(request)
        limit, now = settings.API_REQUESTS_PER_MINUTE, clock()
        used, left = used_by(reader, limit, now), WINDOW - int(now) % WINDOW
        response = _refused(limit, left) if used > limit else get_response(request)
        response["RateLimit-Policy"] = f'"requests";q={limit};w={WINDOW}'
        response["RateLimit"] = f'"requests";r={max(0, limit - used)};t={left}'
        return response

    return handle


def _reader(request: HttpRequest) -> str | None:
    key = getattr(request, "api_key", None)
    if key is not None:
        return f"key:{key.pk}"
    return f"user:{request.user.pk}" if request.user.is_authenticated else None


def used_by(reader: str, limit: int, now: float) -> int:
    """How many requests that reader has made in this minute, with this one; 0 if nobody knows."""
    window, share = int(now) // WINDOW, max(1, limit // SHARES)
    with _lock:
        count = _counts.get(reader)
        if count is None or count.window != window:
            _forget_before(window)
            count = _counts[reader] = Count(window)
        count.untold += 1
        if count.shared is None or count.untold >= share:
            untold, count.untold = count.untold, 0
        else:
            return count.shared + count.untold
    # Not under the lock: a cache may take its time.
    shared = _told(f"api-requests:{reader}:{window}", untold)
    with _lock:
        count.shared = shared
    return shared or 0


def _told(name: str, untold: int) -> int | None:
    cache.add(name, 0, 2 * WINDOW)
    count: int | None = cache.incr(name, untold)
    return count


def _forget_before(window: int) -> None:
    for reader in [each for each, count in _counts.items() if count.window < window]:
        del _counts[reader]


def forget() -> None:
    """Drop what only this process knows, as one that has just started."""
    with _lock:
        _counts.clear()


def _refused(limit: int, left: int) -> HttpResponseBase:
    said = ngettext(
        "More than %(limit)s request in a minute. Go on in %(left)s s.",
        "More than %(limit)s requests in a minute. Go on in %(left)s s.",
        limit,
    )
    problem = Problem(429, "too-many-requests", said % {"limit": limit, "left": left})
    problem.headers["Retry-After"] = str(left)
    return respond(problem)
