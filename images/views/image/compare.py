"""Two to four images side by side: /images/compare/?image=…&image=…, with what differs marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe
from markupsafe import Markup

from images.cloud.reading import read_details
from images.cloud.records import Details, Image
from images.context import InventoryContext
from images.differences import differing
from images.forms import query_string
from images.search.query import ImageQuery
from images.templatetags.inventory import macros
from images.verdict_words import Words, verdict_words
from images.views.list.columns import COLUMNS
from images.views.list.image_list import page_context
from images.views.pages import not_found, with_inventory

LEAST, MOST = 2, 4
ONLY = "differences"

# The columns of the list, in the groups of the panel.
GROUPS: tuple[tuple[Promise, tuple[str, ...]], ...] = (
    (gettext_lazy("Identity"), ("id", "uuid", "region", "type", "size", "description")),
    (gettext_lazy("State"), ("status", "check", "shared", "external")),
    (gettext_lazy("Operating system"), ("os", "arch", "platform")),
    (gettext_lazy("A machine needs at least"), ("disk", "cpu", "memory", "machines")),
    (gettext_lazy("Regions and zones"), ("regions", "zones")),
    (gettext_lazy("Backup storages"), ("storages", "kept")),
    (gettext_lazy("Use"), ("scenes", "tags")),
    (gettext_lazy("Times"), ("created", "updated")),
)


# What the list has no column for.
DETAILS = {
    "cpu": gettext_lazy("CPU cores"),
    "memory": gettext_lazy("Memory"),
    "machines": gettext_lazy("Machine types"),
    "kept": gettext_lazy("Each storage"),
}


@dataclass(frozen=True)
class Compared:
    """One image: where it is, and the comparison without it."""

    image: Image
    verdict: Words
    region: str
    href: str
    without: str


@dataclass(frozen=True)
class Line:
    title: str
    cells: list[Markup]
    differs: bool


@dataclass(frozen=True)
class Group:
    title: str
    lines: list[Line]


@require_safe
@with_inventory
def compare_images(request: HttpRequest, context: InventoryContext) -> HttpResponse:
    only = request.GET.get("only") == ONLY
    known = tuple(
        each for each in context.invalid_parameters if each.parameter != "only" or not only
    )
    context = replace(context, invalid_parameters=known)
    images, gone = _named(context)
    if context.query.image and not images:
        return not_found(request, context, _("There are no such images here, or no longer."))
    shown = images[:MOST]
    parts = page_context(context) | {
        "compared": [_compared(context, image) for image in shown],
        "groups": groups(shown, context.region_names, only=only) if len(shown) >= LEAST else [],
        "gone": gone,
        "left": len(images) - len(shown),
        "only": only,
        "switch": _address(context, context.query.image, only=not only),
    }
    return render(request, "images/compare.html", parts)


def _named(context: InventoryContext) -> tuple[list[Image], list[str]]:
    """Return the images that the address names, in its order, and those that are not here."""
    found, gone = [], []
    for place in context.query.image:
        region, _slash, uuid = place.partition("/")
        image = context.inventory.find(region, uuid)
        if image:
            found.append(image)
        else:
            gone.append(place)
    return found, gone


def groups(images: Sequence[Image], names: dict[str, str], *, only: bool) -> list[Group]:
    """Return the facts of the images, line by line; with `only`, the lines that differ."""
    details = [read_details(image) for image in images]
    differ = differing(images)
    made = []
    for title, facts in GROUPS:
        lines = [_line(fact, images, details, names, differs=fact in differ) for fact in facts]
        lines = [line for line in lines if line.differs or not only]
        if lines:
            made.append(Group(str(title), lines))
    return made


def _line(
    fact: str,
    images: Sequence[Image],
    details: Sequence[Details],
    names: dict[str, str],
    *,
    differs: bool,
) -> Line:
    if fact in DETAILS:
        written = getattr(macros("fragments/details.html"), fact)
        cells = [written(each) for each in details]
    else:
        written = getattr(macros("fragments/cells.html"), fact)
        cells = [written(image, names) for image in images]
    return Line(title_of(fact), cells, differs)


def title_of(fact: str) -> str:
    return str(DETAILS[fact] if fact in DETAILS else COLUMNS[fact].title)


def _compared(context: InventoryContext, image: Image) -> Compared:
    place = f"{image.region}/{image.uuid}"
    rest = tuple(each for each in context.query.image if each != place)
    panel = reverse("images:detail", args=(image.region, image.uuid)) + context.token_query
    region = context.region_names.get(image.region, image.region)
    return Compared(
        image,
        verdict_words(image, context.region_names, context.zone_names),
        region,
        panel,
        _address(context, rest),
    )


def _address(context: InventoryContext, places: tuple[str, ...], *, only: bool = False) -> str:
    written = query_string(ImageQuery(image=places), token=context.token)
    parts = [written, f"only={ONLY}" if only else ""]
    return f"{reverse('images:compare')}?{'&'.join(filter(None, parts))}".rstrip("?")
