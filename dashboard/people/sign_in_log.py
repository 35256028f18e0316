"""Who came in, who was kept out and who left, and what people change about their own way in,
written to the audit log.

A name that nobody has is not written: it may be a password, typed into the wrong field.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from allauth.account import signals as account
from allauth.account.internal.flows.login import get_authentication_records
from allauth.core import context
from allauth.mfa import signals as mfa
from allauth.mfa.models import Authenticator
from django.contrib.auth.signals import user_login_failed
from django.core.cache import cache
from django.db.models.signals import post_delete, post_save
from django.http import HttpRequest

from dashboard.audit import trail
from dashboard.audit.models import Action, Word
from dashboard.audit.trail import COMMAND, Actor
from dashboard.people import policy
from dashboard.people.models import User

# So many attempts that failed are written in an hour, and that there were more: whoever has many
# addresses, which each may try some times, does not fill the database.
FAILED_AN_HOUR = 600
HOUR = 3600

# How somebody proved who they are, as allauth calls it -> as the log does.
METHODS = {
    "password": Word.PASSWORD,
    "socialaccount": Word.SINGLE_SIGN_ON,
    "totp": Word.CODE,
    "recovery_codes": Word.RECOVERY_CODE,
}

clock: Callable[[], float] = time.time

_failed_here: list[int] = []  # the hour of each


def connect() -> None:
    """Have all that is signalled written. Called once, when there are models."""
    account.user_logged_in.connect(_signed_in, dispatch_uid="audit")
    account.password_changed.connect(_password_changed, dispatch_uid="audit")
    user_login_failed.connect(_password_failed, dispatch_uid="audit")
    mfa.authentication_failed.connect(_code_failed, dispatch_uid="audit")
    # The rows themselves, whoever makes or deletes them: oneself, an administrator, a command.
    post_save.connect(_factor_saved, sender=Authenticator, dispatch_uid="audit")
    post_delete.connect(_factor_deleted, sender=Authenticator, dispatch_uid="audit")


def forget() -> None:
    """Drop what only this process knows, as one that has just started."""
    _failed_here.clear()


def signed_in(request: HttpRequest, user: User, how: str) -> None:
    by = Actor(user.get_username(), policy.address(request), user.pk)
    trail.record(by, Action.SIGN_IN, subject=how, owner=user)


def signed_out(request: HttpRequest, user: User, why: str = "") -> None:
    """`why` where it was not the person who did it."""
    by = Actor(user.get_username(), policy.address(request), user.pk)
    trail.record(by, Action.SIGN_OUT, subject=why, owner=user)


def kept_out(request: HttpRequest | None, user: User | None, why: Word) -> None:
    """Somebody was not let in. Who it was is not known, only which account they tried, if it was
    one, and from where."""
    number = _failed_this_hour()
    if number > FAILED_AN_HOUR + 1:
        return
    if number > FAILED_AN_HOUR:
        user, why = None, Word.TOO_MANY
    trail.record(_whoever(request), Action.SIGN_IN, owner=user, result=why)


def codes_shown(request: HttpRequest) -> None:
    trail.record(policy.actor(request), Action.CODES_SHOW, owner=policy.person(request))


def _signed_in(request: HttpRequest, user: User, **kwargs: Any) -> None:
    ways = [
        each.get("type") or each["method"] for each in get_authentication_records(request, user)
    ]
    signed_in(request, user, ", ".join(METHODS.get(way, way) for way in dict.fromkeys(ways)))


def _password_failed(
    credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any
) -> None:
    user = User.objects.named(str(credentials.get("username") or ""))
    if user is None:
        why = Word.UNKNOWN_NAME
    else:
        why = Word.WRONG_PASSWORD if user.is_active else Word.SWITCHED_OFF
    kept_out(request, user, why)


def _code_failed(request: HttpRequest, user: User, **kwargs: Any) -> None:
    kept_out(request, user, Word.WRONG_CODE)


def _password_changed(request: HttpRequest, user: User, **kwargs: Any) -> None:
    trail.record(policy.actor(request), Action.PASSWORD_CHANGE, owner=user)


def _factor_saved(instance: Authenticator, created: bool, **kwargs: Any) -> None:
    if created:
        _note_factor(Action.FACTOR_ADD, instance)


def _factor_deleted(instance: Authenticator, **kwargs: Any) -> None:
    _note_factor(Action.FACTOR_REMOVE, instance)


def _note_factor(action: Action, factor: Authenticator) -> None:
    kind = METHODS.get(factor.type, factor.type)
    by = _whoever(context.request) if context.request else COMMAND
    trail.record(by, action, subject=kind, owner=factor.user)


def _whoever(request: HttpRequest | None) -> Actor:
    """Who is signed in, if anyone is: nobody has the name ""."""
    user = getattr(request, "user", None)
    if request and isinstance(user, User):
        return policy.actor(request)
    return Actor("", policy.address(request) if request else "")


def _failed_this_hour() -> int:
    """Return how many there were in this hour, with this one, over all workers; in this process
    alone where no cache answers."""
    hour = int(clock()) // HOUR
    _failed_here[:] = [each for each in _failed_here if each == hour] + [hour]
    key = f"failed-sign-ins:{hour}"
    cache.add(key, 0, 2 * HOUR)
    return max(cache.incr(key) or 0, len(_failed_here))
