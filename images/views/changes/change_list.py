"""What changed: /changes/, as a page or as the fragment that htmx swaps."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import wraps
from typing import Any
from urllib.parse import parse_qsl

from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from dashboard.tokens.access import access_of
from dashboard.web.routes import is_export
from images.change_forms import change_query_string, toggled
from images.context import UNKNOWN_ACCOUNT, InventoryContext, changes_context
from images.history import feed
from images.history.changes import KINDS, ChangeQuery
from images.templatetags.inventory import region_title, since, until
from images.views.changes.lines import ICONS, TITLES, days
from images.views.list.filters import date_field
from images.views.list.image_list import page_context
from images.views.pages import not_found, page_or_fragment, without_token

# What the newest page has in its address, or rather has not.
NEWEST: dict[str, Any] = {"page": 1, "older": None, "newer": None}

View = Callable[[HttpRequest, InventoryContext, ChangeQuery], HttpResponseBase]


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
class Cut:
    """A time that the feed is cut at, and the address without it."""

    title: str
    value: str
    href: str


def with_changes(view: View) -> Callable[[HttpRequest], HttpResponseBase]:
    """Give the view the inventory of the token, and which changes are asked for.

    Where there is no token, answer with the page that says so.
    """

    @wraps(view)
    @vary_on_headers("HX-Request")
    def opening(request: HttpRequest) -> HttpResponseBase:
        access = access_of(request)
        if not access.credentials:
            return without_token(request, access)
        newest = is_export(request)
        context, query = changes_context(access, request.GET, newest=newest, wait=newest)
        if newest and context.unknown_account:
            return not_found(request, context, UNKNOWN_ACCOUNT)
        if context.unusable and not context.inventory.accounts:
            return without_token(request, replace(access, unusable=context.unusable))
        # All is exported, whatever page is shown; numbers of pages were in addresses before.
        whole: dict[str, Any] = NEWEST if newest else {"page": 1}
        return view(request, context, replace(query, **whole))

    return opening


@require_safe
@with_changes
def change_list(
    request: HttpRequest, context: InventoryContext, query: ChangeQuery
) -> HttpResponseBase:
    keys = context.inventory.keys
    page, everything = feed.page_of(keys, query, context.inventory.all_keys), ChangeQuery()
    shown = page_context(context) | {
        "place": "changes",
        "path": reverse("changes"),
        "query": query,
        "feed": page,
        "days": days(context, page.noted),
        "accounts": _account_choices(context, query, page.keys),
        "kinds": _choices(context, query, "kind", page.kinds, TITLES),
        "regions": _choices(context, query, "region", page.regions, _region_titles(context)),
        "bounds": _bounds(context, query),
        "narrowed": replace(query, size=everything.size, **NEWEST) != everything,
        "without_text": _address(context, query, q=""),
        "cleared": _address(context, ChangeQuery(size=query.size)),
        "fields": _fields(context, query),
        "suffix": _address(context, query).removeprefix(reverse("changes")),
        "newer": _address(context, query, newer=page.newer) if page.newer else "",
        "older": _address(context, query, older=page.older) if page.older else "",
        "dates": [
            date_field("after", gettext_lazy("From"), query.after, last=False),
            date_field("before", gettext_lazy("To"), query.before, last=True),
        ],
        "watched": _watched(context, feed.watched_since(keys)),
        "kept_days": feed.KEPT.days,
    }
    return page_or_fragment(request, "images/changes.html", "images/_changes.html", shown)


def _account_choices(
    context: InventoryContext, query: ChangeQuery, counts: Mapping[str, int]
) -> list[Choice]:
    """Return the accounts with any change, where there are several."""
    return [
        Choice(
            each.id,
            each.title,
            counts.get(each.account.cache_key, 0),
            each.id in query.account,
            _address(context, query, account=toggled(query.account, each.id)),
            "",
        )
        for each in context.inventory.everything
        if context.inventory.several
        and (counts.get(each.account.cache_key) or each.id in query.account)
    ]


def _region_titles(context: InventoryContext) -> dict[str, str]:
    names = context.region_names
    return {region: region_title(region, names) for region in names}


def _choices(
    context: InventoryContext,
    query: ChangeQuery,
    field: str,
    counts: Mapping[str, int],
    titles: Mapping[str, Any],
) -> list[Choice]:
    """Return the values there are or that are chosen.

    Kinds come in their order, regions as the cloud has them.
    """
    chosen: tuple[str, ...] = getattr(query, field)
    values = {**dict.fromkeys(KINDS if field == "kind" else titles), **dict.fromkeys(counts)}
    return [
        Choice(
            value,
            titles.get(value, value),
            counts.get(value, 0),
            value in chosen,
            _address(context, query, **{field: toggled(chosen, value)}),
            ICONS.get(value, "") if field == "kind" else "",
        )
        for value in [*values, *(each for each in chosen if each not in values)]
        if value in counts or value in chosen
    ]


def _bounds(context: InventoryContext, query: ChangeQuery) -> list[Cut]:
    def cut(title: str, value: str, **without: None) -> Cut:
        return Cut(title, value, _address(context, query, **without))

    found = []
    if query.after:
        found.append(cut(_("From"), since(query.after), after=None))
    if query.before:
        title = _("To") if query.before.day(last=True) else _("Before")
        found.append(cut(title, until(query.before), before=None))
    return found


def _address(context: InventoryContext, query: ChangeQuery, **changes: Any) -> str:
    """Return the address of the newest page of a query with some fields changed."""
    written = change_query_string(query, **NEWEST | changes)
    return f"{reverse('changes')}?{written}".rstrip("?")


def _fields(context: InventoryContext, query: ChangeQuery) -> list[tuple[str, str]]:
    """Return the query as form fields, but for what the form asks for itself."""
    asked = NEWEST | {"q": "", "after": None, "before": None}
    return parse_qsl(change_query_string(query, **asked))


def _watched(context: InventoryContext, since: Mapping[str, datetime]) -> list[tuple[str, float]]:
    """Return the names of the regions that are compared since the same minute, and since when."""
    names: defaultdict[datetime, list[str]] = defaultdict(list)
    for region in context.region_names:
        if region in since:
            title = region_title(region, context.region_names)
            names[since[region].replace(second=0, microsecond=0)].append(title)
    return [(" · ".join(each), moment.timestamp()) for moment, each in sorted(names.items())]
