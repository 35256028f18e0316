"""One page of the images of a region: POST /dicloud/i/storage/cimg/list.

Source: the vendor's document of that call. `data` is documented as an array and shown as an object
with `items`: both are read.
"""

from __future__ import annotations

from typing import Any

import msgspec

from images.cloud.answers import NOT_AS_EXPECTED, decoded, request_id
from images.cloud.client import MAX_ANSWER_BYTES, Account, call
from images.cloud.errors import Unreadable

# How many images are asked for at once; and of a cloud that refuses so many.
PAGE_LIMIT, SMALL_PAGE_LIMIT = 500, 100


class Page(msgspec.Struct):
    """The object form of `data`. The array form becomes the same, without a count."""

    items: list[msgspec.Raw] | None
    count: Any = None
    request_id: str = ""


class _Identity(msgspec.Struct):
    uuid: str = msgspec.field(name="cimgUuid")


# Made on import: see images.cloud.answers.
_decode_page = msgspec.json.Decoder(Page | list[msgspec.Raw]).decode
_decode_identity = msgspec.json.Decoder(_Identity).decode


def fetch_page(
    account: Account,
    region: str,
    start: int,
    limit: int = PAGE_LIMIT,
    at_most: int = MAX_ANSWER_BYTES,
) -> Page:
    """Return the images from the index `start` on, `limit` of them unless the cloud gives fewer."""
    answer = call(
        account,
        "POST",
        "/dicloud/i/storage/cimg/list",
        at_most=at_most,
        json={"regionId": region, "start": start, "limit": limit},
    )
    data = decoded(answer, _decode_page)
    page = data if isinstance(data, Page) else Page(items=data)
    page.request_id = request_id(answer)
    return page


def items_of(page: Page, start: int, overlap: int = 0) -> list[bytes]:
    """Return the items of the page that was asked for from `start` on, each as JSON.

    Some servers write an empty list as null. Raise Unreadable for a null that cannot be one: where
    the page overlaps the one before, there is an item at least, and elsewhere the count has to say
    that there is nothing, or nothing from here on.
    """
    if page.items is None:
        empty = type(page.count) is int and page.count in (0, start)
        if overlap or not empty:
            raise Unreadable("a page without its items", request_id=page.request_id)
        return []
    return [bytes(item) for item in page.items]


def begins_with(page: Page, item: bytes) -> bool:
    """Return whether the first item of the page is this image, which may have changed meanwhile."""
    if not page.items:
        return False
    first = bytes(page.items[0])
    try:
        return _decode_identity(first).uuid == _decode_identity(item).uuid
    except NOT_AS_EXPECTED:
        return first == item
