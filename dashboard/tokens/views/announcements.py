"""Messages for people about a token that was stored, replaced or checked."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from dashboard.tokens.models import Token
from images.messages import in_words
from images.services.verification import Verdict
from images.templatetags.inventory import titled_by

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
    said = [news % {"label": token}, cloud_said(verdict), _not_allowed(verdict)]
    messages.add_message(request, level, " ".join(filter(None, map(str, said))))


def _not_allowed(verdict: Verdict) -> str:
    """Return where a token that works may not list images, and who can change that; or ""."""
    regions = [titled_by(each.id, each.name) for each in verdict.regions if each.ok is False]
    if verdict.state != "valid" or not regions:
        return ""
    return gettext(
        "It is not allowed to list images in %(regions)s; the account's administrator can "
        "permit it."
    ) % {"regions": " · ".join(regions)}


def not_saved(verdict: Verdict) -> str:
    """Return why a token was not saved, and what to look at before it is pasted again."""
    said = _(
        "Not saved. The cloud does not accept this token: it may be mistyped or not whole, or have"
        " expired or been deleted. Copy it again, or create a new one, on the page “API TOKEN” of "
        "the cloud's console."
    )
    return f"{said} (requestId {verdict.request_id})" if verdict.request_id else str(said)


def cloud_said(verdict: Verdict) -> str:
    """Return the cloud's reason in words, with the request id that its support asks for."""
    words = in_words(verdict.reason)
    return f"{words} (requestId {verdict.request_id})" if words and verdict.request_id else words
