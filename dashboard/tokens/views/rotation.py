"""Pages that rotate a token's secret: paste, compare, switch, and restore within a day."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from dashboard.people import policy
from dashboard.tokens import access, rotation
from dashboard.tokens.forms import ReplaceTokenForm
from dashboard.tokens.models import RotationSecret, Token
from dashboard.tokens.rotation import Kind
from dashboard.tokens.views.announcements import announce, cloud_said
from dashboard.web import once
from images import services
from images.services.comparing import Comparison

# The field that confirms a switch although most images would disappear.
SURE = "sure"


def token_replace(request: HttpRequest, token_id: UUID) -> HttpResponse:
    token = access.managed(request, "token.manage", token_id)
    form = ReplaceTokenForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            secret = form.cleaned_data["secret"]
            offered, verdict = rotation.offer(token, secret, by=policy.actor(request))
        except rotation.SameSecret:
            form.add_error("secret", _("This token is already in use here."))
        else:
            if offered:
                return redirect("token_compare", token.pk)
            kept = _("Not replaced. The current token stays in use.")
            form.add_error("secret", f"{kept} {cloud_said(verdict)}")
    context = {"place": "tokens", "token": token, "form": form}
    return render(request, "tokens/replace.html", context, status=422 if form.errors else 200)


@require_safe
def token_compare(request: HttpRequest, token_id: UUID) -> HttpResponse:
    token = access.managed(request, "token.manage", token_id)
    return _comparison_page(request, token, Kind.NEXT)


def _comparison_page(request: HttpRequest, token: Token, kind: RotationSecret.Kind) -> HttpResponse:
    other = rotation.find(token, kind)
    if other is None:
        return _too_late(request, token)
    found = _compare(token, other, again=True)
    context = {
        "place": "tokens",
        "token": token,
        "other": other,
        "is_new": kind == Kind.NEXT,
        "readable": access.stored(token) is not None,
        "listing": any(pair.old.count is not None for pair in found.pairs),
        "found": found,
    }
    return render(request, "tokens/compare.html", context)


def _compare(token: Token, other: RotationSecret, *, again: bool) -> Comparison:
    old, new = access.stored(token), access.of_rotation(token, other)
    return services.compare(old, new, again=again)


def token_switch(request: HttpRequest, token_id: UUID) -> HttpResponse:
    """Put the next secret in use."""
    token = access.managed(request, "token.manage", token_id)
    if request.method != "POST":
        return redirect("token_page", token.pk)
    return _use(request, token, Kind.NEXT)


def token_restore(request: HttpRequest, token_id: UUID) -> HttpResponse:
    """Put the previous secret in use again; a GET shows what it lists, to be confirmed."""
    token = access.managed(request, "token.manage", token_id)
    if request.method != "POST":
        return _comparison_page(request, token, Kind.PREVIOUS)
    return _use(request, token, Kind.PREVIOUS)


def token_keep(request: HttpRequest, token_id: UUID) -> HttpResponse:
    """Keep the secret in use, and forget the next one; a GET asks first."""
    token = access.managed(request, "token.manage", token_id)
    if request.method == "POST":
        rotation.drop(token, Kind.NEXT)
        messages.success(request, _("Nothing was replaced, and the new token was discarded."))
        return redirect("token_page", token.pk)
    if rotation.find(token, Kind.NEXT) is None:
        return redirect("token_page", token.pk)
    context = {
        "place": "tokens",
        "question": _("Discard the new token?"),
        "consequence": _("“%(label)s” stays as it is. To compare again, paste the new token again.")
        % {"label": token},
        "act": _("Discard new token"),
        "cancel": reverse("token_compare", args=[token.pk]),
    }
    return render(request, "parts/confirm.html", context)


def _use(request: HttpRequest, token: Token, kind: RotationSecret.Kind) -> HttpResponse:
    if before := once.answered(request):
        return before
    other = rotation.find(token, kind)
    if other is None:
        return _too_late(request, token)
    if SURE not in request.POST and _compare(token, other, again=False).is_dangerous:
        messages.error(request, _("Nothing was changed. Confirm first."))
        return redirect("token_compare" if kind == Kind.NEXT else "token_restore", token.pk)
    by, target = policy.actor(request), token.get_absolute_url()
    try:
        used, verdict = rotation.use(token, other, by=by, along=lambda: once.note(request, target))
    except (rotation.Gone, once.AlreadySent):
        return _too_late(request, token)
    if used:
        announce(request, "replaced", token, verdict)
    else:
        kept = _("Not replaced. The current token stays in use.")
        messages.error(request, f"{kept} {cloud_said(verdict)}")
    return redirect("token_page", token.pk)


def _too_late(request: HttpRequest, token: Token) -> HttpResponse:
    # The same form may have been sent twice at once, and used the other secret meanwhile.
    if before := once.answered(request):
        return before
    messages.error(request, _("The other token is no longer available. Paste it again."))
    return redirect("token_page", token.pk)
