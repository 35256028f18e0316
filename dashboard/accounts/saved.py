"""Saved views: a query of the list under a name, kept for oneself or shared with a team.

The query is text, as the address of the list holds it; who shows it reads it.
"""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

from django.db import transaction
from django.db.models import Q, QuerySet

from dashboard.accounts import audit, policy
from dashboard.accounts.audit import Actor
from dashboard.accounts.models import Action, Role, SavedView, Team, Token, User

LONGEST_QUERY = 4000


def seen_by(user: User) -> QuerySet[SavedView]:
    """Their own, and those of their teams."""
    seen = Q(owner=user, team=None) | Q(team__in=user.roles)
    return SavedView.objects.filter(seen).select_related("owner", "team")


def teams_to_share_with(user: User) -> QuerySet[Team]:
    """Those where the person may share a view."""
    if user.is_superuser:
        return Team.objects.all()
    sharing = [role for role in Role.values if role in policy.TABLE["team.share_view"]]
    return Team.objects.filter(
        pk__in=[team for team, role in user.roles.items() if role in sharing]
    )


def of_that_name(name: str, owner: User, team: Team | None) -> SavedView | None:
    """The view that has the name already, where names are told apart."""
    place = Q(team=team) if team else Q(team=None, owner=owner)
    return SavedView.objects.filter(place, name=name).first()


def query_of(text: str, team: Team | None) -> str:
    """What of a query string is kept: not the page, and a shared view names no token that the team
    does not have."""
    kept = [(name, value) for name, value in parse_qsl(text) if name != "page"]
    if team:
        theirs = {
            str(token) for token in Token.objects.filter(team=team).values_list("pk", flat=True)
        }
        kept = [(name, value) for name, value in kept if name != "token" or value in theirs]
    return urlencode(kept)


@transaction.atomic
def save(
    owner: User, name: str, query: str, team: Team | None, *, by: Actor, at: SavedView | None = None
) -> SavedView:
    """A new view, or with `at` that one changed. A team hears of its own in the audit log."""
    view = at or SavedView(owner=owner)
    before = view.team
    view.name, view.team, view.query = name, team, query_of(query, team)
    view.save()
    if before and before != team:
        audit.record(by, Action.VIEW_UNSHARE, team=before, subject=name)
    if team:
        audit.record(by, Action.VIEW_SHARE, team=team, subject=name)
    return view


@transaction.atomic
def delete(view: SavedView, *, by: Actor) -> None:
    if view.team:
        audit.record(by, Action.VIEW_DELETE, team=view.team, subject=view.name)
    view.delete()


@transaction.atomic
def hand_over(view: SavedView, heir: User, *, by: Actor) -> None:
    """It stays the team's, in the heir's name."""
    team, subject = view.team, view.name
    audit.record(by, Action.VIEW_HAND_OVER, team=team, subject=subject, owner=view.owner)
    view.owner = heir
    view.save(update_fields=["owner"])


@transaction.atomic
def leave_team(view: SavedView, *, by: Actor) -> None:
    """It is its owner's alone from now on, numbered where they have one of that name."""
    team, subject = view.team, view.name
    audit.record(by, Action.VIEW_UNSHARE, team=team, subject=subject, owner=view.owner)
    number, free = 1, view.name
    while of_that_name(free, view.owner, None):
        number += 1
        free = f"{view.name[:70]} ({number})"
    view.name, view.team = free, None
    view.save(update_fields=["name", "team"])


def begin_with(user: User, view: SavedView | None) -> None:
    """What the person sees first from now on; None is everything."""
    User.objects.filter(pk=user.pk).update(start_view=view)


def start_of(user: User) -> str:
    """The query string that the person begins with: their view's while they may open it, else their
    looks."""
    view = user.start_view
    if view and policy.may(user, "view.open", view):
        return view.query
    return user.looks
