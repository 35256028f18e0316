"""Audit entries for exports."""

from __future__ import annotations

from django.http import HttpRequest

from dashboard.audit import trail
from dashboard.audit.models import Action
from dashboard.people import policy
from dashboard.tokens.models import Token


def note_export(request: HttpRequest, action: Action, token: Token, what: str) -> None:
    """Record that a file with what the token lists is about to be sent, unless by HEAD."""
    if request.method != "HEAD":
        trail.record(
            policy.actor(request), action, team=token.team, subject=what, owner=token.owner
        )
