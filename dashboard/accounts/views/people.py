"""Who is in a team: roles, and taking someone out."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from dashboard.accounts import policy, teams
from dashboard.accounts.models import Role, Team, User
from dashboard.accounts.team_forms import RemoveForm, RoleForm
from images.spelling import natural


@require_safe
def team_people(request: HttpRequest, slug: str) -> HttpResponse:
    return people_page(request, policy.team(request, "team.view", slug))


def people_page(request: HttpRequest, team: Team, *, link: str = "") -> HttpResponse:
    """The team's people and open invitations. `link`: that of the invitation just made."""
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
        "link": link,
    }
    return render(request, "accounts/people.html", context)


def member_role(request: HttpRequest, slug: str, user_id: int) -> HttpResponse:
    team = policy.team(request, "team.manage", slug)
    member = _member(team, user_id)
    form = RoleForm(request.POST)
    if request.method == "POST" and form.is_valid():
        try:
            teams.set_role(team, member, form.cleaned_data["role"], by=policy.actor(request))
        except teams.LastAdmin:
            messages.error(request, _last_admin(member))
        else:
            role = Role(form.cleaned_data["role"]).label
            news = _("%(name)s’s role is “%(role)s” now.") % {"name": member, "role": role}
            messages.success(request, news)
    return redirect("team_people", team.slug)


def member_remove(request: HttpRequest, slug: str, user_id: int) -> HttpResponse:
    team = policy.team(request, "team.manage", slug)
    return _leaving(request, team, _member(team, user_id))


def team_leave(request: HttpRequest, slug: str) -> HttpResponse:
    team = policy.team(request, "team.leave", slug)
    return _leaving(request, team, policy.person(request))


def _leaving(request: HttpRequest, team: Team, member: User) -> HttpResponse:
    form = RemoveForm(request.POST if request.method == "POST" else None, team=team, leaving=member)
    if form.is_valid():
        try:
            heir = form.cleaned_data["heir"]
            teams.remove_member(team, member, by=policy.actor(request), heir=heir)
        except teams.LastAdmin:
            messages.error(request, _last_admin(member))
            return redirect("team_people", team.slug)
        news = _("%(name)s is no longer in “%(team)s”.") % {"name": member, "team": team}
        messages.success(request, news)
        return redirect(
            "team_list" if member == request.user else "team_people",
            *(() if member == request.user else (team.slug,)),
        )
    context = {
        "place": "teams",
        "tab": "people",
        "team": team,
        "member": member,
        "tokens": team.tokens.filter(owner=member),
        "form": form,
    }
    return render(request, "accounts/remove.html", context, status=422 if form.errors else 200)


def _member(team: Team, user_id: int) -> User:
    found = User.objects.filter(memberships__team=team, pk=user_id).first()
    if found is None:
        raise Http404
    return found


def _last_admin(member: User) -> str:
    return _("%(name)s is the team’s last admin. Make someone else an admin first.") % {
        "name": member
    }
