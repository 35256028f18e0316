"""Pages on which a team's admins create and revoke display links."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dashboard.displays import links
from dashboard.displays.forms import DisplayForm, offered
from dashboard.displays.models import Display
from dashboard.people import policy
from dashboard.people.models import Team
from dashboard.web import once
from images.search.spelling import natural


def display_list(request: HttpRequest, slug: str) -> HttpResponse:
    """List and create links. A new link is shown on the page that its form leads to."""
    team = policy.team(request, "team.manage", slug)
    tokens = team.tokens.filter(disabled_at=None).order_by("label")
    asked = request.POST if request.method == "POST" else None
    initial = {"language": get_language(), **offered(request.GET.get("query", ""), team, tokens)}
    form = DisplayForm(asked, team=team, tokens=tokens, initial=initial)
    if not form.is_valid():
        return _page(request, team, form)
    _made, key = links.make(team, **form.cleaned_data, by=policy.actor(request))
    return once.show(request, reverse("display_list", args=[team.slug]), key)


def _page(request: HttpRequest, team: Team, form: DisplayForm) -> HttpResponse:
    key = once.shown(request)
    context = {
        "place": "teams",
        "tab": "displays",
        "team": team,
        "displays": sorted(
            team.displays.select_related("token").prefetch_related(
                Prefetch("turns_with", Display.objects.working())
            ),
            key=lambda display: (display.has_ended, natural(display.title)),
        ),
        "has_tokens": team.tokens.exists(),
        "form": form,
        "link": request.build_absolute_uri(reverse("display", args=[key])) if key else "",
    }
    return render(request, "displays/links.html", context, status=422 if form.errors else 200)


def display_revoke(request: HttpRequest, slug: str, display_id: UUID) -> HttpResponse:
    team = policy.team(request, "team.manage", slug)
    display = get_object_or_404(Display, pk=display_id, team=team)
    if request.method != "POST":
        context = {
            "place": "teams",
            "question": _("Revoke “%(name)s”?") % {"name": display},
            "consequence": _("Every screen that shows it stops at once. This cannot be undone."),
            "act": _("Revoke"),
            "cancel": reverse("display_list", args=[team.slug]),
        }
        return render(request, "parts/confirm.html", context)
    display.revoke(by=policy.actor(request))
    news = _("“%(title)s” was revoked. Its link no longer works.") % {"title": display}
    messages.success(request, news)
    return redirect("display_list", team.slug)
