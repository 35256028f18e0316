"""What is done to teams and who is in them. A team that has an admin always keeps one."""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from dashboard.accounts import audit, links
from dashboard.accounts.audit import Actor
from dashboard.accounts.models import Action, Invitation, Membership, Role, Team, Token, User

INVITATION_DAYS = 7
SLUG_LENGTH = 40


class LastAdmin(Exception):
    """Without this person the team would have no admin."""


@transaction.atomic
def create(name: str, *, by: Actor) -> Team:
    """A new team, with nobody in it; its address is made from its name."""
    slug = slugify(name)[:SLUG_LENGTH] or "team"
    if Team.objects.filter(slug=slug).exists():
        slug = f"{slug}-{secrets.token_hex(2)}"
    team = Team.objects.create(name=name, slug=slug)
    audit.record(by, Action.TEAM_CREATE, team=team)
    return team


@transaction.atomic
def rename(team: Team, name: str, *, by: Actor) -> None:
    """Another name; the address stays, and links to it work."""
    audit.record(by, Action.TEAM_RENAME, team=team, subject=name)
    team.name = name
    team.save(update_fields=["name"])


@transaction.atomic
def delete(team: Team, *, by: Actor) -> None:
    """The team, its links and its memberships; its tokens become their owners' alone."""
    audit.record(by, Action.TEAM_DELETE, team=team)
    team.delete()


@transaction.atomic
def set_role(team: Team, user: User, role: str, *, by: Actor) -> None:
    """Make the person a member, or change their role. Raises LastAdmin."""
    membership = _membership(team, user)
    if membership and membership.role == role:
        return
    if membership:
        _keep_an_admin(team, membership)
        membership.role = role
        membership.save(update_fields=["role"])
    else:
        Membership.objects.create(team=team, user=user, role=role)
    action = Action.MEMBER_CHANGE if membership else Action.MEMBER_ADD
    audit.record(by, action, team=team, subject=f"{user}: {role}", owner=user)


@transaction.atomic
def remove_member(team: Team, user: User, *, by: Actor, heir: User | None = None) -> None:
    """Take the person out of the team. Their tokens in it become the heir's, or leave with them.
    Raises LastAdmin."""
    membership = _membership(team, user)
    if membership is None:
        return
    _keep_an_admin(team, membership)
    for token in Token.objects.filter(team=team, owner=user):
        _pass_on(token, heir, by=by)
    membership.delete()
    audit.record(by, Action.MEMBER_REMOVE, team=team, subject=str(user), owner=user)


@transaction.atomic
def invite(team: Team, role: str, *, by: Actor) -> tuple[Invitation, str]:
    """A new invitation, and the key of its link, which is not kept."""
    key = links.new_key()
    invitation = Invitation.objects.create(
        team=team,
        role=role,
        key_hash=links.hash_of(key),
        made_by=by.name,
        expires_at=timezone.now() + timedelta(days=INVITATION_DAYS),
    )
    audit.record(by, Action.INVITATION_MAKE, team=team, subject=role)
    return invitation, key


@transaction.atomic
def withdraw(invitation: Invitation, *, by: Actor) -> None:
    audit.record(by, Action.INVITATION_WITHDRAW, team=invitation.team, subject=invitation.role)
    invitation.delete()


def invitation(key: str) -> Invitation | None:
    """The invitation that the key opens, unless it has expired, was used or was withdrawn."""
    found = Invitation.objects.select_related("team").filter(key_hash=links.hash_of(key))
    return found.filter(expires_at__gt=timezone.now()).first()


@transaction.atomic
def accept(invitation: Invitation, user: User, *, by: Actor) -> bool:
    """The person, who is not in the team yet, joins; False when someone else was quicker."""
    deleted, _ = Invitation.objects.filter(pk=invitation.pk).delete()
    if not deleted:
        return False
    audit.record(by, Action.INVITATION_ACCEPT, team=invitation.team, subject=str(user), owner=user)
    set_role(invitation.team, user, invitation.role, by=by)
    return True


def _membership(team: Team, user: User) -> Membership | None:
    return Membership.objects.filter(team=team, user=user).first()


def _keep_an_admin(team: Team, leaving: Membership) -> None:
    """Raise LastAdmin where the team would be left without one. Two who leave at once wait for
    each other at the team's row."""
    if leaving.role != Role.ADMIN:
        return
    Team.objects.select_for_update().get(pk=team.pk)
    others = Membership.objects.filter(team=team, role=Role.ADMIN).exclude(pk=leaving.pk)
    if not others.filter(user__is_active=True).exists():
        raise LastAdmin


def _pass_on(token: Token, heir: User | None, *, by: Actor) -> None:
    action = Action.TOKEN_HAND_OVER if heir else Action.TOKEN_LEAVE_TEAM
    audit.record(by, action, team=token.team, subject=str(token), owner=token.owner)
    if heir is None:
        token.team = None
        token.displays.all().delete()
    else:
        token.owner = heir
        token.label = _free_label(heir, token.label)
    token.save(update_fields=["team", "owner", "label"])


def _free_label(owner: User, label: str) -> str:
    """The label, numbered where the owner has one of that name."""
    taken = {each.lower() for each in owner.tokens.values_list("label", flat=True)}
    number, free = 1, label
    while free.lower() in taken:
        number += 1
        free = f"{label[:70]} ({number})"
    return free
