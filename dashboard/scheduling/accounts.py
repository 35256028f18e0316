"""When each account is due to be read. An account is a distinct secret, whoever has stored it.

While somebody looks at it, an account is due when its lists are no longer fresh, else when they are
`INVENTORY_IDLE_SECONDS` old, and after a failure when its pause is over. Which of these it is the
service module says whenever it has read one (`images.services.signals.Schedule`).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from dashboard import maintenance
from dashboard.displays.models import Display
from dashboard.tokens import access
from dashboard.tokens.models import Token
from images.history import published
from images.services import freshness
from images.services.signals import Schedule

# Somebody looks at an account that was used no longer ago. An open page uses it once a minute.
WATCHED_FOR = timedelta(minutes=3)
# An account may be late by so much of its interval. Who has least of that left is read first.
MAY_BE_LATE = 1 / 3


@dataclass(frozen=True)
class Account:
    """An account, the tokens that have its secret, and when it is due (Unix seconds).

    `interval` is how often it is read. `is_slow` says that its last reading waited for an answer
    that did not come.
    """

    tokens: tuple[UUID, ...]
    due_at: float
    interval: float
    is_slow: bool

    @property
    def wanted_by(self) -> float:
        """Return when it is to be read at the latest (Unix seconds).

        It does not change while the account waits, nor does its place in a line by it.
        """
        return self.due_at + self.interval * MAY_BE_LATE


def accounts() -> list[Account]:
    """Return the accounts that are read without being asked for.

    A token that has never worked is left to `maintenance.check_due_tokens`.
    """
    same = defaultdict(list)
    for token in maintenance.in_use().exclude(last_ok_at=None):
        credential = access.stored(token)
        if credential:
            same[credential.cache_key].append(token)
    watched, schedules = _watched(), published.schedules()
    return [_account(tokens, watched, schedules.get(key)) for key, tokens in same.items()]


def lags() -> list[float]:
    """Return for how many seconds each account is overdue, in order; 0.0 for one that is not."""
    now = freshness.clock()
    return sorted(max(0.0, now - each.due_at) for each in accounts())


def due(within: float) -> list[Account]:
    """Return the accounts that are due, those first that may wait least.

    An account that somebody looks at is read `within` so many seconds before it is due.
    """
    now, fresh = freshness.clock(), settings.INVENTORY_FRESH_SECONDS
    found = [
        each
        for each in accounts()
        if each.due_at <= now + (within if each.interval == fresh else 0.0)
    ]
    return sorted(found, key=lambda each: each.wanted_by)


def _account(tokens: list[Token], watched: set[UUID], schedule: Schedule | None) -> Account:
    ids = tuple(token.pk for token in tokens)
    looked_at = not watched.isdisjoint(ids)
    interval = settings.INVENTORY_FRESH_SECONDS if looked_at else settings.INVENTORY_IDLE_SECONDS
    if schedule is None:  # It was never read.
        stored_at = min(token.changed_at for token in tokens).timestamp()
        return Account(ids, min(stored_at, freshness.clock()), interval, is_slow=False)
    due_at = schedule.due_at if looked_at else schedule.idle_due_at
    return Account(ids, due_at, interval, schedule.is_slow)


def _watched() -> set[UUID]:
    """Return the tokens that somebody looks at, or a wall shows."""
    since = timezone.now() - WATCHED_FOR
    used = Token.objects.filter(last_used_at__gte=since)
    screens = Display.objects.working().filter(last_seen_at__gte=since)
    of_teams = Token.objects.filter(team__in=screens.filter(token=None).values("team"))
    return {
        *used.values_list("pk", flat=True),
        *screens.exclude(token=None).values_list("token", flat=True),
        *of_teams.values_list("pk", flat=True),
    }
