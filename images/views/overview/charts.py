"""The bars of the overview: how many images have each value, each a link to just these."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from images.context import InventoryContext
from images.grammar import Rejected, read_text
from images.reports.summary import counts
from images.search.query import FacetValue, changed
from images.views.list import filters

FACETS = ("status", "platform", "arch")
BARS_SHOWN = 8
FAMILIES_SHOWN, VERSIONS_SHOWN = 6, 3


@dataclass(frozen=True)
class Bar:
    """How many images have a value.

    `share` of the longest bar of its card, in percent; `href` the list of just these images, ""
    where no address can say it. `inner` is a part of the bar above.
    """

    label: str | Promise
    count: int
    share: float
    href: str
    inner: bool = False
    bytes: int | None = None
    bytes_share: float = 0.0


@dataclass(frozen=True)
class Card:
    name: str
    title: str | Promise
    bars: list[Bar]
    left: int = 0


def link(context: InventoryContext, **changes: Any) -> str:
    """Return the list with some fields changed; "" where a text is too odd to be asked for."""
    try:
        for value in changes.values():
            for text in value if isinstance(value, tuple) else ():
                read_text(text)
    except Rejected:
        return ""
    return context.link(page=1, **changes)


def cards(context: InventoryContext, sizes: dict[str, int]) -> dict[str, Card | list[Card]]:
    found = counts(context.inventory.index, context.query)
    plain = [
        _card(context, name, found[name][:BARS_SHOWN], left=len(found[name]) - BARS_SHOWN)
        for name in FACETS
    ]
    return {
        "region": _regions(context, found["region"], sizes),
        "os": _systems(context, found["os"]),
        "others": plain,
    }


def _regions(
    context: InventoryContext, values: Sequence[FacetValue], sizes: dict[str, int]
) -> Card:
    most, largest = _most(values), max(sizes.values(), default=0)
    bars = [
        Bar(
            context.region_names.get(each.value, each.value),
            each.count,
            share(each.count, most),
            link(context, region=(each.value,)),
            bytes=sizes.get(each.value, 0),
            bytes_share=share(sizes.get(each.value, 0), largest),
        )
        for each in values
    ]
    return Card("region", filters.facet_title("region"), bars)


def _systems(context: InventoryContext, families: Sequence[FacetValue]) -> Card:
    """Each OS family with its commonest versions."""
    most = _most(families)
    bars: list[Bar] = []
    for family in families[:FAMILIES_SHOWN]:
        name = filters.label("os", family.value)
        href = link(context, os=(family.value,))
        bars.append(Bar(name, family.count, share(family.count, most), href))
        query = changed(context.query, os=(family.value,))
        versions = counts(context.inventory.index, query)["version"]
        bars += [
            Bar(
                f"{name} {filters.label('version', each.value)}",
                each.count,
                share(each.count, most),
                link(context, os=(family.value,), version=(each.value,)),
                inner=True,
            )
            for each in versions[:VERSIONS_SHOWN]
        ]
    return Card("os", _("OS and version"), bars, max(0, len(families) - FAMILIES_SHOWN))


def _card(context: InventoryContext, name: str, values: Sequence[FacetValue], left: int) -> Card:
    most = _most(values)
    bars = [
        Bar(
            filters.label(name, each.value),
            each.count,
            share(each.count, most),
            link(context, **{name: (each.value,)}),
        )
        for each in values
    ]
    return Card(name, filters.facet_title(name), bars, max(0, left))


def _most(values: Sequence[FacetValue]) -> int:
    return max((each.count for each in values), default=0)


def share(part: int, most: int) -> float:
    """In percent; what there is can be seen, however small."""
    return max(1.5, round(100 * part / most, 1)) if part else 0.0
