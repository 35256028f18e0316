"""What grows old by itself: lists, what is known of tokens, and what is kept for a time."""

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
from dashboard.tokens.models import SpareSecret, State, Token
from images import services
from images.history import recording

log = structlog.get_logger("dashboard.maintenance")

CHECK_EVERY = timedelta(hours=6)
# One that does not work may have been put right at the cloud.
CHECK_TROUBLE_EVERY = timedelta(minutes=15)
CHECKS_A_ROUND = 100
# An expired display link or API key is listed as such for this long.
EXPIRED_KEPT = timedelta(days=30)
# When the last round ended, on any machine. Kept for long: forgotten, it would not show as late.
LAST_ROUND = "dashboard.maintenance.last_round"
LAST_ROUND_KEPT = timedelta(days=30)


def keep_lists_warm(go_on: Callable[[], bool], within: float) -> int:
    """Read what people will come for before they come: the lists that are old, or will be `within`
    so many seconds, one token after the other, as long as `go_on` says so. How many were read.

    What a token cannot list holds up no other: it waits as after any failure.
    """
    read = 0
    for same in _tokens_to_keep_warm():
        if not go_on():
            break
        inventory = services.keep_warm(same[0][1], within=within)
        if inventory is None:
            continue
        read += 1
        verdict = services.verdict(inventory)
        for token, _ in same:
            lifecycle.note_verdict(token, verdict)
    return read


def _tokens_to_keep_warm() -> Iterable[list[tuple[Token, Credential]]]:
    """The tokens that were used lately, or are on a wall screen, those used last first; all that
    have the same secret together, as they have the same lists. One that was refused is among them,
    and waits as after any failure; one that never worked yet is left to `check_due_tokens`."""
    if not settings.REFRESH_USED_WITHIN_DAYS:
        return ()
    now = timezone.now()
    used = Q(last_used_at__gte=now - timedelta(days=settings.REFRESH_USED_WITHIN_DAYS))
    # A token that has left the team is not shown any more, see `access.display`.
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
    """Those that somebody may read with."""
    today = timezone.now().date()
    return Token.objects.filter(disabled_at=None).exclude(expires_on__lt=today)


def check_due_tokens(go_on: Callable[[], bool]) -> int:
    """Ask the cloud about the tokens that nobody has heard of for long, as long as `go_on` says so;
    how many were asked about. Those that nobody may read with are left alone."""
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
    """Delete the secrets, links, sessions and history whose time is over; how much that was."""
    now = timezone.now()
    over = (
        SpareSecret.objects.filter(until__lte=now),
        Invitation.objects.filter(expires_at__lte=now),
        Session.objects.filter(expire_date__lte=now),
        Display.objects.filter(expires_at__lte=now - EXPIRED_KEPT),
        ApiKey.objects.filter(expires_at__lte=now - EXPIRED_KEPT),
    )
    return sum(rows.delete()[0] for rows in over) + recording.prune()
