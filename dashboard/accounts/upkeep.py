"""What grows old by itself: what is known of tokens, and what is kept for a time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import structlog
from django.core.cache import cache
from django.db.models import Q
from django.utils import timezone

from dashboard.accounts import history, tokens, vault
from dashboard.accounts.models import ApiKey, Display, Invitation, SpareSecret, State, Token

log = structlog.get_logger("dashboard.accounts")

CHECK_EVERY = timedelta(hours=6)
# One that does not work may have been put right at the cloud.
CHECK_TROUBLE_EVERY = timedelta(minutes=30)
CHECKS_A_ROUND = 100
# An expired display link or API key is listed as such for this long.
EXPIRED_KEPT = timedelta(days=30)
# When the last round ended, on any machine. Kept for long: forgotten, it would not show as late.
LAST_ROUND = "dashboard.accounts.upkeep.last_round"
LAST_ROUND_KEPT = timedelta(days=30)


def check_due_tokens(go_on: Callable[[], bool]) -> int:
    """Ask the cloud about the tokens that nobody has heard of for long, as long as `go_on` says so;
    how many were asked about. Those that nobody may read with are left alone."""
    now = timezone.now()
    in_trouble = Q(checked_at__lt=now - CHECK_TROUBLE_EVERY) & ~Q(state=State.VALID)
    due = Q(checked_at=None) | Q(checked_at__lt=now - CHECK_EVERY) | in_trouble
    in_use = Token.objects.filter(disabled_at=None).exclude(expires_on__lt=now.date())
    checked = 0
    for token in in_use.filter(due).order_by("checked_at")[:CHECKS_A_ROUND]:
        if not go_on():
            break
        try:
            verdict = tokens.check_token(token)
        except vault.Unreadable:
            log.warning("token unreadable", token=str(token.pk))
            Token.objects.filter(pk=token.pk).update(checked_at=now)
            continue
        checked += 1
        if verdict.state == State.UNREACHABLE:
            break  # The cloud is away: it would be so for the others, one deadline each.
    return checked


def note_round() -> None:
    """A round has ended, as /metrics tells."""
    cache.set(LAST_ROUND, timezone.now().timestamp(), int(LAST_ROUND_KEPT.total_seconds()))


def last_round() -> float | None:
    """When a round last ended (Unix seconds); None where that is not known."""
    found = cache.get(LAST_ROUND)
    return found if isinstance(found, float) else None


def prune() -> int:
    """Delete the secrets, links and history whose time is over; how much that was."""
    now = timezone.now()
    over = (
        SpareSecret.objects.filter(until__lte=now),
        Invitation.objects.filter(expires_at__lte=now),
        Display.objects.filter(expires_at__lte=now - EXPIRED_KEPT),
        ApiKey.objects.filter(expires_at__lte=now - EXPIRED_KEPT),
    )
    return sum(rows.delete()[0] for rows in over) + history.prune()
