"""Display links: made for a team, a token of it and a saved query; shown once, then only hashed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.http import Http404
from django.utils import timezone

from dashboard import random_keys
from dashboard.audit.models import Action
from dashboard.audit.trail import Actor
from dashboard.displays.models import Display
from dashboard.people import policy
from dashboard.people.models import Team
from dashboard.stamps import stamp
from dashboard.tokens.access import Access, access_with
from dashboard.tokens.models import Token


@dataclass(frozen=True)
class Shown:
    """What a display link opens: a token, and a query as text, as the address would hold it."""

    title: str
    team: str
    query: str
    language: str
    access: Access


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
    key = random_keys.new_key()
    display = Display.objects.create(
        team=team,
        token=token,
        title=title,
        query=query,
        language=language,
        key_hash=random_keys.hash_of(key),
        made_by=by.name,
        maker_id=by.id,
        expires_at=timezone.now() + timedelta(days=days),
    )
    display.note(by, Action.DISPLAY_MAKE)
    return display, key


def opened(key: str) -> Shown:
    """What the key of a display link opens. Http404 for one that is unknown, expired or revoked, or
    that nobody stands behind any more."""
    now = timezone.now()
    found = (
        Display.objects.select_related("token", "team", "maker")
        .filter(key_hash=random_keys.hash_of(key), expires_at__gt=now)
        .first()
    )
    # A token that has left the team takes its screens along.
    if found is None or found.token.team_id != found.team_id:
        raise Http404
    if found.maker and not policy.may(found.maker, "team.manage", found.team):
        raise Http404
    stamp(Display.objects.filter(pk=found.pk), "last_seen_at")
    return Shown(
        title=found.title,
        team=found.team.name,
        query=found.query,
        language=found.language,
        access=access_with(found.token, (found.token,), found.title),
    )
