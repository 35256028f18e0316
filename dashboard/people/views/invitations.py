"""Pages on which a team's admins create and withdraw invitations, and people accept them."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from dashboard import quotas
from dashboard.audit import trail
from dashboard.audit.models import Action, Word
from dashboard.audit.trail import Actor
from dashboard.people import endings, policy, sign_in_log, teams
from dashboard.people.forms import NewAccountForm, RoleForm
from dashboard.people.models import Invitation, User
from dashboard.people.views.members import refuse_role
from dashboard.web import once

BACKEND = "django.contrib.auth.backends.ModelBackend"


def invitation_make(request: HttpRequest, slug: str) -> HttpResponse:
    """Create an invitation. Its link is shown on the page of the team's people."""
    team = policy.team(request, "team.manage", slug)
    if request.method != "POST":
        return redirect("team_people", team.slug)
    form = RoleForm(request.POST)
    if not form.is_valid():
        return refuse_role(request, team, form)
    try:
        quotas.refuse_beyond("invitations", team.invitations.filter(expires_at__gt=timezone.now()))
    except ValidationError as full:
        messages.error(request, full.messages[0])
        return redirect("team_people", team.slug)
    _made, key = teams.invite(team, form.cleaned_data["role"], by=policy.actor(request))
    return once.show(request, reverse("team_people", args=[team.slug]), key)


def invitation_withdraw(request: HttpRequest, slug: str, invitation_id: UUID) -> HttpResponse:
    team = policy.team(request, "team.manage", slug)
    invitation = get_object_or_404(Invitation, pk=invitation_id, team=team)
    if request.method != "POST":
        context = {
            "place": "teams",
            "question": _("Withdraw the invitation?"),
            "consequence": _("Nobody can join with its link any more. This cannot be undone."),
            "act": _("Withdraw"),
            "cancel": reverse("team_people", args=[team.slug]),
        }
        return render(request, "parts/confirm.html", context)
    endings.withdraw(invitation, by=policy.actor(request))
    messages.success(request, _("The invitation was withdrawn. Its link no longer works."))
    return redirect("team_people", team.slug)


@login_not_required
@sensitive_post_parameters()
def invitation(request: HttpRequest, key: str) -> HttpResponse:
    found = teams.invitation(key)
    if found is None:
        return render(request, "people/invitation_gone.html", status=404)
    if isinstance(request.user, User):
        return _join(request, found, request.user)
    form = NewAccountForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        return _new_account(request, found, form)
    context = {"invitation": found, "form": form}
    return render(request, "people/invitation.html", context, status=422 if form.errors else 200)


def _join(request: HttpRequest, invitation: Invitation, user: User) -> HttpResponse:
    team = invitation.team
    if team.pk in user.roles:
        messages.info(request, _("You are already in “%(team)s”.") % {"team": team})
        return redirect("team_page", team.slug)
    if request.method != "POST":
        return render(request, "people/join.html", {"invitation": invitation})
    if not teams.accept(invitation, user, by=policy.actor(request)):
        return render(request, "people/invitation_gone.html", status=404)
    return _welcome(request, invitation)


def _new_account(
    request: HttpRequest, invitation: Invitation, form: NewAccountForm
) -> HttpResponse:
    with transaction.atomic():
        user = form.save()
        by = Actor(user.get_username(), policy.address(request), user.pk)
        trail.record(by, Action.ACCOUNT_MAKE, subject=str(user), owner=user)
        if not teams.accept(invitation, user, by=by):
            transaction.set_rollback(True)
            return render(request, "people/invitation_gone.html", status=404)
    login(request, user, backend=BACKEND)
    sign_in_log.signed_in(request, user, Word.INVITATION)
    return _welcome(request, invitation)


def _welcome(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    news = _("Welcome to “%(team)s”.") % {"team": invitation.team}
    messages.success(request, news)
    return redirect("images:list")
