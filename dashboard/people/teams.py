"""Changes to teams and their members. A team that has an admin always keeps one."""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, F, FilteredRelation, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.text import slugify

from dashboard import random_keys
from dashboard.audit import trail
from dashboard.audit.models import Action
from dashboard.audit.trail import Actor
from dashboard.people import endings, policy
from dashboard.people.endings import Heirs
from dashboard.people.models import Invitation, Membership, Role, Team, User

INVITATION_DAYS = 7
SLUG_LENGTH = 40


class LastAdmin(Exception):
    """Raised where a change would leave the team without an admin."""


@transaction.atomic
def create(name: str, *, by: Actor, slug: str = "") -> Team:
    """Create a team without members, with a slug that is free; else one is made from its name."""
    if not slug:
        slug = slugify(name)[:SLUG_LENGTH] or "team"
        if Team.objects.filter(slug=slug).exists():
            slug = f"{slug}-{secrets.token_hex(2)}"
    team = Team.objects.create(name=name, slug=slug)
    trail.record(by, Action.TEAM_CREATE, team=team)
    return team


@transaction.atomic
def rename(team: Team, name: str, *, by: Actor) -> None:
    """Rename the team; its slug stays, so that links to it still work."""
    trail.record(by, Action.TEAM_RENAME, team=team, subject=name)
    team.name = name
    team.save(update_fields=["name"])


@transaction.atomic
def delete(team: Team, *, by: Actor) -> None:
    """Delete the team and what was made for it; tokens and views go to their owners."""
    endings.end_team(team, by=by)
    trail.record(by, Action.TEAM_DELETE, team=team)
    team.delete()


@transaction.atomic
def set_role(
    team: Team,
    user: User,
    role: str,
    *,
    by: Actor,
    heirs: Heirs | None = None,
    keep_an_admin: bool = True,
) -> None:
    """Make the person a member or change their role, and end what the new role does not permit.

    Raise LastAdmin if the team would lose its last admin, unless `keep_an_admin` is false.
    """
    membership = _membership(team, user)
    if membership is None:
        Membership.objects.create(team=team, user=user, role=role)
        trail.record(by, Action.MEMBER_ADD, team=team, subject=f"{user}: {role}", owner=user)
        return
    if membership.role == role:
        return
    _lock(team)
    if keep_an_admin:
        _keep_an_admin(team, membership)
    membership.role = role
    membership.save(update_fields=["role"])
    endings.end(user, by=by, heirs={team.pk: heirs} if heirs else None)
    trail.record(by, Action.MEMBER_CHANGE, team=team, subject=f"{user}: {role}", owner=user)


@transaction.atomic
def remove_member(
    team: Team, user: User, *, by: Actor, heirs: Heirs | None = None, keep_an_admin: bool = True
) -> None:
    """Take the person out of the team, and end what they made for it.

    Raise LastAdmin if the team would lose its last admin, unless `keep_an_admin` is false.
    """
    membership = _membership(team, user)
    if membership is None:
        return
    _lock(team)
    if keep_an_admin:
        _keep_an_admin(team, membership)
    membership.delete()
    endings.end(user, by=by, heirs={team.pk: heirs} if heirs else None)
    trail.record(by, Action.MEMBER_REMOVE, team=team, subject=str(user), owner=user)


@transaction.atomic
def invite(team: Team, role: str, *, by: Actor) -> tuple[Invitation, str]:
    """Create an invitation and return it with the key of its link, which is not stored.

    It works while its maker may manage the team; an invitation made by a command has no maker.
    """
    key = random_keys.new_key()
    invitation = Invitation.objects.create(
        team=team,
        role=role,
        key_hash=random_keys.hash_of(key),
        made_by=by.name,
        maker_id=by.id,
        expires_at=timezone.now() + timedelta(days=INVITATION_DAYS),
    )
    trail.record(by, Action.INVITATION_MAKE, team=team, subject=role)
    return invitation, key


def invitation(key: str) -> Invitation | None:
    """Return the invitation that the key opens.

    Return None if it has expired, was used or withdrawn, or if its maker may not invite any more.
    """
    open_ones = Invitation.objects.filter(expires_at__gt=timezone.now())
    return _open_one(open_ones.filter(key_hash=random_keys.hash_of(key)))


@transaction.atomic
def accept(invitation: Invitation, user: User, *, by: Actor) -> bool:
    """Add the person, who is not a member yet, to the team, and delete the invitation.

    Return False if someone else was quicker, or the maker has just lost the permission to invite.
    """
    _lock(invitation.team)
    found = _open_one(Invitation.objects.select_for_update(of=("self",)).filter(pk=invitation.pk))
    if found is None:
        return False
    found.delete()
    trail.record(by, Action.INVITATION_ACCEPT, team=found.team, subject=str(user), owner=user)
    set_role(found.team, user, found.role, by=by)
    return True


def _open_one(invitations: QuerySet[Invitation]) -> Invitation | None:
    """Return the one invitation of these, unless its maker may not manage the team any more."""
    found = invitations.select_related("team", "maker").first()
    if found and found.maker and not policy.has_permission(found.maker, "team.manage", found.team):
        return None
    return found


def _membership(team: Team, user: User) -> Membership | None:
    return Membership.objects.filter(team=team, user=user).first()


def with_no_admin_but(user: User) -> QuerySet[Team]:
    """Return the teams where the person is an admin and no other admin is active."""
    others = Membership.objects.filter(
        team=OuterRef("pk"), role=Role.ADMIN, user__is_active=True
    ).exclude(user=user)
    theirs = Team.objects.filter(memberships__user=user, memberships__role=Role.ADMIN)
    return theirs.exclude(Exists(others))


def _lock(team: Team) -> None:
    """Make other changes to the team's members wait for the end of the transaction.

    So of two admins who leave at once one stays, and nobody joins by the invitation of an admin who
    is leaving.
    """
    Team.objects.select_for_update().get(pk=team.pk)


def _keep_an_admin(team: Team, leaving: Membership) -> None:
    """Raise LastAdmin if the team would be left without an active admin."""
    if leaving.role != Role.ADMIN:
        return
    others = Membership.objects.filter(team=team, role=Role.ADMIN).exclude(pk=leaving.pk)
    if not others.filter(user__is_active=True).exists():
        raise LastAdmin


def teams_with_roles(user: User) -> list[Team]:
    """Return the person's teams, of a superuser all there are, and note the roles in `user`.

    That is one query where reading the roles by themselves makes two.
    """
    own = FilteredRelation("memberships", condition=Q(memberships__user=user))
    rows = Team.objects.annotate(own=own, role=F("own__role"))
    found = list(rows if user.is_superuser else rows.filter(own__isnull=False))
    user.roles = {team.pk: team.role for team in found if team.role}
    return [*found]
