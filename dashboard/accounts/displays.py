"""Display links: made for a team, a token of it and a saved query; shown once, then only hashed."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from dashboard.accounts import audit, links
from dashboard.accounts.audit import Actor
from dashboard.accounts.models import Action, Display, Team, Token


@transaction.atomic
def make(
    team: Team, token: Token, title: str, *, query: str, days: int, language: str, by: Actor
) -> tuple[Display, str]:
    """A new link, and its key, which is not kept. The token is one of the team's."""
    key = links.new_key()
    display = Display.objects.create(
        team=team,
        token=token,
        title=title,
        query=query,
        language=language,
        key_hash=links.hash_of(key),
        made_by=by.name,
        expires_at=timezone.now() + timedelta(days=days),
    )
    audit.record(by, Action.DISPLAY_MAKE, team=team, subject=f"{title}: {token}", owner=token.owner)
    return display, key


@transaction.atomic
def revoke(display: Display, *, by: Actor) -> None:
    """The link opens nothing from the next request on."""
    subject, owner = f"{display.title}: {display.token}", display.token.owner
    audit.record(by, Action.DISPLAY_REVOKE, team=display.team, subject=subject, owner=owner)
    display.delete()
