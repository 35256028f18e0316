"""The filter column and the chips: every choice links to the same page with one thing changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from images.forms import toggled
from images.query import FACETS, FacetValue
from images.templatetags.inventory import plain_size, written_size
from images.views.opening import Opened

TITLES = {
    "region": _("Region"),
    "status": _("Status"),
    "os": _("OS"),
    "version": _("OS version"),
    "platform": _("Platform"),
    "arch": _("Architecture"),
    "type": _("Type"),
    "shared": _("Shared"),
    "zone": _("Zone"),
    "scene": _("Scene"),
    "tag": _("Tag"),
    "disk": _("Storage disks"),
    "storage": _("Storages"),
    "check": _("Check"),
}
# Words of ours among the facet values; everything else is shown as the cloud spells it.
VALUES = {
    "unknown": _("not known"),
    "none": _("none"),
    "yes": _("yes"),
    "no": _("no"),
    "ok": _("all connected"),
    "at-risk": _("at risk"),
}
OWN_WORDS = {
    "shared": {"yes", "no", "unknown"},
    "storage": {"ok", "at-risk", "unknown"},
}
MULTIPLE = {"zone", "scene", "tag", "disk"}
RANGES = {
    "min_size": _("Size from"),
    "max_size": _("Size up to"),
    "created_after": _("Created from"),
    "created_before": _("Created before"),
}
# Of a long list this many values are shown at once, the rest are folded.
SHOWN_VALUES = 8


@dataclass(frozen=True)
class Choice:
    label: str | Promise
    count: int
    selected: bool
    href: str


@dataclass(frozen=True)
class Facet:
    name: str
    title: Promise
    shown: list[Choice]
    folded: list[Choice]
    selected: int


@dataclass(frozen=True)
class Chip:
    title: str | Promise
    value: str | Promise
    href: str


def label(opened: Opened, facet: str, value: str) -> str | Promise:
    if facet == "region":
        return opened.region_names.get(value, value)
    own = OWN_WORDS.get(facet, {"none"} if facet in MULTIPLE else {"unknown"})
    return VALUES[value] if value in own else value


def facets(opened: Opened, counted: dict[str, tuple[FacetValue, ...]]) -> list[Facet]:
    """Every facet that could narrow what is shown: more than one value, or one that is chosen."""
    groups = (_facet(opened, name, counted[name]) for name in FACETS)
    return [group for group in groups if len(group.shown) > 1 or group.selected]


def _facet(opened: Opened, name: str, values: tuple[FacetValue, ...]) -> Facet:
    choices = [
        Choice(
            label(opened, name, each.value),
            each.count,
            each.selected,
            opened.link_to(toggled(opened.query, name, each.value)),
        )
        for each in values
    ]
    selected = sum(choice.selected for choice in choices)
    shown = max(SHOWN_VALUES, selected)
    return Facet(name, TITLES[name], choices[:shown], choices[shown:], selected)


def chips(opened: Opened) -> list[Chip]:
    """What narrows the list just now, each with the link that takes it away."""
    return list(_chips(opened))


def _chips(opened: Opened) -> Iterator[Chip]:
    query = opened.query
    if query.q:
        yield Chip(_("Text"), query.q, opened.link(q="", page=1))
    for name in FACETS:
        for value in getattr(query, name):
            href = opened.link_to(toggled(query, name, value))
            yield Chip(TITLES[name], label(opened, name, value), href)
    for value in query.name:
        rest = tuple(other for other in query.name if other != value)
        yield Chip(_("Exact name"), value, opened.link_to(replace(query, name=rest, page=1)))
    for field, title in RANGES.items():
        bound = getattr(query, field)
        if bound is not None:
            shown = plain_size(bound) if field.endswith("size") else _day(bound)
            yield Chip(title, shown, opened.link(**{field: None, "page": 1}))


@dataclass(frozen=True)
class Range:
    """One field of the form for sizes and dates, with what is asked now."""

    name: str
    title: Promise
    kind: str
    value: str


def ranges(opened: Opened) -> list[Range]:
    return [_range(opened, name) for name in RANGES]


def _range(opened: Opened, name: str) -> Range:
    bound, is_size = getattr(opened.query, name), name.endswith("size")
    value = "" if bound is None else written_size(bound) if is_size else _day(bound)[:10]
    return Range(name, RANGES[name], "text" if is_size else "date", value)


def _day(milliseconds: int) -> str:
    when = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return when.strftime("%Y-%m-%d" if milliseconds % 86_400_000 == 0 else "%Y-%m-%d %H:%M UTC")
