"""Audit entries for reads through the API."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.core.cache import cache
from django.http import HttpRequest

from dashboard.api_keys import keys
from dashboard.audit import trail
from dashboard.audit.models import Action
from dashboard.people import policy
from dashboard.tokens.models import Token

DAY = 86_400
MOST_REMEMBERED = 10_000

clock: Callable[[], float] = time.time

_noted: set[str] = set()  # the names that this process has asked the cache about


def forget() -> None:
    """Forget what this process has noted, as if it had just started."""
    _noted.clear()


def note_api_read(request: HttpRequest, token: Token) -> None:
    """Record a read through the API in the audit log, once a day for each reader and token.

    Scripts read all day long, so there is one entry for each day (UTC), token, and key or, where
    the request came without a key, person.
    """
    key = keys.of(request)
    reader = f"key:{key.pk}" if key else f"user:{policy.person(request).pk}"
    today = int(clock()) // DAY
    name = f"api-read:{reader}:{token.pk}:{today}"
    if name in _noted:
        return
    if len(_noted) >= MOST_REMEMBERED:
        _noted.clear()
    _noted.add(name)
    if cache.add(name, 1, 2 * DAY):
        subject = f"{token} ({key})" if key else str(token)
        trail.record(
            policy.actor(request),
            Action.API_READ,
            team=token.team,
            subject=subject,
            owner=token.owner,
        )
