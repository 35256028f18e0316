"""Pages of a team's members: their roles, removing them, and who takes over what they made."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from dashboard.people import endings, policy, teams
from dashboard.people.ending_forms import EndingForm, Way
from dashboard.people.forms import RoleForm
from dashboard.people.models import Role, Team, User
from dashboard.web import once
from images.search.spelling import natural


@require_safe
def team_people(request: HttpRequest, slug: str) -> HttpResponse:
    team, key = policy.team(request, "team.view", slug), once.shown(request)
    context = {
        "place": "teams",
        "tab": "people",
        "team": team,
        "memberships": sorted(
            team.memberships.select_related("user"),
            key=lambda membership: natural(membership.user.username),
        ),
        "invitations": team.invitations.filter(expires_at__gt=timezone.now()),
        "roles": Role.choices,
        # Nobody can undo it who has made themselves a viewer.
        "asked_about": endings.people_to_ask_about(team) | {policy.person(request).pk},
        "link": request.build_absolute_uri(reverse("invitation", args=[key])) if key else "",
    }
    return render(request, "people/members.html", context)


def member_role(request: HttpRequest, slug: str, user_id: int) -> HttpResponse:
    """Change a member's role; a GET asks who takes over what the new role does not permit."""
    team = policy.team(request, "team.manage", slug)
    member = _member(team, user_id)
    roles = RoleForm(request.POST if request.method == "POST" else request.GET)
    if not roles.is_valid():
        return refuse_role(request, team, roles)
    role = roles.cleaned_data["role"]
    after = endings.as_if(member, team, role)
    form = _ending_form(request, team, member, after, Way.ROLE)
    if request.method != "POST" or not form.is_valid():
        context = {"role": Role(role), "keys": endings.keys_at_stake(after), "form": form}
        return _ask(request, "people/role.html", team, member, context)
    try:
        teams.set_role(team, member, role, by=policy.actor(request), heirs=form.heirs())
    except teams.LastAdmin:
        messages.error(request, _last_admin(member))
    else:
        news = _("%(name)s’s role is now “%(role)s”.")
        messages.success(request, news % {"name": member, "role": Role(role).label})
    return redirect("team_people", team.slug)


def refuse_role(request: HttpRequest, team: Team, form: RoleForm) -> HttpResponse:
    """Return to the team's people, and say there what is wrong with the role that was sent."""
    messages.error(request, str(form.errors["role"][0]))
    return redirect("team_people", team.slug)


def member_remove(request: HttpRequest, slug: str, user_id: int) -> HttpResponse:
    team = policy.team(request, "team.manage", slug)
    return _leaving(request, team, _member(team, user_id))


def team_leave(request: HttpRequest, slug: str) -> HttpResponse:
    team = policy.team(request, "team.leave", slug)
    return _leaving(request, team, policy.person(request))


def _leaving(request: HttpRequest, team: Team, member: User) -> HttpResponse:
    after = endings.as_if(member, team, None)
    form = _ending_form(request, team, member, after, Way.REMOVAL)
    if request.method != "POST" or not form.is_valid():
        context = {"keys": endings.keys_at_stake(after), "form": form}
        return _ask(request, "people/remove.html", team, member, context)
    try:
        teams.remove_member(team, member, by=policy.actor(request), heirs=form.heirs())
    except teams.LastAdmin:
        messages.error(request, _last_admin(member))
        return redirect("team_people", team.slug)
    news = _("%(name)s is no longer in “%(team)s”.") % {"name": member, "team": team}
    messages.success(request, news)
    if member == request.user:
        return redirect("team_list")
    return redirect("team_people", team.slug)


def _ending_form(
    request: HttpRequest, team: Team, member: User, after: User, way: Way
) -> EndingForm:
    return EndingForm(
        request.POST if request.method == "POST" else None,
        stake=endings.at_stake(after, team),
        leaving=member,
        way=way,
        by=policy.person(request),
    )


def _ask(
    request: HttpRequest, template: str, team: Team, member: User, context: dict[str, Any]
) -> HttpResponse:
    context |= {"place": "teams", "tab": "people", "team": team, "member": member}
    return render(request, template, context, status=422 if context["form"].errors else 200)


def _member(team: Team, user_id: int) -> User:
    found = User.objects.filter(memberships__team=team, pk=user_id).first()
    if found is None:
        raise Http404
    return found


def _last_admin(member: User) -> str:
    return _("%(name)s is the team’s last admin. Make someone else an admin first.") % {
        "name": member
    }
