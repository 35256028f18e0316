"""What is in the list: its regions, the values of its facets, and the images themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from django.urls import reverse
from django.utils.translation import gettext as _

from images.context import InventoryContext
from images.fields import ACCOUNT, FACETS
from images.forms import search_query, toggled
from images.labels import label_of
from images.region_names import spellings
from images.search.gathered import run
from images.search.query import FacetValue, changed
from images.search.spelling import folded
from images.templatetags.inventory import counted, plain_name, region_name, region_title
from images.templatetags.query_words import facet_title, label
from images.views.list.filters import MOST_VALUES
from images.views.palette.entries import SHOWN, Entry

Facets = Mapping[str, tuple[FacetValue, ...]]

# Filters that words can be put together from, the likelier first.
COMBINED = ("region", "os", "version", "status", "arch", "platform", "tag", "scene", "zone")
MOST_WORDS = 6


def facets_of(context: InventoryContext) -> Facets:
    """Return how many images each value would show beside the filters in use."""
    return run(context.inventory.index, context.query).facets


def regions(context: InventoryContext, facets: Facets) -> Iterator[Entry]:
    for each in facets["region"]:
        shown = region_title(each.value, context.region_names)
        also = (each.value, *spellings(region_name(each.value, context.region_names)))
        yield _filter(context, "region", each, shown, before="", also=also)


def filters(context: InventoryContext, facets: Facets) -> Iterator[Entry]:
    """Yield what narrows the list to one value; of one in use, what takes it away."""
    for name in FACETS:
        if name in ("region", ACCOUNT):
            continue
        before = facet_title(name)
        for each in facets[name][:MOST_VALUES]:
            yield _filter(context, name, each, str(label(name, each.value)), before, (each.value,))


def _filter(
    context: InventoryContext,
    name: str,
    value: FacetValue,
    title: str,
    before: str,
    also: tuple[str, ...],
) -> Entry:
    return Entry(
        title,
        context.link_to(toggled(context.query, name, value.value)),
        before=before,
        hint=counted(value.count),
        also=also,
        swaps="images",
        is_chosen=value.selected,
    )


def combined(context: InventoryContext, facets: Facets, text: str) -> Entry | None:
    """Return all the filters that the words name, as one: "centos 7 ready" is three.

    None where a word names no filter, where there is only one, or nothing is left with them.
    """
    words = folded(text).split()
    if not 2 <= len(words) <= MOST_WORDS:
        return None
    chosen: dict[str, tuple[str, ...]] = {}
    for word in words:
        name, values = _named(context, facets, word)
        if not values:
            return None
        chosen[name] = tuple(dict.fromkeys((*chosen.get(name, ()), *values)))
    with_present = {
        name: tuple(dict.fromkeys((*context.query.chosen(name), *values)))
        for name, values in chosen.items()
    }
    query = changed(context.query, page=1, **with_present)
    total = run(context.inventory.index, query).total
    titles = [", ".join(_title(context, name, each) for each in chosen[name]) for name in chosen]
    href, hint = context.link_to(query), counted(total)
    return Entry(" · ".join(titles), href, hint=hint, swaps="images") if total else None


def _named(context: InventoryContext, facets: Facets, word: str) -> tuple[str, list[str]]:
    """Return the facet that a word names, and its values: "7" is version 7, 7.9 and so on.

    A word that is a whole one of a value counts for more than one that a value begins with.
    """
    for ends in ((" ", "."), ("",)):
        for name in COMBINED:
            values = [
                each.value
                for each in facets[name][:MOST_VALUES]
                if _begins(word, (each.value, _title(context, name, each.value)), ends)
            ]
            if values:
                return name, values
    return "", []


def _begins(word: str, texts: tuple[str, ...], ends: tuple[str, ...]) -> bool:
    names = map(folded, texts)
    return any(name == word or name.startswith(tuple(word + end for end in ends)) for name in names)


def _title(context: InventoryContext, name: str, value: str) -> str:
    if name == "region":
        return region_title(value, context.region_names)
    return str(label(name, value))


def images(context: InventoryContext, text: str) -> list[Entry]:
    """Return the first images that the text finds, and how to list them all if there are more."""
    index = context.inventory.index
    asked = search_query(text)
    result = run(index, replace(asked, size=25))
    entries = []
    for row in result.rows[:SHOWN]:
        image = index.images[row]
        address = reverse("images:detail", args=(image.region, image.uuid))
        region = region_title(image.region, context.region_names)
        state = label_of(image.status, "status") if image.status else ""
        hint = " · ".join(filter(None, (state, region)))
        entries.append(
            Entry(plain_name(image), address + context.suffix, hint=hint, swaps="detail")
        )
    if result.total > SHOWN:
        title, hint = _("All images with “%(text)s”") % {"text": text}, counted(result.total)
        entries.append(Entry(title, context.link_to(asked), hint=hint, swaps="images"))
    return entries
