"""Who may do what.

`TABLE` is the whole of it: for each action the standings that allow it. What a person's standing
is depends on what they act on: `standings` tells. Views ask `team` and `require`, and the domains
for what is theirs; each answers 404 for anything the person may not act on, like for something that
does not exist. Templates ask `may`.
"""

from __future__ import annotations

from typing import Protocol

from allauth.account.adapter import get_adapter
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest

from dashboard.audit.trail import Actor
from dashboard.people.models import Team, User

# Standings. A person without a tie to what they act on is a stranger there; where an action is on
# nothing in particular, a person is anyone who is signed in and not just a console.
OWNER, VIEWER, ADMIN, CONSOLE, SUPERUSER = "owner", "viewer", "admin", "console", "superuser"
PERSON, STRANGER, DISPLAY, ANONYMOUS = "person", "stranger", "display", "anonymous"
STANDINGS = (OWNER, VIEWER, ADMIN, CONSOLE, SUPERUSER, PERSON, STRANGER, DISPLAY, ANONYMOUS)


class Owned(Protocol):
    """What has an owner and may be in a team, such as a token."""

    owner_id: int
    team_id: int | None

    def is_owned_by(self, user: User) -> bool: ...


Thing = Team | Owned

TABLE: dict[str, frozenset[str]] = {
    # on a token
    "token.read_with": frozenset({OWNER, VIEWER, ADMIN, CONSOLE, SUPERUSER}),
    "token.manage": frozenset({OWNER, ADMIN, SUPERUSER}),
    # on a team
    "team.view": frozenset({VIEWER, ADMIN, CONSOLE, SUPERUSER}),
    "team.add_token": frozenset({VIEWER, ADMIN, SUPERUSER}),
    "team.share_view": frozenset({VIEWER, ADMIN, SUPERUSER}),
    "team.leave": frozenset({VIEWER, ADMIN}),
    "team.manage": frozenset({ADMIN, SUPERUSER}),
    "team.delete": frozenset({SUPERUSER}),
    "audit.read": frozenset({ADMIN, SUPERUSER}),
    # on a saved view
    "view.open": frozenset({OWNER, VIEWER, ADMIN, CONSOLE, SUPERUSER}),
    "view.change": frozenset({OWNER, ADMIN, SUPERUSER}),
    # on nothing in particular
    "images.view": frozenset({PERSON, CONSOLE, SUPERUSER}),
    "account.manage": frozenset({PERSON, CONSOLE, SUPERUSER}),
    "tokens.keep": frozenset({PERSON, SUPERUSER}),
    "views.keep": frozenset({PERSON, SUPERUSER}),
    "keys.keep": frozenset({PERSON, SUPERUSER}),  # and read with, through the API
    "teams.list": frozenset({PERSON, CONSOLE, SUPERUSER}),
    "teams.create": frozenset({SUPERUSER}),
    "audit.read_all": frozenset({SUPERUSER}),
    "audit.read_own": frozenset({PERSON, CONSOLE, SUPERUSER}),
    "site.administer": frozenset({SUPERUSER}),
    # with the key of a display link, which alone decides
    "screen.view": frozenset({DISPLAY}),
    # with nothing at all: the pages that do not ask to sign in
    "door.use": frozenset({ANONYMOUS, PERSON, CONSOLE, SUPERUSER}),
}


def person(request: HttpRequest) -> User:
    """Who is signed in."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def actor(request: HttpRequest) -> Actor:
    """Who does it and from where, for the audit log."""
    user = person(request)
    return Actor(user.get_username(), address(request), user.pk)


def address(request: HttpRequest) -> str:
    """Where the request comes from: the proxy's word for it, where there is a proxy."""
    return get_adapter(request).get_client_ip(request) or ""


def standings(user: User, on: Thing | None = None) -> set[str]:
    """How the person stands to what they act on: not at all when switched off. Asks the database
    for the roles, once."""
    if not user.is_active:
        return set()
    above = {SUPERUSER} if user.is_superuser else set()
    if on is None:
        return above | {CONSOLE if user.is_console else PERSON}
    if isinstance(on, Team):
        return ({user.roles[on.pk]} if on.pk in user.roles else {STRANGER}) | above
    found = {user.roles[on.team_id]} if on.team_id in user.roles else set()
    if on.is_owned_by(user):
        # A console looks after nothing, also of what it kept when it was something else.
        found.add(CONSOLE if user.is_console else OWNER)
    if on.team_id is None:
        above = set()
    return (found or {STRANGER}) | above


def may(user: User, action: str, on: Thing | None = None) -> bool:
    return not TABLE[action].isdisjoint(standings(user, on))


def require(request: HttpRequest, action: str) -> User:
    """The person, who may; else PermissionDenied. For what is on nothing in particular."""
    user = person(request)
    if not may(user, action):
        raise PermissionDenied
    return user


def team(request: HttpRequest, action: str, slug: str) -> Team:
    """The team of that address, or Http404, also where the person may not do this."""
    found = Team.objects.filter(slug=slug).first()
    if found is None or not may(person(request), action, found):
        raise Http404
    return found
