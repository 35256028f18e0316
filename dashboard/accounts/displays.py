"""Display links: made for a team, a token of it and a saved query; shown once, then only hashed."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from dashboard.accounts import audit, links
from dashboard.accounts.audit import Actor
from dashboard.accounts.models import Action, Display, Team, Token, User


@transaction.atomic
def make(
    team: Team,
    token: Token,
    title: str,
    *,
    query: str,
    days: int,
    language: str,
    by: Actor,
) -> tuple[Display, str]:
    """A new link, and its key, which is not kept. The token is one of the team's. It works while
    its maker may manage the team; without one it is the machine's."""
    key = links.new_key()
    display = Display.objects.create(
        team=team,
        token=token,
        title=title,
        query=query,
        language=language,
        key_hash=links.hash_of(key),
        made_by=by.name,
        maker_id=by.id,
        expires_at=timezone.now() + timedelta(days=days),
    )
    _note(by, Action.DISPLAY_MAKE, display)
    return display, key


@transaction.atomic
def revoke(display: Display, *, by: Actor) -> None:
    """The link opens nothing from the next request on."""
    _note(by, Action.DISPLAY_REVOKE, display)
    display.delete()


@transaction.atomic
def revoke_of(token: Token, *, by: Actor) -> None:
    """Revoke the links that show the images of a token which leaves its team, or goes."""
    for display in token.displays.select_related("team"):
        display.token = token
        revoke(display, by=by)


@transaction.atomic
def hand_over(display: Display, heir: User, *, by: Actor) -> None:
    """The link goes on, as the heir's. Who knows its key still does."""
    _note(by, Action.DISPLAY_HAND_OVER, display)
    display.maker, display.made_by = heir, heir.get_username()
    display.save(update_fields=["maker", "made_by"])


def _note(by: Actor, action: Action, display: Display) -> None:
    subject, owner = f"{display.title}: {display.token}", display.token.owner
    audit.record(by, action, team=display.team, subject=subject, owner=owner)
