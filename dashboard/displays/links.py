"""Display links, each for a team, one of its tokens and a query.

The key in a link is shown once; only its hash is stored.
"""

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
    """What a display link opens; `query` is a query string of the list of images."""

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
    """Create a display link and return it with its key, which is not stored.

    `token` is one of the team's. The link works while its maker may manage the team; a link made by
    a command has no maker.
    """
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
    """Return what the key of a display link opens.

    Raise Http404 if the link is unknown, expired or revoked, if its token has left the team, or if
    its maker may not manage the team any more.
    """
    now = timezone.now()
    found = (
        Display.objects.select_related("token", "team", "maker")
        .filter(key_hash=random_keys.hash_of(key), expires_at__gt=now)
        .first()
    )
    # The display links of a token that has left the team no longer work.
    if found is None or found.token.team_id != found.team_id:
        raise Http404
    if found.maker and not policy.has_permission(found.maker, "team.manage", found.team):
        raise Http404
    stamp(found, "last_seen_at")
    return Shown(
        title=found.title,
        team=found.team.name,
        query=found.query,
        language=found.language,
        access=access_with(found.token, (found.token,), found.title),
    )
