"""Pages that switch off or delete an account, and ask who takes over what it made."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from dashboard.people import endings, policy, teams
from dashboard.people.ending_forms import EndingForm, Way
from dashboard.people.models import User

PEOPLE = "admin:people_user_changelist"


def account_switch_off(request: HttpRequest, user_id: int) -> HttpResponse:
    policy.require(request, "site.administer")
    person = get_object_or_404(User, pk=user_id, is_active=True)
    forms = _forms(request, person, Way.SWITCH_OFF)
    oneself = person == request.user
    if request.method != "POST" or oneself or not all(form.is_valid() for form in forms):
        return _ask(request, person, forms, Way.SWITCH_OFF)
    heirs = {form.stake.team.pk: form.heirs() for form in forms}
    endings.switch_off(person, by=policy.actor(request), heirs=heirs)
    messages.success(request, _("%(name)s was deactivated.") % {"name": person})
    return redirect(PEOPLE)


def account_delete(request: HttpRequest, user_id: int) -> HttpResponse:
    policy.require(request, "site.administer")
    person = get_object_or_404(User, pk=user_id)
    forms = _forms(request, person, Way.DELETION)
    barred = person == request.user or teams.with_no_admin_but(person).exists()
    if request.method != "POST" or barred or not all(form.is_valid() for form in forms):
        return _ask(request, person, forms, Way.DELETION)
    heirs = {form.stake.team.pk: form.heirs() for form in forms}
    endings.delete_account(person, by=policy.actor(request), heirs=heirs)
    messages.success(request, _("%(name)s’s account was deleted.") % {"name": person})
    return redirect(PEOPLE)


def _forms(request: HttpRequest, person: User, way: Way) -> list[EndingForm]:
    asked = request.POST if request.method == "POST" else None
    stakes = [endings.at_stake(person, team, shut_out=True) for team in endings.teams_of(person)]
    return [
        EndingForm(
            asked,
            prefix=f"team-{stake.team.pk}",
            stake=stake,
            leaving=person,
            way=way,
            by=policy.person(request),
        )
        for stake in stakes
        if stake
    ]


def _ask(request: HttpRequest, person: User, forms: list[EndingForm], way: Way) -> HttpResponse:
    context = {
        "place": "teams",
        "person": person,
        "deletes": way is Way.DELETION,
        "forms": forms,
        "keys": endings.keys_at_stake(person, shut_out=True),
        "own": person.tokens.filter(team=None),
        "alone": teams.with_no_admin_but(person),
        "oneself": person == request.user,
    }
    failed = any(form.errors for form in forms)
    return render(request, "people/account_ending.html", context, status=422 if failed else 200)
