"""The filter column and the chips: every choice links to the same page with one thing changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from html import escape
from urllib.parse import quote_plus

from django.utils.functional import Promise
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from images.context import InventoryContext
from images.fields import FACETS
from images.forms import toggled
from images.search.query import FacetValue
from images.templatetags.inventory import counted, plain_size, seen, written_size

TITLES = {
    "region": gettext_lazy("Region"),
    "status": gettext_lazy("Status"),
    "os": gettext_lazy("OS"),
    "version": gettext_lazy("OS version"),
    "platform": gettext_lazy("Platform"),
    "arch": gettext_lazy("Architecture"),
    "type": gettext_lazy("Type"),
    "shared": gettext_lazy("Shared"),
    "zone": gettext_lazy("Zone"),
    "scene": gettext_lazy("Scene"),
    "tag": gettext_lazy("Tag"),
    "disk": gettext_lazy("Storage disks"),
    "storage": gettext_lazy("Storages"),
    "check": gettext_lazy("Check"),
}
# Words of ours among the facet values; everything else is shown as the cloud spells it.
VALUES = {
    "unknown": gettext_lazy("not known"),
    "none": gettext_lazy("none"),
    "yes": gettext_lazy("yes"),
    "no": gettext_lazy("no"),
    "ok": gettext_lazy("all connected"),
    "at-risk": gettext_lazy("at risk"),
}
OWN_WORDS = {
    "shared": {"yes", "no", "unknown"},
    "storage": {"ok", "at-risk", "unknown"},
}
MULTIPLE = {"zone", "scene", "tag", "disk"}
RANGES = {
    "min_size": gettext_lazy("Size from"),
    "max_size": gettext_lazy("Size up to"),
    "created_after": gettext_lazy("Created from"),
    "created_before": gettext_lazy("Created before"),
}
# The first so many groups are open, of each group so many values are shown, the rest are folded; so
# many folded ones have a search box.
OPEN_GROUPS, SHOWN_VALUES, SEARCHED_VALUES = 5, 8, 8
# No page has more values of one facet, the commonest ones; the API has all of them.
MOST_VALUES = 1_000


@dataclass(frozen=True)
class Chip:
    title: str | Promise
    value: str | Promise
    href: str


def label(facet: str, value: str) -> str | Promise:
    own = OWN_WORDS.get(facet, {"none", "unknown"} if facet in MULTIPLE else {"unknown"})
    return VALUES[value] if value in own else seen(value)


def facets(context: InventoryContext, counted: dict[str, tuple[FacetValue, ...]]) -> SafeString:
    """The group of every facet that could narrow what is shown: more than one value, or one that is
    chosen. Made by hand like the rows, as every search that nobody made before pays for them."""
    here = context.link(page=1)
    adding = escape(here + ("&" if "?" in here else "?"))
    groups = [
        name
        for name in FACETS
        if len(counted[name]) > 1 or any(each.selected for each in counted[name])
    ]
    made = (
        _group(context, name, counted[name], adding, unfolded=place < OPEN_GROUPS)
        for place, name in enumerate(groups)
    )
    return mark_safe("".join(made))  # noqa: S308


def _group(
    context: InventoryContext,
    name: str,
    values: tuple[FacetValue, ...],
    adding: str,
    *,
    unfolded: bool,
) -> str:
    choices = [_choice(context, name, each, adding) for each in values[:MOST_VALUES]]
    selected = sum(each.selected for each in values)
    shown = max(SHOWN_VALUES, selected)
    title = _title(name, get_language())
    badge = f' <span class="badge">{selected}</span>' if selected else ""
    return (
        f'<details class="facet" data-fold="{name}"{" open" if selected or unfolded else ""}>'
        f"<summary>{title}{badge}</summary><ul>{''.join(choices[:shown])}</ul>"
        f"{_folded(name, title, choices[shown:], len(values) - len(choices))}</details>\n"
    )


@lru_cache
def _title(name: str, language: str | None) -> str:
    return escape(str(TITLES[name]))


def _folded(name: str, title: str, choices: list[str], left_out: int) -> str:
    if not choices:
        return ""
    number = len(choices) + left_out
    more = ngettext("%(more)s more", "%(more)s more", number) % {"more": number}
    search = ""
    if number >= SEARCHED_VALUES:
        hint = escape(_("Search in %(facet)s") % {"facet": title})
        search = (
            f'<input type="search" class="choice-search" placeholder="{hint}" aria-label="{hint}"'
            ' autocomplete="off" spellcheck="false" hidden>'
        )
    return (
        f'<details class="more" data-fold="{name}-more"><summary>{escape(more)}</summary>'
        f"{search}<ul>{''.join(choices)}</ul>{_left_out(left_out)}</details>"
    )


def _left_out(number: int) -> str:
    if not number:
        return ""
    said = ngettext(
        "%(number)s rarer value is not listed.", "%(number)s rarer values are not listed.", number
    )
    return f'<p class="faint">{escape(said % {"number": number})}</p>'


def _choice(context: InventoryContext, facet: str, each: FacetValue, adding: str) -> str:
    """A link that adds the value to the address, by its end, or takes it away."""
    name = context.region_names.get(each.value, "") if facet == "region" else ""
    pair, shown = _value(facet, each.value, name, get_language())
    if each.selected:
        href = escape(context.link_to(toggled(context.query, facet, each.value)))
        pressed = ' aria-current="true"'
    else:
        href, pressed = adding + pair, ""
    return (
        f'<li><a class="choice" href="{href}" hx-get="{href}"{pressed}>'
        f'{shown} <span class="count">{counted(each.count)}</span></a></li>'
    )


@lru_cache(maxsize=2048)
def _value(facet: str, value: str, name: str, language: str | None) -> tuple[str, str]:
    """A value in an address, and as people read it in this language."""
    shown = escape(name or str(label(facet, value)))
    pair = f"{facet}={quote_plus(value)}"
    return pair, f'<span class="choice-label"><bdi>{shown}</bdi></span>'


def chips(context: InventoryContext) -> list[Chip]:
    """What narrows the list just now, each with the link that takes it away."""
    return list(_chips(context))


def _chips(context: InventoryContext) -> Iterator[Chip]:
    query = context.query
    if query.q:
        yield Chip(_("Text"), query.q, context.link(q="", page=1))
    for name in FACETS:
        for value in query.chosen(name):
            href = context.link_to(toggled(query, name, value))
            shown = context.region_names.get(value, value) if name == "region" else value
            yield Chip(TITLES[name], label(name, shown), href)
    for value in query.name:
        rest = tuple(other for other in query.name if other != value)
        yield Chip(_("Exact name"), seen(value), context.link_to(replace(query, name=rest, page=1)))
    if query.image:
        number = len(query.image)
        shown = ngettext("%(number)s image", "%(number)s images", number) % {"number": number}
        yield Chip(_("Selection"), shown, context.link(image=(), page=1))
    for field, title in RANGES.items():
        bound = getattr(query, field)
        if bound is not None:
            shown = plain_size(bound) if field.endswith("size") else day(bound)
            yield Chip(title, shown, context.link(**{field: None, "page": 1}))


@dataclass(frozen=True)
class Range:
    """One field of the form for sizes and dates, with what is asked now."""

    name: str
    title: Promise
    kind: str
    value: str


def ranges(context: InventoryContext) -> list[Range]:
    return [_range(context, name) for name in RANGES]


def _range(context: InventoryContext, name: str) -> Range:
    bound, is_size = getattr(context.query, name), name.endswith("size")
    value = "" if bound is None else written_size(bound) if is_size else day(bound)[:10]
    return Range(name, RANGES[name], "text" if is_size else "date", value)


def day(milliseconds: int) -> str:
    when = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return when.strftime("%Y-%m-%d" if milliseconds % 86_400_000 == 0 else "%Y-%m-%d %H:%M UTC")
