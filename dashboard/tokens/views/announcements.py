"""Messages for people about a token that was stored, replaced or checked."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from dashboard.tokens.models import Token
from images.messages import in_words
from images.services.verification import Verdict

# (what was done, what the cloud said) -> level and message; the cloud's own reason is added to it.
NEWS = {
    ("stored", "valid"): (messages.SUCCESS, _("“%(label)s” was saved and works.")),
    ("stored", "forbidden"): (messages.WARNING, _("“%(label)s” was saved.")),
    ("stored", "unverified"): (
        messages.WARNING,
        _("“%(label)s” was saved, but it is not known yet whether it works."),
    ),
    ("stored", "unreachable"): (
        messages.WARNING,
        _("“%(label)s” was saved without being checked."),
    ),
    ("replaced", "valid"): (messages.SUCCESS, _("“%(label)s” was replaced and works.")),
    ("replaced", "forbidden"): (messages.WARNING, _("“%(label)s” was replaced.")),
    ("replaced", "unverified"): (
        messages.WARNING,
        _("“%(label)s” was replaced, but it is not known yet whether it works."),
    ),
    ("replaced", "unreachable"): (
        messages.WARNING,
        _("“%(label)s” was replaced without being checked."),
    ),
    ("checked", "valid"): (messages.SUCCESS, _("“%(label)s” works.")),
    ("checked", "refused"): (messages.ERROR, _("“%(label)s” does not work.")),
    ("checked", "forbidden"): (messages.WARNING, _("“%(label)s” does not work.")),
    ("checked", "unverified"): (
        messages.WARNING,
        _("It is not known yet whether “%(label)s” works."),
    ),
    ("checked", "unreachable"): (messages.WARNING, _("“%(label)s” could not be checked.")),
}


def announce(request: HttpRequest, done: str, token: Token, verdict: Verdict) -> None:
    level, news = NEWS[done, verdict.state]
    messages.add_message(request, level, f"{news % {'label': token}} {cloud_said(verdict)}".strip())


def cloud_said(verdict: Verdict) -> str:
    """Return the cloud's reason in words, with the request id that its support asks for."""
    words = in_words(verdict.reason)
    return f"{words} (requestId {verdict.request_id})" if words and verdict.request_id else words
