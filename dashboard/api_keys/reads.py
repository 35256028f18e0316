"""What scripts read, written to the audit log."""

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

_noted: set[str] = set()  # what this process has asked the cache about already


def forget() -> None:
    """Drop what only this process knows, as one that has just started."""
    _noted.clear()


def note_api_read(request: HttpRequest, token: Token) -> None:
    """The API reads with the token. A script does so all day long: once a day (UTC) is written for
    each key, or person, and token."""
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
