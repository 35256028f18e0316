"""Limits on how often, and how much at once, one person may ask for what is expensive.

They hold over all worker processes, and for whatever a person asks with: a session or any number of
API keys.

Each worker counts requests by itself, and adds its count to the one in the cache every so many
requests, so that most requests do not pay for writing. So slightly more than the limit may get
through, up to one share per worker. Where the cache does not answer there is no limit.

The header fields are those of draft-ietf-httpapi-ratelimit-headers-10: `RateLimit-Policy` and
`RateLimit`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from cachetools import TTLCache
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import ngettext

from dashboard.web.back import back
from dashboard.web.problems import Problem, respond
from dashboard.web.routes import checks_a_token, is_api, is_export
from images.services import lease

Handler = Callable[[HttpRequest], HttpResponseBase]

WINDOW = 60
SHARES = 50  # a worker adds its count to the shared one after every 1/SHARES of the limit

clock: Callable[[], float] = time.time


@dataclass
class Count:
    """One worker's count of one reader's requests in the current minute.

    `shared` is the count of all workers when it was last read, None where no cache answers;
    `untold` are this worker's requests since.
    """

    window: int
    shared: int | None = None
    untold: int = 0


_counts: TTLCache[str, Count] = TTLCache(1_000_000, WINDOW, timer=lambda: clock())
_lock = threading.Lock()


# An export's place is free again after this many seconds at the latest, however slowly it is read.
LONGEST_EXPORT = 900


def rate_limits(get_response: Handler) -> Handler:
    """Answer 429 beyond API_REQUESTS_PER_MINUTE or TOKEN_CHECKS_PER_MINUTE."""

    def handle(request: HttpRequest) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return get_response(request)
        if is_api(request):
            return _limited_api(request, get_response)
        if checks_a_token(request):
            limit, now = settings.TOKEN_CHECKS_PER_MINUTE, clock()
            if used_by(f"token-checks:{request.user.pk}", limit, now) > limit:
                said = ngettext(
                    "You checked more than %(limit)s token in a minute. Try again in %(left)s s.",
                    "You checked more than %(limit)s tokens in a minute. Try again in %(left)s s.",
                    limit,
                )
                left = _seconds_left(now)
                return _refused_page(request, said % {"limit": limit, "left": left}, left)
        return get_response(request)

    return handle


def _limited_api(request: HttpRequest, get_response: Handler) -> HttpResponseBase:
    limit, now = settings.API_REQUESTS_PER_MINUTE, clock()
    used, left = used_by(f"api-requests:{request.user.pk}", limit, now), _seconds_left(now)
    response = _refused(limit, left) if used > limit else get_response(request)
    response["RateLimit-Policy"] = f'"requests";q={limit};w={WINDOW}'
    response["RateLimit"] = f'"requests";r={max(0, limit - used)};t={left}'
    return response


def _seconds_left(now: float) -> int:
    return WINDOW - int(now) % WINDOW


def _refused_page(request: HttpRequest, said: str, left: int) -> HttpResponseBase:
    context = {"said": said, "back": back(request)}
    response = render(request, "429.html", context, status=429)
    response["Retry-After"] = str(left)
    return response


def _refused_file(said: str, left: int) -> HttpResponseBase:
    problem = Problem(429, "too-many-exports", said)
    problem.headers["Retry-After"] = str(left)
    return respond(problem)


def export_slots(get_response: Handler) -> Handler:
    """Let one person make no more than EXPORTS_AT_ONCE files at a time.

    Each takes a worker's time from everyone's pages for as long as it lasts.
    """

    def handle(request: HttpRequest) -> HttpResponseBase:
        if not is_export(request) or not request.user.is_authenticated:
            return get_response(request)
        slot = _free_slot(request.user.pk)
        if slot is None:
            said = ngettext(
                "You have %(count)s export in progress. Try again when it is finished.",
                "You have %(count)s exports in progress. Try again when one is finished.",
                settings.EXPORTS_AT_ONCE,
            )
            said %= {"count": settings.EXPORTS_AT_ONCE}
            return _refused_file(said, 5) if is_api(request) else _refused_page(request, said, 5)
        response = get_response(request)
        if isinstance(response, StreamingHttpResponse):
            response.streaming_content = _Sending(response.streaming_content, slot)
        else:
            lease.drop(slot)
        return response

    return handle


def _free_slot(person: int) -> str | None:
    slots = (f"export:{person}:{number}" for number in range(settings.EXPORTS_AT_ONCE))
    return next((slot for slot in slots if lease.take(slot, LONGEST_EXPORT)), None)


class _Sending:
    """The content of a response, which frees its slot when the server closes the response.

    The server does that when all was sent, and also when the rest never will be.
    """

    def __init__(self, content: Any, slot: str) -> None:
        self._content, self._slot = content, slot

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._content)

    def close(self) -> None:
        lease.drop(self._slot)


def used_by(reader: str, limit: int, now: float) -> int:
    """Return how many requests the reader has made in this minute, with this one; 0 if unknown."""
    window, share = int(now) // WINDOW, max(1, limit // SHARES)
    with _lock:
        count = _counts.get(reader)
        if count is None or count.window != window:
            count = _counts[reader] = Count(window)
        count.untold += 1
        if count.shared is None or count.untold >= share:
            untold, count.untold = count.untold, 0
        else:
            return count.shared + count.untold
    # Outside of the lock, because a cache may take its time.
    shared = _told(f"{reader}:{window}", untold)
    with _lock:
        count.shared = shared
    return shared or 0


def _told(name: str, untold: int) -> int | None:
    cache.add(name, 0, 2 * WINDOW)
    count: int | None = cache.incr(name, untold)
    return count


def forget() -> None:
    """Forget what this process has counted, as if it had just started."""
    with _lock:
        _counts.clear()


def _refused(limit: int, left: int) -> HttpResponseBase:
    said = ngettext(
        "More than %(limit)s request in a minute. Try again in %(left)s s.",
        "More than %(limit)s requests in a minute. Try again in %(left)s s.",
        limit,
    )
    problem = Problem(429, "too-many-requests", said % {"limit": limit, "left": left})
    problem.headers["Retry-After"] = str(left)
    return respond(problem)
