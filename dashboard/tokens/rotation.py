"""Safe replacement of a token's secret: offered, compared, switched, taken back.

A token has at most two spare secrets: the NEXT one, which is being compared, and the PREVIOUS one,
kept for a day. Using a spare makes the secret it replaces the previous one. Every step asks the
cloud first, and a bad secret never takes the place of a good one.
"""

from __future__ import annotations

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
from dashboard.tokens.models import SpareSecret, Token
from images.services import Verdict

log = structlog.get_logger("dashboard.tokens")

Kind = SpareSecret.Kind

# How long an offered secret waits to be switched to, and a replaced one to be taken back.
KEPT = {Kind.NEXT: timedelta(minutes=15), Kind.PREVIOUS: timedelta(hours=24)}


class SameSecret(Exception):
    """It is the secret that is stored already."""


class Gone(Exception):
    """While the cloud was asked, someone else used the spare secret or replaced the stored one."""


def spare(token: Token, kind: Kind) -> SpareSecret | None:
    """The token's spare secret of that kind, unless its time is over or its key is lost."""
    found = token.spares.filter(kind=kind, until__gt=timezone.now()).first()
    return found if found and vault.is_readable(found.sealed, found.pk) else None


def offer(token: Token, secret: str, *, by: Actor) -> tuple[bool, Verdict]:
    """Keep the secret as the next one, to be compared with the one in use; False when the cloud
    says that it must not replace that. Raises SameSecret."""
    if vault.is_readable(token.sealed, token.pk) and secret == vault.unseal(token.sealed, token.pk):
        raise SameSecret
    verdict = verified(secret)
    if not accepts(token, verdict):
        log.info("token not replaced", token=str(token.pk), state=verdict.state)
        token.note(by, Action.TOKEN_OFFER, result=verdict.state)
        return False, verdict
    with transaction.atomic():
        _keep(token, secret, Kind.NEXT)
        token.note(by, Action.TOKEN_OFFER)
    return True, verdict


def use(token: Token, spare: SpareSecret, *, by: Actor) -> tuple[bool, Verdict]:
    """Put the spare secret in use, and keep the one that was; False when the cloud says that it
    must not replace that. Raises Gone."""
    secret = vault.unseal(spare.sealed, spare.pk)
    verdict = verified(secret)
    action = Action.TOKEN_SWITCH if spare.kind == Kind.NEXT else Action.TOKEN_TAKE_BACK
    if not accepts(token, verdict):
        log.info("token not replaced", token=str(token.pk), state=verdict.state)
        token.note(by, action, result=verdict.state)
        return False, verdict
    with transaction.atomic():
        _claim(token, spare)
        if vault.is_readable(token.sealed, token.pk):
            _keep(token, vault.unseal(token.sealed, token.pk), Kind.PREVIOUS)
        set_secret(token, secret, verdict)
        token.save(update_fields=OF_THE_SECRET)
        token.note(by, action)
    log.info("token replaced", token=str(token.pk), state=token.state)
    return True, verdict


def drop(token: Token, kind: Kind) -> None:
    token.spares.filter(kind=kind).delete()


def _claim(token: Token, spare: SpareSecret) -> None:
    """Take the spare secret out of its place. Of two who use it at once the second gets Gone."""
    same = Token.objects.select_for_update().filter(pk=token.pk, sealed=token.sealed).first()
    deleted, _ = SpareSecret.objects.filter(pk=spare.pk).delete()
    if not (same and deleted):
        raise Gone


def _keep(token: Token, secret: str, kind: Kind) -> None:
    drop(token, kind)
    kept = SpareSecret(
        token=token, kind=kind, last_four=last_four(secret), until=timezone.now() + KEPT[kind]
    )
    kept.sealed = vault.seal(secret, kept.pk)
    kept.save(force_insert=True)
