"""Pages that list, create, rename and delete teams."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from dashboard.people import policy, teams
from dashboard.people.forms import TeamForm
from dashboard.people.models import Team
from images.search.spelling import natural


def team_list(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        policy.require(request, "teams.create")
    user = policy.require(request, "teams.list")
    form = TeamForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        team = teams.create(form.cleaned_data["name"], by=policy.actor(request))
        messages.success(request, _("Team “%(team)s” was created.") % {"team": team})
        return redirect("team_people", team.slug)
    mine = Team.objects.annotate(people=Count("memberships", distinct=True))
    if not user.is_superuser:
        mine = mine.filter(pk__in=user.roles)
    context = {
        "place": "teams",
        "teams": sorted(mine, key=lambda team: natural(team.name)),
        "roles": user.roles,
        "form": form,
    }
    return render(request, "people/teams.html", context, status=422 if form.errors else 200)


def team_settings(request: HttpRequest, slug: str) -> HttpResponse:
    team = policy.team(request, "team.manage", slug)
    asked = request.POST if request.method == "POST" else None
    form = TeamForm(asked, initial={"name": team.name})
    if form.is_valid():
        teams.rename(team, form.cleaned_data["name"], by=policy.actor(request))
        messages.success(request, _("The team is now called “%(team)s”.") % {"team": team})
        return redirect("team_settings", team.slug)
    context = {"place": "teams", "tab": "settings", "team": team, "form": form}
    return render(request, "people/team_settings.html", context, status=422 if form.errors else 200)


def team_delete(request: HttpRequest, slug: str) -> HttpResponse:
    team = policy.team(request, "team.delete", slug)
    if request.method != "POST":
        context = {
            "place": "teams",
            "tab": "settings",
            "team": team,
            "tokens": team.tokens.select_related("owner"),
            "views": team.views.select_related("owner"),
            "displays": team.displays.working().select_related("token"),
            "invitations": team.invitations.all(),
            "keys": team.api_keys.working(),
        }
        return render(request, "people/team_delete.html", context)
    teams.delete(team, by=policy.actor(request))
    messages.success(request, _("Team “%(team)s” was deleted.") % {"team": team})
    return redirect("team_list")
