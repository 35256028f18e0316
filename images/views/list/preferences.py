"""How the list looks: which columns in which order, and how close its rows stand.

Each choice is one small form: it is remembered for whoever made it, and leads to the list in its
new preferences, because what a page shows is in its address.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import Resolver404, resolve, reverse
from django.views.decorators.http import require_POST
from django_htmx.http import HttpResponseLocation
from markupsafe import Markup

from dashboard.people import policy
from dashboard.tokens.access import access_of
from dashboard.web.back import back
from dashboard.web.htmx import as_fragment
from images.accounts import query_of
from images.fields import COLUMNS, DEFAULT_COLUMNS
from images.forms import query_string
from images.search.query import ImageQuery
from images.templatetags.inventory import fragment
from images.views.list.columns import chosen, column_title


@dataclass(frozen=True)
class Shown:
    """A column of the table in the menu; `first` and `last` tell where it cannot go any further.

    A `fixed` one is always there, where it is.
    """

    name: str
    title: str
    fixed: bool
    first: bool
    last: bool


def columns_menu(query: ImageQuery) -> Markup:
    """Return the menu of columns and densities; the query has these alone."""
    names = chosen(query)
    return fragment(
        "fragments/columns_menu.html",
        shown_columns=[_column(names, place) for place in range(len(names))],
        other_columns=[(name, column_title(name)) for name in COLUMNS if name not in names],
        density=query.density,
        columns_chosen=bool(query.columns),
        is_standard=not query.columns and not query.density,
    )


def _column(names: tuple[str, ...], place: int) -> Shown:
    name = names[place]
    fixed, last = name == "name", place == len(names) - 1
    return Shown(name, column_title(name), fixed, fixed or place == 1, fixed or last)


@require_POST
def choose_preferences(request: HttpRequest) -> HttpResponse:
    """Take the list as its form says it is, and change what one button of the menu says."""
    params = QueryDict(request.POST.get("query", ""))
    query = changed(query_of(access_of(request), params), request.POST)
    preferred = ImageQuery(columns=query.columns, density=query.density)
    policy.person(request).keep_list_preferences(query_string(preferred))
    written = query_string(query)
    address = f"{_path(request)}?{written}".rstrip("?")
    if request.htmx:  # type: ignore[attr-defined]
        there = HttpResponseLocation(address, target="#images", swap="outerHTML", status=204)
        return as_fragment(there)
    return HttpResponseRedirect(address)


def changed(query: ImageQuery, asked: QueryDict) -> ImageQuery:
    """Return the query with the preferences asked for; what makes no sense changes nothing."""
    if "standard" in asked:
        return replace(query, columns=(), density="")
    if "all" in asked:  # By name, so that none gives way where there is little room.
        return replace(query, columns=DEFAULT_COLUMNS)
    names = list(chosen(query))
    _move(names, *asked.get("move", "").split("/"))
    if (name := asked.get("show")) in COLUMNS and name not in names:
        names.append(name)
    if (name := asked.get("hide")) in names and name != "name":
        names.remove(name)
    for step, field in ((-1, "earlier"), (1, "later")):
        if (name := asked.get(field)) in names and name != "name":
            place = names.index(name)
            names.remove(name)
            names.insert(max(1, place + step), name)
    columns = () if tuple(names) == DEFAULT_COLUMNS else tuple(names)
    density = asked.get("density", query.density)
    return replace(query, columns=columns, density=density if density == "compact" else "")


def _move(names: list[str], name: str, before: str = "", *_more: str) -> None:
    """Put a column before another one, or last; the name stays the first."""
    if name in names and name not in ("name", before):
        names.remove(name)
        names.insert(max(1, names.index(before)) if before in names else len(names), name)


def _path(request: HttpRequest) -> str:
    """Where the person is, so that an open panel stays open."""
    path = urlsplit(back(request)).path
    try:
        inside = resolve(path).view_name in ("images:list", "images:detail")
    except Resolver404:
        inside = False
    return path if inside else reverse("images:list")
