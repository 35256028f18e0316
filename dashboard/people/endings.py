"""Ending what a person made for a team when they lose the permission for it.

`end` is called by whatever took a permission away (a role, a membership, an account), once that is
done and in its transaction. It checks what the person made against the policy as it applies to them
now, so it need not know what happened. Whatever needs a permission that they still have stays:

    made                  needs              else
    open invitation       team.manage        is withdrawn
    display link          team.manage        goes to the heir, or is revoked
    shared view           team.share_view    goes to the heir, or leaves the team with the person
    token in the team     being in the team  goes to the heir, or leaves the team
    API key               what it reads      is revoked
    session               the account        is ended
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import QuerySet

from dashboard.audit import trail
from dashboard.audit.models import Action
from dashboard.audit.trail import Actor
from dashboard.people import policy, sessions
from dashboard.people.models import Invitation, Role, Team, User

if TYPE_CHECKING:
    # Only for types: these packages are above this one. What ends an object is its own method.
    from dashboard.api_keys.models import ApiKey
    from dashboard.displays.models import Display
    from dashboard.saved_views.models import SavedView
    from dashboard.tokens.models import Token


@dataclass(frozen=True)
class Heirs:
    """The people who take over what a person made for a team; None means that nobody does."""

    tokens: User | None = None
    displays: User | None = None
    views: User | None = None


@dataclass(frozen=True)
class Stake:
    """What a person made for a team and may not keep."""

    team: Team
    tokens: list[Token]
    displays: list[Display]
    views: list[SavedView]
    invitations: list[Invitation]

    def __bool__(self) -> bool:
        return any((self.tokens, self.displays, self.views, self.invitations))


def at_stake(user: User, team: Team, *, shut_out: bool = False) -> Stake:
    """Return what the person made for the team and may not keep with their roles.

    `user` may carry roles that are not saved yet; see `as_if`. With `shut_out` nothing may be kept.
    """
    adds = not shut_out and policy.has_permission(user, "team.add_token", team)
    manages = not shut_out and policy.has_permission(user, "team.manage", team)
    theirs = {"maker": user}
    return Stake(
        team=team,
        tokens=[] if adds else list(team.tokens.filter(owner=user)),
        displays=[]
        if manages
        else list(team.displays.working().filter(**theirs).select_related("token")),
        views=[] if manages else list(team.views.filter(owner=user)),
        invitations=[] if manages else list(team.invitations.filter(**theirs)),
    )


def keys_at_stake(user: User, *, shut_out: bool = False) -> list[ApiKey]:
    keys = user.api_keys.working().select_related("team", "token__team")
    return [key for key in keys if shut_out or key.has_lapsed(user)]


def as_if(user: User, team: Team, role: str | None) -> User:
    """Return an unsaved copy of the person with this role in the team, or with none."""
    after = User.objects.get(pk=user.pk)
    roles = {key: value for key, value in after.roles.items() if key != team.pk}
    after.roles = roles | ({team.pk: role} if role else {})
    return after


def people_to_ask_about(team: Team) -> set[int]:
    """Return the ids of members who made something that may end with their role."""
    found = [
        *team.tokens.values_list("owner_id", flat=True),
        *team.views.values_list("owner_id", flat=True),
        *team.displays.working().exclude(maker=None).values_list("maker_id", flat=True),
        *team.invitations.exclude(maker=None).values_list("maker_id", flat=True),
        *User.objects.filter(memberships__team=team, api_keys__isnull=False).values_list(
            "pk", flat=True
        ),
    ]
    return {pk for pk in found if pk}


def teams_of(user: User) -> QuerySet[Team]:
    """Return the teams that the person is in or made something for."""
    of_theirs = (user.memberships, user.tokens, user.displays, user.views, user.invitations)
    ids = {pk for things in of_theirs for pk in things.values_list("team_id", flat=True) if pk}
    return Team.objects.filter(pk__in=ids)


def heirs_in(team: Team, leaving: User) -> QuerySet[User]:
    """Return the team's other active admins, who may take over, the longest-serving first."""
    return (
        User.objects.filter(memberships__team=team, memberships__role=Role.ADMIN, is_active=True)
        .exclude(pk=leaving.pk)
        .order_by("memberships__joined_at", "pk")
    )


@transaction.atomic
def end(
    user: User, *, by: Actor, heirs: Mapping[int, Heirs] | None = None, shut_out: bool = False
) -> None:
    """End what the person made and may not keep any more.

    `heirs` maps team ids to decisions. In a team without one, views go to the first of `heirs_in`,
    and nobody takes over the rest. `shut_out` means that the person may not sign in any more,
    whatever the policy says.
    """
    user = User.objects.get(pk=user.pk)  # as they are now
    _end_what_is_at_stake(user, heirs or {}, by=by, shut_out=shut_out)
    if shut_out or not user.is_active:
        sessions.end_all(user)


@transaction.atomic
def switch_off(user: User, *, by: Actor, heirs: Mapping[int, Heirs] | None = None) -> None:
    """Deactivate the account until it is switched on again, and end what it may not keep."""
    User.objects.filter(pk=user.pk).update(is_active=False)
    trail.record(by, Action.ACCOUNT_CHANGE, subject=f"{user}: is_active", owner=user)
    end(user, by=by, heirs=heirs)


@transaction.atomic
def delete_account(user: User, *, by: Actor, heirs: Mapping[int, Heirs] | None = None) -> None:
    """Delete the account with everything that is the person's own.

    What they made for a team goes to the heirs; in a team without a decision, tokens and views go
    to the first of `heirs_in`.
    """
    user = User.objects.get(pk=user.pk)
    decided = {}
    for team in teams_of(user):
        first = heirs_in(team, user).first()
        decided[team.pk] = (heirs or {}).get(team.pk) or Heirs(tokens=first, views=first)
    for token in user.tokens.select_related("team"):
        if token.team is None or decided[token.team.pk].tokens is None:
            token.remove(by=by)
    for view in user.views.exclude(team=None).select_related("team"):
        if view.team and decided[view.team.pk].views is None:
            view.remove(by=by)
    _end_what_is_at_stake(user, decided, by=by, shut_out=True)
    for membership in user.memberships.select_related("team"):
        team, subject = membership.team, str(user)
        trail.record(by, Action.MEMBER_REMOVE, team=team, subject=subject, owner=user)
    trail.record(by, Action.ACCOUNT_DELETE, subject=str(user), owner=user)
    user.delete()


@transaction.atomic
def end_team(team: Team, *, by: Actor) -> None:
    """End what was made for a team that is being deleted; tokens and views go to their owners."""
    for invitation in team.invitations.all():
        withdraw(invitation, by=by)
    for display in team.displays.working().select_related("token"):
        display.revoke(by=by)
    for token in team.tokens.all():
        token.leave_team(by=by)
    for view in team.views.all():
        view.leave_team(by=by)
    for key in team.api_keys.working():
        key.revoke(by=by)


@transaction.atomic
def withdraw(invitation: Invitation, *, by: Actor) -> None:
    trail.record(by, Action.INVITATION_WITHDRAW, team=invitation.team, subject=invitation.role)
    invitation.delete()


def _end_what_is_at_stake(
    user: User, heirs: Mapping[int, Heirs], *, by: Actor, shut_out: bool
) -> None:
    for team in teams_of(user):
        _end_in(team, user, heirs.get(team.pk), by=by, shut_out=shut_out)
    for key in keys_at_stake(user, shut_out=shut_out):
        key.revoke(by=by)


def _end_in(team: Team, user: User, decided: Heirs | None, *, by: Actor, shut_out: bool) -> None:
    heirs = decided or Heirs(views=heirs_in(team, user).first())
    stake = at_stake(user, team, shut_out=shut_out)
    stays = user.is_superuser or team.pk in user.roles
    for invitation in stake.invitations:
        withdraw(invitation, by=by)
    for display in stake.displays:
        if heirs.displays:
            display.hand_over(heirs.displays, by=by)
        else:
            display.revoke(by=by)
    for token in stake.tokens:
        if heirs.tokens:
            token.hand_over(heirs.tokens, by=by)
        elif not stays:
            token.leave_team(by=by)
    shares = not shut_out and policy.has_permission(user, "team.share_view", team)
    for view in stake.views:
        if heirs.views and (decided or not shares):
            view.hand_over(heirs.views, by=by)
        elif not stays:
            view.leave_team(by=by)
