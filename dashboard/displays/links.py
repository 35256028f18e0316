"""Display links, each for a team, one or all of its accounts, and a query.

The key in a link is shown once; only its hash is stored.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

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
    """What a display link opens; `query` is a query string of the list of images.

    It is screen number `place` of the `places` that the link shows in turn.
    """

    title: str
    team: str
    query: str
    language: str
    access: Access
    place: int = 1
    places: int = 1


@transaction.atomic
def make(
    team: Team,
    token: Token | None,
    title: str,
    *,
    query: str,
    days: int,
    language: str,
    by: Actor,
    turns_with: Iterable[Display] = (),
    turn_seconds: int = 30,
) -> tuple[Display, str]:
    """Create a display link and return it with its key, which is not stored.

    `token` is one of the team's, or None for all that it has at any time. The link works while its
    maker may manage the team; a link made by a command has no maker. It shows the screens of the
    links that it `turns_with` in turn with its own, each for `turn_seconds`.
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
        turn_seconds=turn_seconds,
    )
    display.turns_with.set(turns_with)
    display.note(by, Action.DISPLAY_MAKE)
    return display, key


def opened(key: str) -> Shown:
    """Return what the key of a display link opens.

    Raise Http404 if the link is unknown, expired or revoked, if its token has left the team, or if
    its maker may not manage the team any more. Another link's screen that it shows in turn is left
    out as soon as that link does not work.
    """
    now = timezone.now()
    of_key = {"key_hash": random_keys.hash_of(key), "expires_at__gt": now}
    found = (
        Display.objects.select_related("token__owner", "token__team", "team", "maker")
        .filter(**of_key)
        .first()
    )
    if found is None or not _works(found):
        raise Http404
    stamp(found, "last_seen_at")
    screens = [found, *_others(found, now)]
    # By the clock alone: nothing is remembered, so nothing can come to a stop.
    place = int(now.timestamp()) // max(1, found.turn_seconds) % len(screens)
    screen = screens[place]
    return Shown(
        title=screen.title,
        team=screen.team.name,
        query=screen.query,
        language=screen.language,
        access=access_with(_tokens(screen), screen.title),
        place=place + 1,
        places=len(screens),
    )


def _tokens(display: Display) -> list[Token]:
    if display.token:
        return [display.token]
    return list(display.team.tokens.select_related("owner", "team"))


def _others(display: Display, now: datetime) -> list[Display]:
    """Return the links of the same team that it turns with, by title, as far as they work."""
    rows = display.turns_with.select_related("token__owner", "token__team", "team", "maker")
    found = rows.filter(team=display.team, expires_at__gt=now).exclude(pk=display.pk)
    return [each for each in found.order_by("title", "made_at") if _works(each)]


def _works(display: Display) -> bool:
    """Whether its token is still the team's, and its maker may still manage that."""
    if display.token and display.token.team_id != display.team_id:
        return False
    maker = display.maker
    return maker is None or policy.has_permission(maker, "team.manage", display.team)
