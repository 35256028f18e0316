"""The overview: /overview/, the shape of the whole inventory, where every bar leads to its images.

It shows what the cached lists say, of all that the query selects.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from images.forms import query_string
from images.overview import overview, with_stalled
from images.query import ImageQuery, run
from images.views import filters, watching
from images.views.opening import Opened, with_inventory
from images.views.table import page_context

GIB = 2**30
BARS_SHOWN = 8
WORRIES_SHOWN = 8
# Facets with a card of bars each.
FACETS = ("region", "status", "os", "version", "platform", "arch")
SIZES: tuple[tuple[Promise, int | None, int | None], ...] = (
    (gettext_lazy("up to 1 GiB"), None, GIB),
    (gettext_lazy("1–5 GiB"), GIB + 1, 5 * GIB),
    (gettext_lazy("5–20 GiB"), 5 * GIB + 1, 20 * GIB),
    (gettext_lazy("20–100 GiB"), 20 * GIB + 1, 100 * GIB),
    (gettext_lazy("over 100 GiB"), 100 * GIB + 1, None),
)
# Days: from, up to.
AGES: tuple[tuple[Promise, int, int | None], ...] = (
    (gettext_lazy("up to a week"), 0, 7),
    (gettext_lazy("up to 30 days"), 7, 30),
    (gettext_lazy("up to a year"), 30, 365),
    (gettext_lazy("up to 2 years"), 365, 730),
    (gettext_lazy("over 2 years"), 730, None),
)


@dataclass(frozen=True)
class Bar:
    """`share` of the longest bar of its card, in percent; `href` the list of just these images."""

    label: str | Promise
    count: int
    share: float
    href: str
    bytes: int | None = None


@dataclass(frozen=True)
class Card:
    name: str
    title: str | Promise
    bars: list[Bar]
    left: int = 0


@require_safe
@with_inventory
def overview_page(request: HttpRequest, opened: Opened) -> HttpResponse:
    found = overview(opened.inventory.index, opened.query)
    running = watching.under_way(opened, found.running)
    found = with_stalled(found, watching.stalled(running))
    context = page_context(opened) | {
        "place": "overview",
        "found": found,
        "bytes": sum(found.bytes.values()),
        "cards": _cards(opened, found.bytes),
        "worries": found.worries[:WORRIES_SHOWN],
        "repeated": [(name, count, _href(opened, name=(name,))) for name, count in found.repeated],
        "running": running[:WORRIES_SHOWN],
        "chips": filters.chips(opened),
        "list": opened.here,
    }
    return render(request, "images/overview.html", context)


def _cards(opened: Opened, sizes: dict[str, int]) -> list[Card]:
    counted = run(opened.inventory.index, opened.query).facets
    cards = []
    for facet in FACETS:
        values = counted[facet]
        bars = [
            _bar(
                opened.region_names.get(each.value, each.value)
                if facet == "region"
                else filters.label(facet, each.value),
                each.count,
                values[0].count,
                _href(opened, **{facet: (each.value,)}),
                sizes.get(each.value) if facet == "region" else None,
            )
            for each in values[:BARS_SHOWN]
        ]
        cards.append(Card(facet, filters.TITLES[facet], bars, max(0, len(values) - BARS_SHOWN)))
    return [*cards, _ranges(opened, "size", _("Size"), _sizes()), _ages(opened)]


def _sizes() -> list[tuple[Promise, dict[str, Any]]]:
    return [(label, {"min_size": least, "max_size": most}) for label, least, most in SIZES]


def _ages(opened: Opened) -> Card:
    # By the day, so that an address stays the same for one.
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    tomorrow = today + timedelta(days=1)

    def before(days: int | None) -> int | None:
        moment = tomorrow - timedelta(days=days) if days is not None else None
        return int(moment.timestamp() * 1000) if moment else None

    bounds = [
        (label, {"created_after": before(most), "created_before": before(least)})
        for label, least, most in AGES
    ]
    return _ranges(opened, "age", _("Age"), bounds)


def _ranges(
    opened: Opened, name: str, title: str, bounds: list[tuple[Promise, dict[str, Any]]]
) -> Card:
    """One bar for each range, with as many images as its link shows."""
    index, query = opened.inventory.index, opened.query
    counts = [run(index, replace(query, **bound, page=1)).total for _label, bound in bounds]
    longest = max(counts)
    bars = [
        _bar(label, count, longest, _href(opened, **bound))
        for (label, bound), count in zip(bounds, counts, strict=True)
    ]
    return Card(name, title, bars)


def _bar(label: str | Promise, count: int, longest: int, href: str, size: int | None = None) -> Bar:
    return Bar(label, count, round(100 * count / longest, 1) if longest else 0.0, href, size)


def _href(opened: Opened, **changes: Any) -> str:
    query: ImageQuery = replace(opened.query, page=1, **changes)
    written = query_string(query, token=opened.token)
    return f"{reverse('images:list')}?{written}"
