"""Rotation of a token's secret: offer, compare, switch, restore.

A token has at most two second secrets: the next one, which is being compared, and the previous one,
which is kept for a day. When either is put in use, the secret it replaces becomes the previous one.
Every step asks the cloud first, and a bad secret never replaces a good one.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import structlog
from django.db import transaction
from django.utils import timezone

from dashboard.audit.models import Action
from dashboard.audit.trail import Actor
from dashboard.tokens import vault
from dashboard.tokens.lifecycle import (
    OF_THE_SECRET,
    accepts,
    last_four,
    set_secret,
    verified,
)
from dashboard.tokens.models import RotationSecret, Token
from images.services.verification import Verdict

log = structlog.get_logger("dashboard.tokens")

Kind = RotationSecret.Kind

# How long the next secret may be switched to, and the previous one restored.
KEPT = {Kind.NEXT: timedelta(minutes=15), Kind.PREVIOUS: timedelta(hours=24)}


class SameSecret(Exception):
    """Raised if the offered secret is the one that is stored already."""


class Gone(Exception):
    """Raised if someone used the second secret, or replaced the stored one, in the meantime."""


def find(token: Token, kind: Kind) -> RotationSecret | None:
    """Return the token's next or previous secret, unless it has expired or is unreadable."""
    found = token.rotation_secrets.filter(kind=kind, until__gt=timezone.now()).first()
    return found if found and vault.is_readable(found.sealed, found.pk) else None


def holds(token: Token, secret: str) -> bool:
    """Return whether this is the secret that the token has."""
    readable = vault.is_readable(token.sealed, token.pk)
    return readable and secret == vault.unseal(token.sealed, token.pk)


def offer(token: Token, secret: str, *, by: Actor) -> tuple[bool, Verdict]:
    """Store a secret as the next one, to be compared with the one in use.

    Return whether it is stored, and the cloud's verdict, which may not allow the replacement. Raise
    SameSecret if it is the one in use.
    """
    if holds(token, secret):
        raise SameSecret
    verdict = verified(secret)
    if not accepts(token, verdict):
        log.info("token not replaced", token=str(token.pk), state=verdict.state)
        token.note(by, Action.TOKEN_OFFER, result=verdict.state)
        return False, verdict
    with transaction.atomic():
        # Of two who offer one at once, the later one waits and replaces what the other offered.
        Token.objects.select_for_update().filter(pk=token.pk).first()
        _keep(token, secret, Kind.NEXT)
        token.note(by, Action.TOKEN_OFFER)
    return True, verdict


def use(
    token: Token, other: RotationSecret, *, by: Actor, along: Callable[[], None] | None = None
) -> tuple[bool, Verdict]:
    """Put the next or previous secret in use, and keep the one that it replaces.

    Return whether it is in use, and the cloud's verdict, which may not allow the replacement.
    `along` is called in the transaction that puts it in use. Raise Gone if the secrets have changed
    in the meantime.
    """
    secret = vault.unseal(other.sealed, other.pk)
    verdict = verified(secret)
    action = Action.TOKEN_SWITCH if other.kind == Kind.NEXT else Action.TOKEN_TAKE_BACK
    if _is_refused(token, verdict, action, by=by):
        return False, verdict
    with transaction.atomic():
        _claim(token, other)
        _put_in_use(token, secret, verdict, action, by=by)
        if along:
            along()
    return True, verdict


@transaction.atomic
def replace(token: Token, secret: str, verdict: Verdict, *, by: Actor) -> bool:
    """Put a new secret in use, of which the cloud said `verdict`, and keep the one it replaces.

    Return False if the verdict does not allow that.
    """
    if _is_refused(token, verdict, Action.TOKEN_SWITCH, by=by):
        return False
    _put_in_use(token, secret, verdict, Action.TOKEN_SWITCH, by=by)
    return True


def _is_refused(token: Token, verdict: Verdict, action: Action, *, by: Actor) -> bool:
    if accepts(token, verdict):
        return False
    log.info("token not replaced", token=str(token.pk), state=verdict.state)
    token.note(by, action, result=verdict.state)
    return True


def _put_in_use(token: Token, secret: str, verdict: Verdict, action: Action, *, by: Actor) -> None:
    if vault.is_readable(token.sealed, token.pk):
        _keep(token, vault.unseal(token.sealed, token.pk), Kind.PREVIOUS)
    set_secret(token, secret, verdict)
    token.save(update_fields=OF_THE_SECRET)
    token.note(by, action)
    said = {"token": str(token.pk), "state": token.state}
    transaction.on_commit(lambda: log.info("token replaced", **said))


def drop(token: Token, kind: Kind) -> None:
    token.rotation_secrets.filter(kind=kind).delete()


def _claim(token: Token, other: RotationSecret) -> None:
    """Delete the second secret's row; raise Gone for the later of two who use it at once."""
    same = Token.objects.select_for_update().filter(pk=token.pk, sealed=token.sealed).first()
    deleted, _ = RotationSecret.objects.filter(pk=other.pk).delete()
    if not (same and deleted):
        raise Gone


def _keep(token: Token, secret: str, kind: Kind) -> None:
    drop(token, kind)
    kept = RotationSecret(
        token=token, kind=kind, last_four=last_four(secret), until=timezone.now() + KEPT[kind]
    )
    kept.sealed = vault.seal(secret, kept.pk)
    kept.save(force_insert=True)
