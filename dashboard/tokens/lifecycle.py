"""Adding, editing, disabling and checking tokens, for pages and commands alike.

The cloud is asked about a secret before it is stored, and a bad secret never replaces a good one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from uuid import UUID

import structlog
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from dashboard.audit.models import Action
from dashboard.audit.trail import Actor
from dashboard.people.models import Team, User
from dashboard.stamps import STAMP_EVERY
from dashboard.tokens import vault
from dashboard.tokens.models import State, Token
from images import services
from images.services.verification import Verdict, verify

log = structlog.get_logger("dashboard.tokens")

# What the cloud said of a new secret -> the state it is stored with. A refused one is not stored.
STORED_AS = {
    "valid": State.VALID,
    "forbidden": State.FORBIDDEN,
    "unverified": State.UNVERIFIED,
    "unreachable": State.UNVERIFIED,
}
# The fields that `set_secret` changes. All others may have changed while the cloud was asked.
OF_THE_SECRET = (
    *("sealed", "last_four", "regions", "state", "reason", "request_id"),
    *("changed_at", "checked_at", "last_ok_at", "last_failed_at"),
)
REASON_LENGTH = 500
# So many secrets are asked about side by side, each in some of its regions.
ASKED_AT_ONCE = 8
REQUEST_ID_LENGTH = 100
# The end of a shorter secret would give too much of it away.
SHORTEST_SHOWN = 12


class LabelTaken(Exception):
    """Raised where the owner already has a token with that label."""


def add_token(
    owner: User,
    label: str,
    secret: str,
    *,
    by: Actor,
    team: Team | None = None,
    expires_on: date | None = None,
    along: Callable[[], None] | None = None,
) -> tuple[Token | None, Verdict]:
    """Store a new token and return it with the cloud's verdict.

    A token that the cloud refuses is not stored; None is returned for it. `along` is called in the
    transaction that stores it. Raise LabelTaken if the owner has one with this label.
    """
    verdict = verified(secret)
    token = Token(owner=owner, label=label, team=team, expires_on=expires_on)
    return (token if store_token(token, secret, verdict, by=by, along=along) else None), verdict


def store_token(
    token: Token,
    secret: str,
    verdict: Verdict,
    *,
    by: Actor,
    along: Callable[[], None] | None = None,
) -> bool:
    """Store a new token with its secret, of which the cloud said `verdict`.

    Return False for one that the cloud refuses, which is not stored. Raise LabelTaken if the owner
    has one with this label.
    """
    if verdict.state not in STORED_AS:
        log.info("token not added", owner=token.owner_id, state=verdict.state)
        token.note(by, Action.TOKEN_ADD, result=verdict.state)
        return False
    set_secret(token, secret, verdict)
    try:
        with transaction.atomic():
            token.save(force_insert=True)
            token.note(by, Action.TOKEN_ADD)
            if along:
                along()
    except IntegrityError:
        raise LabelTaken from None
    said = {"token": str(token.pk), "owner": token.owner_id, "state": token.state}
    transaction.on_commit(lambda: log.info("token added", **said))
    return True


def accepts(token: Token, verdict: Verdict) -> bool:
    """Return whether a secret with this verdict may replace the one that is stored.

    A bad secret never replaces a good one.
    """
    has_good = token.is_good and vault.is_readable(token.sealed, token.pk)
    return verdict.state in STORED_AS and (not has_good or verdict.state == State.VALID)


@transaction.atomic
def edit_token(
    token: Token, label: str, *, team: Team | None, expires_on: date | None, by: Actor
) -> None:
    """Change a token's label, team and last day.

    When it leaves a team, its display links and the API keys that others read with are revoked.
    Raise LabelTaken if the owner has another token with this label.
    """
    left = token.team is not None and token.team != team
    if left:
        token.note(by, Action.TOKEN_LEAVE_TEAM)
        token.revoke_displays(by=by)
    token.label, token.team, token.expires_on = label, team, expires_on
    try:
        with transaction.atomic():
            token.save(update_fields=["label", "team", "expires_on"])
    except IntegrityError:
        raise LabelTaken from None
    token.note(by, Action.TOKEN_EDIT)
    if left:
        token.revoke_lapsed_keys(by=by)


@transaction.atomic
def disable_token(token: Token, *, by: Actor) -> None:
    """Keep everyone from reading with the token until it is enabled; it stays stored."""
    token.disabled_at = timezone.now()
    token.save(update_fields=["disabled_at"])
    token.note(by, Action.TOKEN_DISABLE)


@transaction.atomic
def enable_token(token: Token, *, by: Actor) -> None:
    token.disabled_at = None
    token.save(update_fields=["disabled_at"])
    token.note(by, Action.TOKEN_ENABLE)


def verified(secret: str) -> Verdict:
    """Return what the cloud says of a secret now.

    If it works, an earlier refusal is forgotten, so that its lists are read again at once.
    """
    return _heeded(secret, verify(secret))


def verified_together(secrets: Sequence[str]) -> list[Verdict]:
    """Return the same of each of many secrets, some of which are asked about side by side."""
    with ThreadPoolExecutor(ASKED_AT_ONCE, thread_name_prefix="verify") as pool:
        verdicts = list(pool.map(verify, secrets))
    return [_heeded(secret, verdict) for secret, verdict in zip(secrets, verdicts, strict=True)]


def _heeded(secret: str, verdict: Verdict) -> Verdict:
    if verdict.state == State.VALID:
        services.forget_refusal(vault.cache_key(secret))
    return verdict


def check_token(token: Token) -> Verdict:
    """Ask the cloud about a stored token now; raise vault.Unreadable if it cannot be decrypted."""
    verdict = verified(vault.unseal(token.sealed, token.pk))
    record_outcome(token.pk, token.sealed, verdict)
    known = {"regions": regions_of(verdict)} if verdict.regions else {}
    _with_secret(token.pk, token.sealed).update(checked_at=timezone.now(), **known)
    return verdict


def _with_secret(token_id: UUID, sealed: str) -> QuerySet[Token]:
    """Select the token while it has that very secret.

    What the cloud said of a secret that was replaced meanwhile says nothing about the new one.
    """
    return Token.objects.filter(pk=token_id, sealed=sealed)


def record_outcome(token_id: UUID, sealed: str, outcome: Verdict) -> None:
    """Record what the cloud said of the token's secret, the same at most once a minute."""
    now = timezone.now()
    stamp = "last_ok_at" if outcome.state == State.VALID else "last_failed_at"
    reason = outcome.reason[:REASON_LENGTH]
    old_news = Q(state=outcome.state, reason=reason, **{f"{stamp}__gt": now - STAMP_EVERY})
    rows = _with_secret(token_id, sealed).exclude(old_news)
    if outcome.state == State.UNREACHABLE:
        # A cloud that does not answer takes no refusal back.
        rows = rows.exclude(state__in=[State.REFUSED, State.FORBIDDEN])
    rows.update(
        state=outcome.state,
        reason=reason,
        request_id=outcome.request_id[:REQUEST_ID_LENGTH],
        checked_at=now,
        **{stamp: now},
    )


def note_verdict(token: Token, verdict: Verdict | None) -> None:
    """Record what the cloud said of a token that was read with, if that is new."""
    if verdict is None:
        return
    if verdict.state != token.state:
        record_outcome(token.pk, token.sealed, verdict)
    elif verdict.listed_at:
        _note_use(token, datetime.fromtimestamp(verdict.listed_at, UTC))
    regions = regions_of(verdict)
    if regions and regions != token.regions:
        _with_secret(token.pk, token.sealed).update(regions=regions)


def _note_use(token: Token, listed_at: datetime) -> None:
    """Record that a list was read with the token then, if that is news of a minute or more."""
    before = listed_at - STAMP_EVERY
    if token.last_ok_at is None or token.last_ok_at < before:
        older = Q(last_ok_at=None) | Q(last_ok_at__lt=before)
        _with_secret(token.pk, token.sealed).filter(older).update(last_ok_at=listed_at)


def last_four(secret: str) -> str:
    return secret[-4:] if len(secret) >= SHORTEST_SHOWN else ""


def regions_of(verdict: Verdict) -> list[dict[str, str | bool | None]]:
    """Return the verdict's regions in the form of `Token.regions`."""
    return [{"id": each.id, "name": each.name, "ok": each.ok} for each in verdict.regions]


def set_secret(token: Token, secret: str, verdict: Verdict) -> None:
    """Set the secret and what the cloud said of it on the token, without saving its row."""
    now = timezone.now()
    token.sealed = vault.seal(secret, token.pk)
    token.last_four = last_four(secret)
    token.regions = regions_of(verdict)
    token.state = STORED_AS[verdict.state]
    token.reason = verdict.reason[:REASON_LENGTH]
    token.request_id = verdict.request_id[:REQUEST_ID_LENGTH]
    token.changed_at = token.checked_at = now
    works = token.state == State.VALID
    token.last_ok_at, token.last_failed_at = (now, None) if works else (None, now)
