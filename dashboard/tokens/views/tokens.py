"""The pages of a person's tokens, of a team's, and of one token with its actions."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from dashboard.people import policy
from dashboard.people.models import User
from dashboard.tokens import access, lifecycle, rotation, vault
from dashboard.tokens.forms import AddTokenForm, TokenForm
from dashboard.tokens.models import State, Token
from dashboard.tokens.searching import with_people
from dashboard.tokens.views.announcements import announce, not_saved
from dashboard.tokens.views.filtering import FILTERED_FROM, TokenFilterForm, part
from dashboard.tokens.views.rows import token_row
from dashboard.web import once


def token_list(request: HttpRequest) -> HttpResponse:
    user = policy.require(request, "tokens.keep")
    if request.method != "POST":
        initial = {"team": request.GET.get("team", "")}
        return _list_page(request, AddTokenForm(owner=user, by=user, initial=initial))
    form = AddTokenForm(request.POST, owner=user, by=user)
    before = once.answered(request)
    # Whoever adds the first token came for the list.
    target = reverse("token_list" if access.readable(request) else "images:list")
    if not before and form.is_valid() and (token := _added(request, form, target)):
        return redirect(target if token.state == State.VALID else "token_list")
    # The same form may have been sent twice at once, and added the token meanwhile.
    return before or once.answered(request) or _list_page(request, form)


def _added(request: HttpRequest, form: AddTokenForm, target: str) -> Token | None:
    """Add the token and say so; None, with an error in the form, if that is not to be."""
    by = policy.actor(request)
    try:
        token, verdict = lifecycle.add_token(
            form.owner, **form.cleaned_data, by=by, along=lambda: once.note(request, target)
        )
    except lifecycle.LabelTaken:
        form.label_taken()
        return None
    except once.AlreadySent:
        return None
    if token is None:
        form.add_error("secret", not_saved(verdict))
        return None
    announce(request, "stored", token, verdict)
    return token


def _list_page(request: HttpRequest, form: AddTokenForm) -> HttpResponse:
    user = policy.person(request)
    readable, filter_form = with_people(access.readable(request)), TokenFilterForm(request.GET)
    mine = [token for token in readable if token.owner_id == user.pk]
    shared = [token for token in readable if token.owner_id != user.pk]
    context = {
        "place": "tokens",
        "total": len(readable),
        "mine": part(request, user, mine, filter_form),
        "shared": part(request, user, shared, filter_form, parameter="shared"),
        "filter": filter_form if len(readable) > FILTERED_FROM else None,
        "form": form,
    }
    return render(request, "tokens/tokens.html", context, status=422 if form.errors else 200)


@require_safe
def team_page(request: HttpRequest, slug: str) -> HttpResponse:
    team = policy.team(request, "team.view", slug)
    # Whoever sees the team reads with all its tokens, which every page has at hand.
    readable = access.readable(request)
    tokens = with_people([token for token in readable if token.team_id == team.pk])
    filter_form = TokenFilterForm(request.GET)
    context = {
        "place": "teams",
        "tab": "tokens",
        "team": team,
        "total": len(tokens),
        "part": part(request, policy.person(request), tokens, filter_form),
        "filter": filter_form if len(tokens) > FILTERED_FROM else None,
    }
    return render(request, "tokens/team.html", context)


def token_page(request: HttpRequest, token_id: UUID) -> HttpResponse:
    """Show everything about a token; a POST edits its label, team and last day."""
    token = access.managed(request, "token.manage", token_id)
    user = policy.person(request)
    asked = request.POST if request.method == "POST" else None
    said = {"label": token.label, "team": token.team, "expires_on": token.expires_on}
    form = TokenForm(asked, owner=token.owner, by=user, token=token, initial=said)
    if form.is_valid() and _edited(request, token, form):
        messages.success(request, _("“%(label)s” was saved.") % {"label": token})
        return redirect(_after(request, user, token))
    context = {
        "place": "tokens" if token.owner_id == user.pk else "teams",
        "row": token_row(user, token),
        "token": token,
        "previous": rotation.find(token, rotation.Kind.PREVIOUS),
        "screens": token.displays.working().count(),
        "form": form,
    }
    return render(request, "tokens/token.html", context, status=422 if form.errors else 200)


def _edited(request: HttpRequest, token: Token, form: TokenForm) -> bool:
    try:
        lifecycle.edit_token(token, **form.cleaned_data, by=policy.actor(request))
    except lifecycle.LabelTaken:
        form.label_taken()
        token.refresh_from_db()
        return False
    return True


def _after(request: HttpRequest, user: User, token: Token) -> str:
    """Return the next page: whoever took another's token out of the team cannot see it any more."""
    managed = policy.has_permission(user, "token.manage", token)
    return token.get_absolute_url() if managed else "team_list"


def token_delete(request: HttpRequest, token_id: UUID) -> HttpResponse:
    token = access.managed(request, "token.manage", token_id)
    if request.method != "POST":
        context = {"place": "tokens", "token": token, "screens": token.displays.working().count()}
        return render(request, "tokens/delete.html", context)
    mine, team = token.owner_id == policy.person(request).pk, token.team
    token.remove(by=policy.actor(request))
    messages.success(request, _("“%(label)s” was deleted.") % {"label": token})
    return redirect("token_list") if mine or not team else redirect("team_page", team.slug)


def token_disable(request: HttpRequest, token_id: UUID) -> HttpResponse:
    token = access.managed(request, "token.manage", token_id)
    if request.method == "POST" and not token.disabled_at:
        lifecycle.disable_token(token, by=policy.actor(request))
        news = _("“%(label)s” was disabled and is no longer used to list images.") % {
            "label": token
        }
        messages.success(request, news)
    return redirect("token_page", token.pk)


def token_enable(request: HttpRequest, token_id: UUID) -> HttpResponse:
    token = access.managed(request, "token.manage", token_id)
    if request.method == "POST" and token.disabled_at:
        lifecycle.enable_token(token, by=policy.actor(request))
        messages.success(request, _("“%(label)s” was enabled.") % {"label": token})
    return redirect("token_page", token.pk)


def token_check(request: HttpRequest, token_id: UUID) -> HttpResponse:
    token = access.managed(request, "token.manage", token_id)
    if request.method != "POST":
        return _back(request, token)
    try:
        verdict = lifecycle.check_token(token)
    except vault.Unreadable:
        messages.error(
            request, _("“%(label)s” cannot be decrypted. Replace it.") % {"label": token}
        )
        return _back(request, token)
    announce(request, "checked", token, verdict)
    return _back(request, token)


def _back(request: HttpRequest, token: Token) -> HttpResponse:
    """Redirect to the token's page, or to a list if the person may not manage the token."""
    user = policy.person(request)
    if policy.has_permission(user, "token.manage", token):
        return redirect("token_page", token.pk)
    return redirect("token_list" if policy.has_permission(user, "tokens.keep") else "images:list")
