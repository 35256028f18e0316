"""Pages that list, save, change and delete saved views, and the page where a person begins."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from dashboard.people import policy
from dashboard.people.models import Team, User
from dashboard.saved_views import saving
from dashboard.saved_views.forms import SavedViewForm
from dashboard.saved_views.models import SavedView
from dashboard.web.htmx import as_fragment
from images.search.spelling import natural


@dataclass(frozen=True)
class Row:
    """A saved view in a person's list."""

    view: SavedView
    href: str
    begins: bool
    changes: bool


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """Redirect to the list with the query that this person begins with."""
    return HttpResponseRedirect(_address(saving.start_of(policy.person(request))))


def view_list(request: HttpRequest) -> HttpResponse:
    """List the person's views, and offer to save the query that the address names."""
    user = policy.require(request, "images.view")
    if request.method == "POST":
        policy.require(request, "views.keep")
        form = SavedViewForm(request.POST, by=user)
        if form.is_valid():
            return _kept(request, form)
    else:
        form = SavedViewForm(initial={"query": request.GET.get("query", "")}, by=user)
    query = str(form["query"].value() or "")
    context = {
        "place": "views",
        "rows": _rows(user),
        "keeps": policy.has_permission(user, "views.keep"),
        "form": form,
        "query": query,
        "asked": "query" in request.GET or form.is_bound,
    }
    return render(request, "saved_views/views.html", context, status=422 if form.errors else 200)


@require_safe
def view_menu(request: HttpRequest) -> HttpResponse:
    """Render the person's views as a menu of the list, with the current one marked."""
    htmx = request.htmx  # type: ignore[attr-defined]
    user = policy.require(request, "images.view")
    query = urlsplit(htmx.current_url_abs_path or "").query
    here, rows = sorted(parse_qsl(query)), _rows(user)
    current = [row.view.pk for row in rows if sorted(parse_qsl(row.view.query)) == here]
    shown = {"rows": rows, "current": current, "walls": _walls(user, query)}
    return as_fragment(render(request, "saved_views/_menu.html", shown))


def view_edit(request: HttpRequest, view_id: UUID) -> HttpResponse:
    view = saving.opened(request, "view.change", view_id)
    user = policy.person(request)
    initial = {
        "name": view.name,
        "team": view.team,
        "query": view.query,
        "begin": user.start_view_id == view.pk,
    }
    asked = request.POST if request.method == "POST" else None
    form = SavedViewForm(asked, initial=initial, by=user, at=view)
    if form.is_valid():
        return _kept(request, form)
    context = {"place": "views", "view": view, "form": form, "query": view.query}
    return render(request, "saved_views/view.html", context, status=422 if form.errors else 200)


@require_POST
def view_begin(request: HttpRequest, view_id: UUID) -> HttpResponse:
    """Make this the person's start view; if it is already, begin with every image again."""
    view, user = saving.opened(request, "view.open", view_id), policy.person(request)
    begins = user.start_view_id != view.pk
    saving.begin_with(user, view if begins else None)
    said = (
        _("“%(name)s” is now your start view.")
        if begins
        else _("Your start view now shows all images.")
    )
    messages.success(request, said % {"name": view})
    return redirect("view_list")


def view_delete(request: HttpRequest, view_id: UUID) -> HttpResponse:
    view = saving.opened(request, "view.change", view_id)
    if request.method != "POST":
        everyone = _("Everyone in “%(team)s” loses it. This cannot be undone.")
        context = {
            "place": "views",
            "question": _("Delete “%(label)s”?") % {"label": view},
            "consequence": everyone % {"team": view.team}
            if view.team
            else _("The images themselves are not affected. This cannot be undone."),
            "act": _("Delete"),
            "cancel": reverse("view_list"),
        }
        return render(request, "parts/confirm.html", context)
    view.remove(by=policy.actor(request))
    messages.success(request, _("“%(name)s” was deleted.") % {"name": view})
    return redirect("view_list")


def _walls(user: User, query: str) -> list[tuple[Team, str]]:
    """Return the teams that the person may make a wall for, with the address that offers one."""
    managed = [
        team for team, role in user.roles.items() if role in policy.PERMISSIONS["team.manage"]
    ]
    teams = Team.objects.filter(pk__in=managed) if managed else Team.objects.none()
    asked = f"?{urlencode({'query': query})}" if query else ""
    return [(team, reverse("display_list", args=[team.slug]) + asked) for team in teams]


def _kept(request: HttpRequest, form: SavedViewForm) -> HttpResponse:
    user, said = policy.person(request), form.cleaned_data
    query, team = said["query"], said["team"]
    view = saving.save(user, said["name"], query, team, by=policy.actor(request), at=form.replaced)
    if said["begin"] != (user.start_view_id == view.pk):
        saving.begin_with(user, view if said["begin"] else None)
    messages.success(request, _("“%(name)s” was saved.") % {"name": view})
    return redirect("view_list")


def _rows(user: User) -> list[Row]:
    """Return the person's views: their own first, then team by team."""
    views = sorted(saving.seen_by(user), key=_by_team_and_name)
    return [
        Row(
            view=view,
            href=_address(view.query),
            begins=user.start_view_id == view.pk,
            changes=policy.has_permission(user, "view.change", view),
        )
        for view in views
    ]


def _by_team_and_name(view: SavedView) -> tuple[bool, str, str]:
    team = view.team.name if view.team else ""
    return view.team is not None, natural(team), natural(view.name)


def _address(query: str) -> str:
    return f"{reverse('images:list')}?{query}" if query else reverse("images:list")
