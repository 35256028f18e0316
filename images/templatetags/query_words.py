"""What a query asks for, in words: of the chips above a list, saved views and links of walls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from django import template
from django.http import QueryDict
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from images import fields
from images.bounds import Bound
from images.fields import ACCOUNT, FACETS
from images.forms import read_query, toggled
from images.grammar import read_size
from images.labels import label_of
from images.search.query import ImageQuery, changed
from images.templatetags.inventory import plain_size, region_title, seen, since, until

register = template.Library()

# Words of ours among the facet values; everything else is shown as the cloud spells it.
VALUES = {
    "unknown": gettext_lazy("unknown"),
    "none": gettext_lazy("none"),
    "yes": gettext_lazy("yes"),
    "no": gettext_lazy("no"),
    "ok": gettext_lazy("all connected"),
    "at-risk": gettext_lazy("at risk"),
}
SUPPORT = {
    "ok": pgettext_lazy("support", "supported"),
    "ends-soon": pgettext_lazy("support", "ends soon"),
    "extended": pgettext_lazy("support", "extended only"),
    "ended": pgettext_lazy("support", "ended"),
    "unknown": gettext_lazy("unknown"),
}
# By the kind of a field; of all others only "unknown" is.
OWN_WORDS = {
    "flag": {"yes", "no", "unknown"},
    "state": {"ok", "at-risk", "unknown"},
    "texts": {"none", "unknown"},
    "ids": {"none", "unknown"},
}
RANGES = {
    "min_size": gettext_lazy("Size from"),
    "max_size": gettext_lazy("Size up to"),
    "fits_disk": gettext_lazy("Fits a disk of"),
    "created_after": gettext_lazy("Created from"),
    "created_before": gettext_lazy("Created up to"),
}


class Narrowing(NamedTuple):
    """One part of a query that chooses images, with the query, on page 1, without it.

    `word` is the cloud's own for the value, "" where that is shown.
    """

    title: str | Promise
    value: str | Promise
    rest: ImageQuery
    word: str = ""


def facet_title(facet: str) -> str:
    return translation.gettext(fields.facet_title(facet))


def label(facet: str, value: str) -> str | Promise:
    if FACETS[facet].kind == "size" and value != "unknown":
        return plain_size(read_size(value))
    if FACETS[facet].kind == "support":
        return SUPPORT[value]
    own = OWN_WORDS.get(FACETS[facet].kind, {"unknown"})
    return VALUES[value] if value in own else label_of(seen(value), facet)


def value_title(facet: str, value: str, names: Mapping[str, str]) -> str | Promise:
    """Return what a value is shown as; `names` are those of the regions and accounts."""
    if facet == ACCOUNT:
        return names.get(value) or _("another account")
    return label(facet, region_title(value, names) if facet == "region" else value)


def word_behind(facet: str, value: str) -> str:
    """Return the cloud's own word for a value that is shown in another; "" for all others."""
    return value if label_of(value, facet) != value else ""


@register.filter
def in_words(query: str) -> list[Narrowing]:
    """Return what a stored query chooses images by."""
    asked, _invalid = read_query(QueryDict(query))
    return list(narrowings(asked, {}))


def narrowings(query: ImageQuery, names: Mapping[str, str]) -> Iterator[Narrowing]:
    """Yield what the query chooses images by; `names` are those of the regions and accounts."""
    if query.q:
        yield Narrowing(_("Text"), query.q, changed(query, q="", page=1))
    for choice, values in query.facets:
        name, excluded = choice.removeprefix("-"), choice.startswith("-")
        for value in values:
            shown = value_title(name, value, names)
            shown = _("not %(value)s") % {"value": shown} if excluded else shown
            rest = toggled(query, choice, value)
            yield Narrowing(facet_title(name), shown, rest, word_behind(name, value))
    for value in query.name:
        others = tuple(other for other in query.name if other != value)
        yield Narrowing(_("Exact name"), seen(value), changed(query, name=others, page=1))
    if query.image:
        number = len(query.image)
        shown = ngettext("%(number)s image", "%(number)s images", number) % {"number": number}
        yield Narrowing(_("Selection"), shown, changed(query, image=(), page=1))
    for field, title in RANGES.items():
        bound = getattr(query, field)
        if bound is not None:
            rest = changed(query, **{field: None}, page=1)
            timed = isinstance(bound, Bound)
            yield _time(field, bound, rest) if timed else Narrowing(title, plain_size(bound), rest)


def _time(field: str, bound: Bound, rest: ImageQuery) -> Narrowing:
    if field == "created_after":
        return Narrowing(RANGES[field], since(bound), rest)
    title = RANGES[field] if bound.day(last=True) else _("Created before")
    return Narrowing(title, until(bound), rest)
