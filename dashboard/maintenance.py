"""Scheduled maintenance: reading lists, checking tokens, and deleting what has expired."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import timedelta

import structlog
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from dashboard.api_keys.models import ApiKey
from dashboard.displays.models import Display
from dashboard.people.models import Invitation
from dashboard.tokens import access, lifecycle, vault
from dashboard.tokens.access import Credential
from dashboard.tokens.models import RotationSecret, State, Token
from dashboard.web import once
from images import services
from images.history import recording
from images.services.verification import known_verdict

log = structlog.get_logger("dashboard.maintenance")

CHECK_EVERY = timedelta(hours=6)
# A token that does not work may have been repaired at the cloud.
CHECK_TROUBLE_EVERY = timedelta(minutes=15)
CHECKS_A_ROUND = 100
# An expired or revoked display link or API key is listed as such for this long.
EXPIRED_KEPT = timedelta(days=30)
# When the last round ended, on any machine. It is kept long: a lost time would not show as late.
LAST_ROUND = "dashboard.maintenance.last_round"
LAST_ROUND_KEPT = timedelta(days=30)


def keep_lists_warm(go_on: Callable[[], bool], within: float) -> int:
    """Read lists before people come for them; return how many inventories were read.

    These are the lists that are stale, or will be `within` so many seconds, one token after the
    other while `go_on` returns true. What a token cannot list delays no other: it waits like after
    any failure.
    """
    read = 0
    for same in _tokens_to_keep_warm():
        if not go_on():
            break
        inventory = services.keep_warm(same[0][1], within=within)
        if inventory is None:
            continue
        read += 1
        verdict = known_verdict(inventory)
        for token, _ in same:
            lifecycle.note_verdict(token, verdict)
    return read


def _tokens_to_keep_warm() -> Iterable[list[tuple[Token, Credential]]]:
    """Return the tokens used lately or shown on a wall screen, those used last first.

    Tokens with the same secret are together, because they have the same lists. A refused token is
    among them, and waits like after any failure; one that has never worked is left to
    `check_due_tokens`.
    """
    if not settings.REFRESH_USED_WITHIN_DAYS:
        return ()
    now = timezone.now()
    used = Q(last_used_at__gte=now - timedelta(days=settings.REFRESH_USED_WITHIN_DAYS))
    # A display link ends when its token leaves the team, see `displays.links.opened`.
    screens = Display.objects.filter(token=OuterRef("pk"), team=OuterRef("team"))
    shown = Exists(screens.filter(expires_at__gt=now))
    chosen = _in_use().filter(used | shown).order_by(F("last_used_at").desc(nulls_last=True))
    by_secret = defaultdict(list)
    for token in chosen:
        credential = access.stored(token) if token.last_ok_at else None
        if credential:
            by_secret[credential.cache_key].append((token, credential))
    return by_secret.values()


def _in_use() -> QuerySet[Token]:
    """Return the tokens that somebody may read with."""
    today = timezone.now().date()
    return Token.objects.filter(disabled_at=None).exclude(expires_on__lt=today)


def check_due_tokens(go_on: Callable[[], bool]) -> int:
    """Ask the cloud about tokens not checked for long; return how many were asked about.

    It goes on while `go_on` returns true. Tokens that nobody may read with are left alone.
    """
    now = timezone.now()
    in_trouble = Q(checked_at__lt=now - CHECK_TROUBLE_EVERY) & ~Q(state=State.VALID)
    due = Q(checked_at=None) | Q(checked_at__lt=now - CHECK_EVERY) | in_trouble
    checked = 0
    for token in _in_use().filter(due).order_by("checked_at")[:CHECKS_A_ROUND]:
        if not go_on():
            break
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
    """Record for /metrics that a round has ended."""
    cache.set(LAST_ROUND, timezone.now().timestamp(), int(LAST_ROUND_KEPT.total_seconds()))


def last_round() -> float | None:
    """Return when a round last ended (Unix seconds), or None if that is not known."""
    found = cache.get(LAST_ROUND)
    return found if isinstance(found, float) else None


def prune() -> int:
    """Delete expired secrets, links, sessions and history; return how many were deleted."""
    now = timezone.now()
    over = (
        RotationSecret.objects.filter(until__lte=now),
        Invitation.objects.filter(expires_at__lte=now),
        Session.objects.filter(expire_date__lte=now),
        Display.objects.filter(expires_at__lte=now - EXPIRED_KEPT),
        ApiKey.objects.filter(expires_at__lte=now - EXPIRED_KEPT),
    )
    return sum(rows.delete()[0] for rows in over) + recording.prune() + once.prune()
