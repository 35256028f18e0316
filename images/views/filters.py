"""The filter column and the chips: every choice links to the same page with one thing changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from html import escape
from urllib.parse import quote_plus

from django.utils.functional import Promise
from django.utils.safestring import SafeString, mark_safe
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
class Facet:
    """One group of the filter column; `shown` and `folded` are its choices as markup."""

    name: str
    title: Promise
    shown: SafeString
    folded: SafeString
    folded_count: int
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
    first_page = opened.link(page=1)
    return [
        _facet(opened, name, counted[name], first_page)
        for name in FACETS
        if len(counted[name]) > 1 or any(each.selected for each in counted[name])
    ]


def _facet(opened: Opened, name: str, values: tuple[FacetValue, ...], here: str) -> Facet:
    choices = [_choice(opened, name, each, here) for each in values]
    selected = sum(each.selected for each in values)
    shown = max(SHOWN_VALUES, selected)
    return Facet(
        name=name,
        title=TITLES[name],
        shown=mark_safe("".join(choices[:shown])),  # noqa: S308
        folded=mark_safe("".join(choices[shown:])),  # noqa: S308
        folded_count=len(choices[shown:]),
        selected=selected,
    )


def _choice(opened: Opened, facet: str, each: FacetValue, here: str) -> str:
    """A link that adds the value to the address, or takes it away. Sixty of them are on every
    page: made by hand like the rows, and the address by adding to its end."""
    if each.selected:
        address, current = opened.link_to(toggled(opened.query, facet, each.value)), "true"
    else:
        mark = "&" if "?" in here else "?"
        address, current = f"{here}{mark}{facet}={quote_plus(each.value)}", ""
    href = escape(address)
    pressed = f' aria-current="{current}"' if current else ""
    return (
        f'<li><a class="choice" href="{href}" hx-get="{href}"{pressed}><span class="choice-label">'
        f"<bdi>{escape(str(label(opened, facet, each.value)))}</bdi></span> "
        f'<span class="count">{each.count}</span></a></li>'
    )


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
