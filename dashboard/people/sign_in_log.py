"""Audit entries for sign-ins, refused sign-ins, sign-outs, passwords and second factors.

A user name that nobody has is not recorded: it may be a password, typed into the wrong field.
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

# So many failed sign-ins are recorded in an hour, and then once that there were more. So an
# attacker with many addresses, each of which may try a few times, cannot fill the database.
FAILED_AN_HOUR = 600
HOUR = 3600

# The name of a sign-in method in allauth -> in the audit log.
METHODS = {
    "password": Word.PASSWORD,
    "socialaccount": Word.SINGLE_SIGN_ON,
    "totp": Word.CODE,
    "recovery_codes": Word.RECOVERY_CODE,
}

clock: Callable[[], float] = time.time

_failed_here: list[int] = []  # the hour of each failure that this process has seen


def connect() -> None:
    """Connect to the signals of what is recorded; called once, when the models are loaded."""
    account.user_logged_in.connect(_signed_in, dispatch_uid="audit")
    account.password_changed.connect(_password_changed, dispatch_uid="audit")
    user_login_failed.connect(_password_failed, dispatch_uid="audit")
    mfa.authentication_failed.connect(_code_failed, dispatch_uid="audit")
    # Signals of the rows, because people, administrators and commands all change them.
    post_save.connect(_factor_saved, sender=Authenticator, dispatch_uid="audit")
    post_delete.connect(_factor_deleted, sender=Authenticator, dispatch_uid="audit")


def forget() -> None:
    """Forget the failures that this process has seen, as if it had just started."""
    _failed_here.clear()


def signed_in(request: HttpRequest, user: User, how: str) -> None:
    by = Actor(user.get_username(), policy.address(request), user.pk)
    trail.record(by, Action.SIGN_IN, subject=how, owner=user)


def signed_out(request: HttpRequest, user: User, why: str = "") -> None:
    """Record a sign-out; `why` is given where the person did not sign out themselves."""
    by = Actor(user.get_username(), policy.address(request), user.pk)
    trail.record(by, Action.SIGN_OUT, subject=why, owner=user)


def kept_out(request: HttpRequest | None, user: User | None, why: Word) -> None:
    """Record a refused sign-in.

    Who tried is not known, only from where, and which account they tried, if that exists.
    """
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
    """Return who is signed in; where nobody is, an actor whose name is "", which nobody has."""
    user = getattr(request, "user", None)
    if request and isinstance(user, User):
        return policy.actor(request)
    return Actor("", policy.address(request) if request else "")


def _failed_this_hour() -> int:
    """Return how many sign-ins failed in this hour, with this one, over all worker processes.

    Where no cache answers, it is the number in this process.
    """
    hour = int(clock()) // HOUR
    _failed_here[:] = [each for each in _failed_here if each == hour] + [hour]
    key = f"failed-sign-ins:{hour}"
    cache.add(key, 0, 2 * HOUR)
    return max(cache.incr(key) or 0, len(_failed_here))
