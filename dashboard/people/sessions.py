"""Limits of a session: the longest time without use, and the longest time in all."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import structlog
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.sessions import middleware
from django.contrib.sessions.exceptions import SessionInterrupted
from django.db import DatabaseError
from django.db.models import F
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _

from dashboard.audit.models import Word
from dashboard.people import sign_in_log
from dashboard.people.models import User
from dashboard.web.routes import is_poll, is_secret

log = structlog.get_logger("dashboard.people")

Handler = Callable[[HttpRequest], HttpResponseBase]


@dataclass(frozen=True)
class Limits:
    idle: timedelta
    in_all: timedelta


PERSON = Limits(idle=timedelta(days=1), in_all=timedelta(days=14))
# A wall or a duty desk is signed in once, and watched for months.
CONSOLE = Limits(idle=timedelta(days=30), in_all=timedelta(days=365))

# A session is written no more often than this, so the time without use is only this exact.
NOTED_EVERY = timedelta(minutes=5)
# Keys in a session: when it began, and when it was last known to be used (Unix seconds).
BEGAN, USED = "began", "used"

clock: Callable[[], float] = time.time


class SessionMiddleware(middleware.SessionMiddleware):
    """A page that is only read comes also where the database does not take its session.

    Django takes a write that was refused for a session that was deleted meanwhile.
    """

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        try:
            return super().process_response(request, response)
        except (DatabaseError, SessionInterrupted) as error:
            if request.method not in ("GET", "HEAD"):
                raise
            log.error("session not written", failure=repr(error))
            return response


def end_all(user: User) -> None:
    """Sign the person out wherever they are signed in, from the next request on."""
    User.objects.filter(pk=user.pk).update(sessions_ended=F("sessions_ended") + 1)


def session_limits(get_response: Handler) -> Handler:
    """Sign out a person whose session is over its limits; the page then asks them to sign in."""

    def handle(request: HttpRequest) -> HttpResponseBase:
        # A wall screen polls for weeks, which must not count for a person signed in with the same
        # browser.
        asked_by_link = is_secret(request)
        if not asked_by_link and isinstance(request.user, User):
            _keep_or_end(request, request.user)
        return get_response(request)

    return handle


def _keep_or_end(request: HttpRequest, user: User) -> None:
    now, session = clock(), request.session
    used = session.get(USED)
    if used is not None and 0 <= now - used < NOTED_EVERY.total_seconds():
        return
    limits = CONSOLE if user.is_console else PERSON
    began = session.setdefault(BEGAN, now)
    away = used is not None and now - used > limits.idle.total_seconds()
    if away or now - began > limits.in_all.total_seconds():
        sign_in_log.signed_out(request, user, Word.AWAY if away else Word.LONG_AGO)
        logout(request)
        said = (
            _("You were signed out because you were inactive for too long.")
            if away
            else _("You were signed out because your session reached its maximum length.")
        )
        messages.info(request, said)
        return
    if is_poll(request) and not user.is_console:
        return  # A page that polls by itself is not in use by anyone.
    session[USED] = now
    left = limits.in_all.total_seconds() - (now - began)
    session.set_expiry(int(min(limits.idle.total_seconds() + NOTED_EVERY.total_seconds(), left)))
