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
from images.templatetags import query_words

FACETS = ("status", "support", "platform", "arch")
PARTS_SHOWN = 6
FAMILIES_SHOWN, VERSIONS_SHOWN = 6, 3


@dataclass(frozen=True)
class Bar:
    """How many images have a value.

    `share` is in percent of the longest bar of its card; or of all images, for a part of one bar,
    which begins at `start` and has the `value` as the facet spells it, and the cloud's `word` for
    it where another is shown. `href` is the list of just these images, "" where no address can say
    it. `inner` is a part of the bar above.
    """

    label: str | Promise
    count: int
    share: float
    href: str
    inner: bool = False
    start: float = 0.0
    value: str = ""
    word: str = ""


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


def cards(context: InventoryContext) -> dict[str, Card | list[Card]]:
    found = counts(context.inventory.index, context.query)
    parts = [_parts(context, name, found[name]) for name in FACETS]
    return {"os": _systems(context, found["os"]), "parts": parts}


def _systems(context: InventoryContext, families: Sequence[FacetValue]) -> Card:
    """Each OS family with its commonest versions."""
    most = _most(families)
    bars: list[Bar] = []
    for family in families[:FAMILIES_SHOWN]:
        name = query_words.label("os", family.value)
        href = link(context, os=(family.value,))
        bars.append(Bar(name, family.count, share(family.count, most), href))
        query = changed(context.query, os=(family.value,))
        versions = counts(context.inventory.index, query)["version"]
        bars += [
            Bar(
                f"{name} {query_words.label('version', each.value)}",
                each.count,
                share(each.count, most),
                link(context, os=(family.value,), version=(each.value,)),
                inner=True,
            )
            for each in versions[:VERSIONS_SHOWN]
        ]
    return Card("os", _("OS and version"), bars, max(0, len(families) - FAMILIES_SHOWN))


def _parts(context: InventoryContext, name: str, values: Sequence[FacetValue]) -> Card:
    """Return what share of all the images each value has: they lie end to end in one bar."""
    total = sum(each.count for each in values)
    bars: list[Bar] = []
    for each in values[:PARTS_SHOWN]:
        percent = 100 * each.count / total if total else 0.0
        start = bars[-1].start + bars[-1].share if bars else 0.0
        href = link(context, **{name: (each.value,)})
        label = query_words.label(name, each.value)
        word = query_words.word_behind(name, each.value)
        bars.append(Bar(label, each.count, percent, href, start=start, value=each.value, word=word))
    return Card(name, query_words.facet_title(name), bars, max(0, len(values) - PARTS_SHOWN))


def _most(values: Sequence[FacetValue]) -> int:
    return max((each.count for each in values), default=0)


def share(part: int, most: int) -> float:
    """In percent; what there is can be seen, however small."""
    return max(1.5, round(100 * part / most, 1)) if part else 0.0
