"""Scheduled maintenance: checking tokens, and deleting what has expired."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import structlog
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db.models import Q, QuerySet
from django.utils import timezone

from dashboard.api_keys.models import ApiKey
from dashboard.displays.models import Display
from dashboard.people.models import Invitation
from dashboard.tokens import lifecycle, vault
from dashboard.tokens.models import RotationSecret, State, Token
from dashboard.web import once
from images.history import recording
from images.services import lease

log = structlog.get_logger("dashboard.maintenance")

CHECK_EVERY = timedelta(hours=6)
# A token that does not work may have been repaired at the cloud.
CHECK_TROUBLE_EVERY = timedelta(minutes=15)
# A process that is told to stop ends its round first.
CHECKS_A_ROUND = 20
# Who checks; a process that hangs keeps others from it no longer.
CHECKING, CHECKING_SECONDS = "dashboard.checks", 900
# An expired or revoked display link or API key is listed as such for this long.
EXPIRED_KEPT = timedelta(days=30)
DELETED_AT_ONCE = 1000
# When it was last looked for what is due, on any machine. It is kept long: a lost time would not
# show as late.
LAST_ROUND = "dashboard.maintenance.last_round"
LAST_ROUND_KEPT = timedelta(days=30)


def in_use() -> QuerySet[Token]:
    """Return the tokens that somebody may read with."""
    today = timezone.now().date()
    return Token.objects.filter(disabled_at=None).exclude(expires_on__lt=today)


def check_due_tokens() -> int:
    """Ask the cloud about tokens not checked for long; return how many were asked about.

    Tokens that nobody may read with are left alone. Of several processes one is at it.
    """
    if not lease.take(CHECKING, CHECKING_SECONDS):
        return 0
    try:
        return _check_due_tokens()
    finally:
        lease.drop(CHECKING)


def _check_due_tokens() -> int:
    now = timezone.now()
    in_trouble = Q(checked_at__lt=now - CHECK_TROUBLE_EVERY) & ~Q(state=State.VALID)
    due = Q(checked_at=None) | Q(checked_at__lt=now - CHECK_EVERY) | in_trouble
    checked = 0
    for token in in_use().filter(due).order_by("checked_at")[:CHECKS_A_ROUND]:
        try:
            verdict = lifecycle.check_token(token)
        except vault.Unreadable:
            log.warning("token unreadable", token=str(token.pk))
            Token.objects.filter(pk=token.pk).update(checked_at=now)
            continue
        checked += 1
        if verdict.state == State.UNREACHABLE:
            break  # The cloud is unreachable, and each other token would wait for its deadline.
    return checked


def note_round() -> None:
    """Record for /metrics that it was looked for what is due."""
    cache.set(LAST_ROUND, timezone.now().timestamp(), int(LAST_ROUND_KEPT.total_seconds()))


def last_round() -> float | None:
    """Return when `note_round` was last called (Unix seconds), or None if that is not known."""
    found = cache.get(LAST_ROUND)
    return found if isinstance(found, float) else None


def prune() -> int:
    """Delete expired secrets, links, sessions and history; return how many were deleted."""
    once.forget_secrets()
    over = (*_over(timezone.now()), *recording.over(), once.over())
    return sum(delete(rows) for rows in over)


def _over(now: datetime) -> tuple[QuerySet[Any], ...]:
    return (
        RotationSecret.objects.filter(until__lte=now),
        Invitation.objects.filter(expires_at__lte=now),
        Session.objects.filter(expire_date__lte=now),
        Display.objects.filter(expires_at__lte=now - EXPIRED_KEPT),
        ApiKey.objects.filter(expires_at__lte=now - EXPIRED_KEPT),
    )


def delete(rows: QuerySet[Any]) -> int:
    """Delete rows, DELETED_AT_ONCE in a transaction, so that nobody waits long for one."""
    deleted = 0
    while some := list(rows.order_by().values_list("pk", flat=True)[:DELETED_AT_ONCE]):
        deleted += rows.filter(pk__in=some).delete()[0]
    return deleted
