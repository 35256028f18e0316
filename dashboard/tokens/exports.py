"""Audit entries for exports."""

from __future__ import annotations

from collections.abc import Iterable

from django.http import HttpRequest

from dashboard.audit import trail
from dashboard.audit.models import Action
from dashboard.people import policy
from dashboard.tokens.models import Token


def note_export(request: HttpRequest, action: Action, tokens: Iterable[Token], what: str) -> None:
    """Record that a file with what the tokens list is about to be sent, unless by HEAD.

    Each owner and team that it concerns has one entry.
    """
    if request.method == "HEAD":
        return
    for owner, team in dict.fromkeys((token.owner, token.team) for token in tokens):
        trail.record(policy.actor(request), action, team=team, subject=what, owner=owner)
