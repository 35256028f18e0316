"""A person's tokens: the list, the page of each, and what can be done to it."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from dashboard.accounts import credentials, policy, replacing, tokens, vault
from dashboard.accounts.forms import AddTokenForm, TokenForm
from dashboard.accounts.models import Token, User
from dashboard.accounts.views.rows import token_row, token_rows
from dashboard.accounts.views.wording import announce, cloud_said


def token_list(request: HttpRequest) -> HttpResponse:
    user = policy.require(request, "tokens.keep")
    if request.method != "POST":
        initial = {"team": request.GET.get("team", "")}
        return _list_page(request, AddTokenForm(owner=user, by=user, initial=initial))
    form = AddTokenForm(request.POST, owner=user, by=user)
    if not form.is_valid():
        return _list_page(request, form)
    try:
        token, verdict = tokens.add_token(user, **form.cleaned_data, by=policy.actor(request))
    except tokens.LabelTaken:
        form.label_taken()
        return _list_page(request, form)
    if token is None:
        refused = _("Not stored.")
        form.add_error("secret", f"{refused} {cloud_said(verdict)}")
        return _list_page(request, form)
    announce(request, "stored", token, verdict)
    return redirect("token_list")


def _list_page(request: HttpRequest, form: AddTokenForm) -> HttpResponse:
    user = policy.person(request)
    readable = credentials.tokens_of(user)
    prefetch_related_objects(readable, "team")
    default = credentials.default_of(user, readable)
    mine = [token for token in readable if token.owner_id == user.pk]
    shared = [token for token in readable if token.owner_id != user.pk]
    context = {
        "place": "tokens",
        "rows": token_rows(user, mine, default),
        "shared": token_rows(user, shared, default),
        "form": form,
    }
    return render(request, "accounts/tokens.html", context, status=422 if form.errors else 200)


def token_page(request: HttpRequest, token_id: UUID) -> HttpResponse:
    """Everything about one token; its POST edits what its people say of it."""
    token = policy.token(request, "token.manage", token_id)
    user = policy.person(request)
    asked = request.POST if request.method == "POST" else None
    said = {"label": token.label, "team": token.team, "expires_on": token.expires_on}
    form = TokenForm(asked, owner=token.owner, by=user, token=token, initial=said)
    if form.is_valid() and _edited(request, token, form):
        messages.success(request, _("“%(label)s” is saved.") % {"label": token})
        return redirect(_after(request, user, token))
    context = {
        "place": "tokens" if token.owner_id == user.pk else "teams",
        "row": token_row(user, token, _default(user)),
        "token": token,
        "previous": replacing.spare(token, replacing.Kind.PREVIOUS),
        "screens": token.displays.count(),
        "form": form,
    }
    return render(request, "accounts/token.html", context, status=422 if form.errors else 200)


def _edited(request: HttpRequest, token: Token, form: TokenForm) -> bool:
    try:
        tokens.edit_token(token, **form.cleaned_data, by=policy.actor(request))
    except tokens.LabelTaken:
        form.label_taken()
        token.refresh_from_db()
        return False
    return True


def _after(request: HttpRequest, user: User, token: Token) -> str:
    """Who took another's token out of their team cannot see it any more."""
    managed = policy.may(user, "token.manage", token)
    return token.get_absolute_url() if managed else "team_list"


def _default(user: User) -> Token | None:
    return credentials.default_of(user, credentials.tokens_of(user))


def token_delete(request: HttpRequest, token_id: UUID) -> HttpResponse:
    token = policy.token(request, "token.manage", token_id)
    if request.method != "POST":
        context = {"place": "tokens", "token": token, "screens": token.displays.count()}
        return render(request, "accounts/delete.html", context)
    mine, team = token.owner_id == policy.person(request).pk, token.team
    tokens.delete_token(token, by=policy.actor(request))
    messages.success(request, _("“%(label)s” is deleted.") % {"label": token})
    return redirect("token_list") if mine or not team else redirect("team_page", team.slug)


def token_default(request: HttpRequest, token_id: UUID) -> HttpResponse:
    token = policy.token(request, "token.read_with", token_id)
    # A GET comes from signing in again after the session ended: there is nothing to do twice.
    if request.method == "POST":
        user = policy.person(request)
        user.default_token = token
        user.save(update_fields=["default_token"])
        messages.success(request, _("“%(label)s” is used by default now.") % {"label": token})
    return _back(request, token)


def token_disable(request: HttpRequest, token_id: UUID) -> HttpResponse:
    token = policy.token(request, "token.manage", token_id)
    if request.method == "POST" and not token.disabled_at:
        tokens.disable_token(token, by=policy.actor(request))
        news = _("“%(label)s” is disabled: nobody lists images with it.") % {"label": token}
        messages.success(request, news)
    return redirect("token_page", token.pk)


def token_enable(request: HttpRequest, token_id: UUID) -> HttpResponse:
    token = policy.token(request, "token.manage", token_id)
    if request.method == "POST" and token.disabled_at:
        tokens.enable_token(token, by=policy.actor(request))
        messages.success(request, _("“%(label)s” is in use again.") % {"label": token})
    return redirect("token_page", token.pk)


def token_check(request: HttpRequest, token_id: UUID) -> HttpResponse:
    token = policy.token(request, "token.manage", token_id)
    if request.method != "POST":
        return _back(request, token)
    try:
        verdict = tokens.check_token(token)
    except vault.Unreadable:
        messages.error(
            request, _("“%(label)s” cannot be decrypted. Replace it.") % {"label": token}
        )
        return _back(request, token)
    announce(request, "checked", token, verdict)
    return _back(request, token)


def _back(request: HttpRequest, token: Token) -> HttpResponse:
    """To the page of the token, where its people look after it; else to the list of theirs."""
    user = policy.person(request)
    if policy.may(user, "token.manage", token):
        return redirect("token_page", token.pk)
    return redirect("token_list" if policy.may(user, "tokens.keep") else "images:list")
