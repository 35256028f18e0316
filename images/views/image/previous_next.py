"""The images before and after one, in what the query selects and as it sorts."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse

from images.cloud.records import Image
from images.context import InventoryContext
from images.forms import query_string
from images.search.query import matching


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
    order = matching(index, context.query)
    try:
        at = order.index(index.position(image.region, image.uuid))
    except ValueError:
        return None
    return Place(
        number=at + 1,
        total=len(order),
        previous=_adjacent(context, at - 1, index.images[order[at - 1]]) if at else None,
        next=_adjacent(context, at + 1, index.images[order[at + 1]])
        if at + 1 < len(order)
        else None,
    )


def _adjacent(context: InventoryContext, at: int, image: Image) -> Adjacent:
    page = at // context.query.size + 1
    written = query_string(context.query, token=context.token, page=page)
    address = reverse("images:detail", args=(image.region, image.uuid))
    return Adjacent(f"{address}?{written}".rstrip("?"), page == context.query.page)
