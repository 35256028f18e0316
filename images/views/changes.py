"""What changed: /changes/, as a page or as the fragment that htmx swaps."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import wraps
from typing import Any
from urllib.parse import parse_qsl

from django.http import HttpRequest, HttpResponseBase, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from dashboard.routes import is_export
from dashboard.tokens.access import Access, Credential, access_of
from images.change_forms import change_query_string, read_change_query, toggled
from images.history import feed
from images.history.changes import KINDS, ChangeQuery
from images.views.change_lines import ICONS, TITLES, days
from images.views.filters import day
from images.views.opening import Opened, is_fragment, opened_with, without_token
from images.views.table import page_context

View = Callable[[HttpRequest, Opened, ChangeQuery], HttpResponseBase]


@dataclass(frozen=True)
class Choice:
    """A value that the feed can be narrowed to, with as many changes as that would show."""

    value: str
    title: str | Promise
    count: int
    selected: bool
    href: str
    icon: str


@dataclass(frozen=True)
class Bound:
    """A time that the feed is cut at, and the address without it."""

    title: str
    value: str
    href: str


def with_changes(view: View) -> Callable[[HttpRequest], HttpResponseBase]:
    """Give the view the inventory of the token, and which changes are asked for; or answer with the
    page that says what is missing."""

    @wraps(view)
    @vary_on_headers("HX-Request")
    def opening(request: HttpRequest) -> HttpResponseBase:
        access = access_of(request)
        if access.credential is None:
            return without_token(request, access)
        newest = is_export(request)
        return view(request, *changes_with(access, access.credential, request.GET, newest=newest))

    return opening


def changes_with(
    access: Access,
    credential: Credential,
    params: QueryDict,
    *,
    newest: bool = False,
) -> tuple[Opened, ChangeQuery]:
    """The inventory of that token, and which changes the parameters of an address ask for."""
    token = QueryDict(mutable=True)
    token.setlist("token", params.getlist("token"))
    opened = opened_with(access, credential, token, newest=newest)
    query, nonsense = read_change_query(params)
    return replace(opened, nonsense=(*opened.nonsense, *nonsense)), query


@require_safe
@with_changes
def change_list(request: HttpRequest, opened: Opened, query: ChangeQuery) -> HttpResponseBase:
    key = opened.credential.cache_key
    page, everything = feed.page_of(key, query), ChangeQuery()
    context = page_context(opened) | {
        "place": "changes",
        "path": reverse("changes"),
        "query": query,
        "feed": page,
        "days": days(opened, page.noted),
        "kinds": _choices(opened, query, "kind", page.kinds, TITLES),
        "regions": _choices(opened, query, "region", page.regions, opened.region_names),
        "bounds": _bounds(opened, query),
        "narrowed": replace(query, page=1, size=everything.size) != everything,
        "without_text": _address(opened, query, page=1, q=""),
        "cleared": _address(opened, ChangeQuery(size=query.size)),
        "fields": _fields(opened, query),
        "suffix": _address(opened, query).removeprefix(reverse("changes")),
        "newer": _address(opened, query, page=page.page - 1) if page.page > 1 else "",
        "older": _address(opened, query, page=page.page + 1) if page.page < page.pages else "",
        "after": day(query.after)[:10] if query.after is not None else "",
        "before": day(query.before)[:10] if query.before is not None else "",
        "watched": _watched(opened, feed.watched_since(key)),
        "kept_days": feed.KEPT.days,
    }
    template = "images/_changes.html" if is_fragment(request) else "images/changes.html"
    return render(request, template, context)


def _choices(
    opened: Opened,
    query: ChangeQuery,
    field: str,
    counts: Mapping[str, int],
    titles: Mapping[str, Any],
) -> list[Choice]:
    """The values there are or that are chosen: kinds in their order, regions as the cloud has
    them."""
    chosen: tuple[str, ...] = getattr(query, field)
    values = {**dict.fromkeys(KINDS if field == "kind" else titles), **dict.fromkeys(counts)}
    return [
        Choice(
            value,
            titles.get(value, value),
            counts.get(value, 0),
            value in chosen,
            _address(opened, query, page=1, **{field: toggled(chosen, value)}),
            ICONS.get(value, "") if field == "kind" else "",
        )
        for value in [*values, *(each for each in chosen if each not in values)]
        if value in counts or value in chosen
    ]


def _bounds(opened: Opened, query: ChangeQuery) -> list[Bound]:
    found = (("after", _("From"), query.after), ("before", _("Before"), query.before))
    return [
        Bound(title, day(value), _address(opened, query, page=1, **{name: None}))
        for name, title, value in found
        if value is not None
    ]


def _address(opened: Opened, query: ChangeQuery, **changes: Any) -> str:
    written = change_query_string(query, token=opened.token, **changes)
    return f"{reverse('changes')}?{written}".rstrip("?")


def _fields(opened: Opened, query: ChangeQuery) -> list[tuple[str, str]]:
    """The query as form fields, but for what the form asks for itself."""
    written = change_query_string(query, token=opened.token, page=1, q="", after=None, before=None)
    return parse_qsl(written)


def _watched(opened: Opened, since: Mapping[str, datetime]) -> list[tuple[str, float]]:
    """The names of the regions that are compared since the same minute, and since when."""
    names: defaultdict[datetime, list[str]] = defaultdict(list)
    for region, name in opened.region_names.items():
        if region in since:
            names[since[region].replace(second=0, microsecond=0)].append(name)
    return [(" · ".join(each), moment.timestamp()) for moment, each in sorted(names.items())]
