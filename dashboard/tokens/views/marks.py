"""The marks in the navigation: how many tokens need someone who may do something about them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from dashboard.people import policy
from dashboard.people.models import User
from dashboard.tokens import access
from dashboard.tokens.models import Token
from dashboard.tokens.views.rows import condition

# What time does not heal.
TROUBLE = frozenset({"unreadable", "refused", "forbidden", "expired", "ends-soon"})


class Troubled(NamedTuple):
    """How many of the person's own tokens, and of others' in each team that they administer."""

    own: int
    teams: Mapping[int, int]

    @property
    def in_teams(self) -> int:
        return sum(self.teams.values())


def context(request: HttpRequest) -> dict[str, object]:
    """Return the counts for templates; only a page that shows them pays for them."""
    return {"troubled": SimpleLazyObject(lambda: _troubled(request))}


def _troubled(request: HttpRequest) -> Troubled:
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return Troubled(0, {})
    found = [token for token in access.readable(request) if _needs(user, token)]
    teams = Counter(token.team_id for token in found if token.team_id and token.owner_id != user.pk)
    return Troubled(sum(token.owner_id == user.pk for token in found), teams)


def _needs(user: User, token: Token) -> bool:
    return policy.has_permission(user, "token.manage", token) and condition(token) in TROUBLE
