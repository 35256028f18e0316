"""Saved views: named queries of the list, kept for oneself or shared with a team.

A query is stored as a query string of the list, and parsed only where it is shown.
"""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest

from dashboard.audit import trail
from dashboard.audit.models import Action
from dashboard.audit.trail import Actor
from dashboard.people import policy
from dashboard.people.models import Role, Team, User
from dashboard.saved_views.models import SavedView
from dashboard.tokens.models import Token
from images.fields import OF_ACCOUNTS, OLDER_ACCOUNT

LONGEST_QUERY = 4000


def seen_by(user: User) -> QuerySet[SavedView]:
    """Return the person's own views and those of their teams."""
    seen = Q(owner=user, team=None) | Q(team__in=user.roles)
    return SavedView.objects.filter(seen).select_related("owner", "team")


def teams_to_share_with(user: User) -> QuerySet[Team]:
    """Return the teams where the person may share a view."""
    if user.is_superuser:
        return Team.objects.all()
    sharing = [role for role in Role.values if role in policy.PERMISSIONS["team.share_view"]]
    return Team.objects.filter(
        pk__in=[team for team, role in user.roles.items() if role in sharing]
    )


def query_of(text: str, team: Team | None) -> str:
    """Return the query string to store: no page, and if shared, no account of another team."""
    kept = [(name, value) for name, value in parse_qsl(text) if name != "page"]
    if team:
        theirs = {
            str(token) for token in Token.objects.filter(team=team).values_list("pk", flat=True)
        }
        kept = [
            (name, value)
            for name, value in kept
            if name not in (*OF_ACCOUNTS, OLDER_ACCOUNT) or value in theirs
        ]
    return urlencode(kept)


@transaction.atomic
def save(
    owner: User, name: str, query: str, team: Team | None, *, by: Actor, at: SavedView | None = None
) -> SavedView:
    """Create a view, or change the view `at`; the audit log records what concerns a team."""
    view = at or SavedView(owner=owner)
    before = view.team
    view.name, view.team, view.query = name, team, query_of(query, team)
    view.save()
    if before and before != team:
        trail.record(by, Action.VIEW_UNSHARE, team=before, subject=name)
    if team:
        trail.record(by, Action.VIEW_SHARE, team=team, subject=name)
    return view


def begin_with(user: User, view: SavedView | None) -> None:
    """Set the view that the person begins with; None means every image."""
    User.objects.filter(pk=user.pk).update(start_view=view)


def start_of(user: User) -> str:
    """Return the query string that the person begins with.

    It is their start view's while they may open it, else their list preferences.
    """
    view = user.start_view
    if view and policy.has_permission(user, "view.open", view):
        return view.query
    return user.list_preferences


def opened(request: HttpRequest, action: str, view_id: UUID) -> SavedView:
    """Return the view with that id; raise Http404 if there is none or they may not do this."""
    found = SavedView.objects.select_related("owner", "team").filter(pk=view_id).first()
    if found is None or not policy.has_permission(policy.person(request), action, found):
        raise Http404
    return found
