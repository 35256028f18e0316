"""The images before and after one, in what the query selects and as it sorts."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse

from images.cloud.records import Image
from images.context import InventoryContext
from images.forms import query_string
from images.search.gathered import around


@dataclass(frozen=True)
class Adjacent:
    """`same_page` tells whether the list that is shown has it too: else both are shown anew."""

    href: str
    same_page: bool


@dataclass(frozen=True)
class Place:
    """Which of the selected images it is, from 1, and those beside it, None at either end."""

    number: int
    total: int
    previous: Adjacent | None
    next: Adjacent | None


def place_of(context: InventoryContext, image: Image) -> Place | None:
    """None for an image that the query does not select: its address alone led to it."""
    index = context.inventory.index
    position = context.inventory.position(image.region, image.uuid)
    found = None if position is None else around(index, context.query, position)
    if found is None:
        return None
    return Place(
        number=found.number,
        total=found.total,
        previous=_adjacent(context, found.number - 1, found.previous),
        next=_adjacent(context, found.number + 1, found.next),
    )


def _adjacent(context: InventoryContext, number: int, position: int | None) -> Adjacent | None:
    if position is None:
        return None
    image, page = context.inventory.images[position], (number - 1) // context.query.size + 1
    written = query_string(context.query, page=page)
    address = reverse("images:detail", args=(image.region, image.uuid))
    return Adjacent(f"{address}?{written}".rstrip("?"), page == context.query.page)
