"""What the search box offers below it: /images/suggestions/?q=…, the text up to where one types.

It is answered from what is cached and never asks the cloud, as the palette is.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from dashboard.tokens.access import access_of
from dashboard.web.htmx import as_fragment
from images.context import InventoryContext, known_context
from images.fields import ACCOUNT, FACETS
from images.forms import search_query
from images.qualifiers import NAMES, WORD_FACETS
from images.region_names import spellings
from images.search.gathered import run
from images.search.language import Term, last_term, written
from images.templatetags.inventory import counted, region_name, region_title
from images.templatetags.query_words import facet_title, label, value_title
from images.views.list.filters import MOST_VALUES
from images.views.palette.entries import Entry, Words, found
from images.views.palette.place import place_of

SHOWN = 8
LONGEST = 4_000
EXAMPLES = {
    "size": ("size:>20GiB", "size:20GiB..40GiB"),
    "disk": ("disk:<=40GiB",),
    "created": ("created:>2024-01", "created:2024"),
}


@require_safe
def suggestions(request: HttpRequest) -> HttpResponse:
    place = place_of(request)
    context = known_context(access_of(request), place.params)
    entries = suggested(context, request.GET.get("q", "")[:LONGEST]) if context else []
    number = len(entries)
    told = ngettext("%(number)s suggestion", "%(number)s suggestions", number) % {"number": number}
    shown = {"entries": entries, "told": told if number else ""}
    return as_fragment(render(request, "images/_suggestions.html", shown))


def suggested(context: InventoryContext, text: str) -> list[Entry]:
    """Return what the last term of the text may become; `copy` is the text that it is then."""
    before, term = last_term(text, NAMES)
    if not (term.text or term.name):
        return []
    words = Words(term.text)
    if term.name in EXAMPLES:
        return [_example(before, each) for each in EXAMPLES[term.name]] if not term.text else []
    values = [each for each in _values(context, before, term) if words.text or term.name]
    return [*found(_names(before, term), words, 2), *found(values, words, SHOWN)][:SHOWN]


def _example(before: str, text: str) -> Entry:
    return Entry(text, hint=_("for example"), copy=f"{before}{text} ")


def _names(before: str, term: Term) -> Iterator[Entry]:
    """Yield the qualifiers that a word may be the beginning of, to be filled in."""
    sign = "-" if term.excluded else ""
    for name in sorted(NAMES) if not term.name else ():
        if name.startswith(term.text.casefold()) and (name in FACETS or name in EXAMPLES):
            yield Entry(f"{sign}{name}:", copy=f"{before}{sign}{name}:")


def _values(context: InventoryContext, before: str, term: Term) -> Iterator[Entry]:
    """Yield the values of facets, with how many images of the rest of the text have each."""
    facets = run(context.inventory.index, search_query(before)).facets
    for name in (
        (*WORD_FACETS, ACCOUNT) if not term.name else (term.name,) if term.name in FACETS else ()
    ):
        for each in islice(facets[name], MOST_VALUES):
            word = context.account_words.get(each.value, each.value)
            text = written([Term(word, name, term.excluded)], NAMES)
            title, *also = _titles(context, name, each.value)
            hint, kind, copy = counted(each.count), facet_title(name), f"{before}{text} "
            yield Entry(title, before=kind, hint=hint, also=tuple(also), copy=copy)


def _titles(context: InventoryContext, facet: str, value: str) -> tuple[str, ...]:
    """Return what a value is called, first as it is shown."""
    if facet == ACCOUNT:
        return str(value_title(facet, value, context.account_names)), context.account_words[value]
    if facet != "region":
        return str(label(facet, value)), value
    names = context.region_names
    return region_title(value, names), value, *spellings(region_name(value, names))
