"""Two to four images side by side: /images/compare/?image=…&image=…, with what differs marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from markupsafe import Markup

from images.cloud.records import Image
from images.context import InventoryContext
from images.differences import differing
from images.fields import COMPARED, FIELDS
from images.forms import query_string
from images.templatetags.inventory import macros
from images.verdict_words import Words, verdict_words
from images.views.list.image_list import page_context
from images.views.list.rows import cell
from images.views.pages import not_found, with_inventory

LEAST, MOST = 2, 4
ONLY = "differences"


@dataclass(frozen=True)
class Compared:
    """One image, with the comparison without it."""

    image: Image
    verdict: Words
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
        return not_found(request, context, _("These images do not exist, or no longer exist."))
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
    differ = differing(images)
    made = []
    for title, compared in COMPARED.items():
        facts = [field.name for field in compared]
        lines = [_line(fact, images, names, differs=fact in differ) for fact in facts]
        lines = [line for line in lines if line.differs or not only]
        if lines:
            made.append(Group(translation.gettext(title), lines))
    return made


def _line(name: str, images: Sequence[Image], names: dict[str, str], *, differs: bool) -> Line:
    written = macros("fragments/cells.html")
    cells = [cell(written, name, image, names) for image in images]
    return Line(translation.gettext(FIELDS[name].title), cells, differs)


def _compared(context: InventoryContext, image: Image) -> Compared:
    place = f"{image.region}/{image.uuid}"
    rest = tuple(each for each in context.query.image if each != place)
    panel = reverse("images:detail", args=(image.region, image.uuid)) + context.accounts_query
    return Compared(
        image,
        verdict_words(image, context.region_names, context.zone_names),
        panel,
        _address(context, rest),
    )


def _address(context: InventoryContext, places: tuple[str, ...], *, only: bool = False) -> str:
    written = query_string(context.comparing(places))
    parts = [written, f"only={ONLY}" if only else ""]
    return f"{reverse('images:compare')}?{'&'.join(filter(None, parts))}".rstrip("?")
