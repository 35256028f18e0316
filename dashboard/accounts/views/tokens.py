"""A person's tokens: the list, and what can be done to each."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from dashboard.accounts import policy, tokens, vault
from dashboard.accounts.forms import AddTokenForm, ReplaceTokenForm
from dashboard.accounts.models import Token
from dashboard.accounts.views.wording import announce, cloud_said

PAGE = ("GET", "HEAD", "POST")


@dataclass(frozen=True)
class Row:
    token: Token
    is_default: bool
    is_readable: bool


@require_http_methods(PAGE)
def token_list(request: HttpRequest) -> HttpResponse:
    user = policy.require(request, "tokens.keep")
    if request.method != "POST":
        return _list_page(request, AddTokenForm(owner=user))
    form = AddTokenForm(request.POST, owner=user)
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
    mine = list(Token.objects.filter(owner=user))
    default = policy.default_of(user, mine)
    rows = [
        Row(token, token == default, vault.is_readable(token.sealed, token.pk)) for token in mine
    ]
    context = {"place": "tokens", "rows": rows, "form": form}
    return render(request, "accounts/tokens.html", context, status=422 if form.errors else 200)


@require_http_methods(PAGE)
def token_replace(request: HttpRequest, token_id: UUID) -> HttpResponse:
    token = policy.token(request, "token.manage", token_id)
    form = ReplaceTokenForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        replaced, verdict = tokens.replace_secret(
            token, form.cleaned_data["secret"], by=policy.actor(request)
        )
        if replaced:
            announce(request, "replaced", token, verdict)
            return redirect("token_list")
        kept = _("Not replaced: the token you have stays.")
        form.add_error("secret", f"{kept} {cloud_said(verdict)}")
    context = {"place": "tokens", "token": token, "form": form}
    return render(request, "accounts/replace.html", context, status=422 if form.errors else 200)


@require_http_methods(PAGE)
def token_delete(request: HttpRequest, token_id: UUID) -> HttpResponse:
    token = policy.token(request, "token.manage", token_id)
    if request.method != "POST":
        return render(request, "accounts/delete.html", {"place": "tokens", "token": token})
    tokens.delete_token(token, by=policy.actor(request))
    messages.success(request, _("“%(label)s” is deleted.") % {"label": token})
    return redirect("token_list")


@require_http_methods(PAGE)
def token_default(request: HttpRequest, token_id: UUID) -> HttpResponse:
    token = policy.token(request, "token.read_with", token_id)
    # A GET comes from signing in again after the session ended: there is nothing to do twice.
    if request.method == "POST":
        user = policy.person(request)
        user.default_token = token
        user.save(update_fields=["default_token"])
        messages.success(request, _("“%(label)s” is used by default now.") % {"label": token})
    return redirect("token_list")


@require_http_methods(PAGE)
def token_check(request: HttpRequest, token_id: UUID) -> HttpResponse:
    token = policy.token(request, "token.manage", token_id)
    if request.method != "POST":
        return redirect("token_list")
    try:
        verdict = tokens.check_token(token)
    except vault.Unreadable:
        messages.error(
            request, _("“%(label)s” cannot be decrypted. Replace it.") % {"label": token}
        )
        return redirect("token_list")
    announce(request, "checked", token, verdict)
    return redirect("token_list")
