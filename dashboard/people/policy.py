"""Who may do what.

`PERMISSIONS` is the whole policy: it lists the roles that permit each action. A person's role
depends on what they act on; see `roles_of`. For an action on an object, views call `team`, or the
function of the object's own domain that looks it up: each raises Http404 for an object that the
person may not act on, like for one that does not exist. For an action without an object they call
`require`, which raises PermissionDenied. Templates use the tag `has_permission`.
"""

from __future__ import annotations

from typing import Protocol

from allauth.account.adapter import get_adapter
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest

from dashboard.audit.trail import Actor
from dashboard.people.models import Team, User

# The roles of the policy, which are more than those in a team. A stranger has no tie to what they
# act on. Where an action has no object, a person is anyone signed in whose account is not just a
# console.
OWNER, VIEWER, ADMIN, CONSOLE, SUPERUSER = "owner", "viewer", "admin", "console", "superuser"
PERSON, STRANGER, DISPLAY, ANONYMOUS = "person", "stranger", "display", "anonymous"
ROLES = (OWNER, VIEWER, ADMIN, CONSOLE, SUPERUSER, PERSON, STRANGER, DISPLAY, ANONYMOUS)


class Owned(Protocol):
    """An object that has an owner and may be in a team, such as a token."""

    owner_id: int
    team_id: int | None

    def is_owned_by(self, user: User) -> bool: ...


Thing = Team | Owned

PERMISSIONS: dict[str, frozenset[str]] = {
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
    # without an object
    "images.view": frozenset({PERSON, CONSOLE, SUPERUSER}),
    "account.manage": frozenset({PERSON, CONSOLE, SUPERUSER}),
    "tokens.keep": frozenset({PERSON, SUPERUSER}),
    "views.keep": frozenset({PERSON, SUPERUSER}),
    "keys.keep": frozenset({PERSON, SUPERUSER}),  # also to read with them through the API
    "teams.list": frozenset({PERSON, CONSOLE, SUPERUSER}),
    "teams.create": frozenset({SUPERUSER}),
    "audit.read_all": frozenset({SUPERUSER}),
    "audit.read_own": frozenset({PERSON, CONSOLE, SUPERUSER}),
    "site.administer": frozenset({SUPERUSER}),
    # with the key of a display link, which alone decides
    "screen.view": frozenset({DISPLAY}),
    # for everyone: the pages that do not ask to sign in
    "door.use": frozenset({ANONYMOUS, PERSON, CONSOLE, SUPERUSER}),
}


def person(request: HttpRequest) -> User:
    """Return the signed-in person; raise PermissionDenied if there is none."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def actor(request: HttpRequest) -> Actor:
    """Return who acts and from which IP address, for the audit log."""
    user = person(request)
    return Actor(user.get_username(), address(request), user.pk)


def address(request: HttpRequest) -> str:
    """Return the client's IP address, as the proxy reports it where there is one; "" if unknown."""
    return get_adapter(request).get_client_ip(request) or ""


def roles_of(user: User, on: Thing | None = None) -> set[str]:
    """Return the person's roles towards an object, or without one; none for an inactive account.

    The person's roles in teams are read from the database once.
    """
    if not user.is_active:
        return set()
    above = {SUPERUSER} if user.is_superuser else set()
    if on is None:
        return above | {CONSOLE if user.is_console else PERSON}
    if isinstance(on, Team):
        return ({user.roles[on.pk]} if on.pk in user.roles else {STRANGER}) | above
    found = {user.roles[on.team_id]} if on.team_id in user.roles else set()
    if on.is_owned_by(user):
        # A console manages nothing, not even what it added while it had another role.
        found.add(CONSOLE if user.is_console else OWNER)
    if on.team_id is None:
        above = set()
    return (found or {STRANGER}) | above


def has_permission(user: User, action: str, on: Thing | None = None) -> bool:
    return not PERMISSIONS[action].isdisjoint(roles_of(user, on))


def require(request: HttpRequest, action: str) -> User:
    """Return the person; raise PermissionDenied unless they may do this, without an object."""
    user = person(request)
    if not has_permission(user, action):
        raise PermissionDenied
    return user


def team(request: HttpRequest, action: str, slug: str) -> Team:
    """Return the team with that slug; raise Http404 if there is none or they may not do this."""
    found = Team.objects.filter(slug=slug).first()
    if found is None or not has_permission(person(request), action, found):
        raise Http404
    return found
