"""Which images, or changes, an answer has, and where the others are: by page, or by cursor.

A cursor is the place of the last one that was given, and the next answer begins behind it, wherever
it stands by then: what comes and goes meanwhile shifts nothing, as it does with pages.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

from django.http import HttpRequest
from django.utils.translation import gettext as _

from dashboard.web.problems import Problem
from images import grammar
from images.cloud.values import SLUG
from images.context import InventoryContext
from images.forms import query_string
from images.search.gathered import around, number_of, rows_between
from images.search.gathered_index import Found

Item = TypeVar("Item")
# Writes the query string of the same query on another page.
Write = Callable[[int], str]


@dataclass(frozen=True)
class Page(Generic[Item]):
    """What was asked for, and where the others are.

    `page` is None behind a cursor; `next_cursor`, `next` and `previous` are None where there is
    nothing more. The last two are addresses.
    """

    items: Sequence[Item]
    page: int | None
    pages: int
    next_cursor: str | None
    next: str | None
    previous: str | None

    @property
    def places(self) -> dict[str, Any]:
        """What an answer says of it."""
        names = ("page", "pages", "next_cursor", "next", "previous")
        return {name: getattr(self, name) for name in names}


def images(request: HttpRequest, context: InventoryContext) -> tuple[Page[Found], int]:
    """Return what the request asks for, and how many there are in all."""
    query, index = context.query, context.inventory.index
    total = number_of(index, query)
    cursor = cursor_of(request, _read_cursor)
    start = _behind(context, cursor) if cursor else (query.page - 1) * query.size
    end = min(start + query.size, total)
    rows = rows_between(index, query, start, end) if start < end else ()
    found = [Found(part.account, image) for part, image in map(index.at, rows)]
    listing = placed(
        request,
        found,
        page=None if cursor else query.page,
        pages=pages(total, query.size),
        next_cursor=_write_cursor(found[-1]) if found and end < total else None,
        write=lambda page: query_string(context.query, page=page),
    )
    return listing, total


def _write_cursor(last: Found) -> str:
    return f"{last.image.region}/{last.image.uuid}/{last.account}"


def _read_cursor(text: str) -> str:
    """Return a cursor; those of before have no account."""
    place, account = text.rpartition("/")[::2] if text.count("/") == 2 else (text, "")
    grammar.read_place(place)
    if account and not SLUG.fullmatch(account):
        raise grammar.Rejected(_("not a cursor from a previous response"))
    return text


def pages(rows: int, size: int) -> int:
    return max(1, -(-rows // size))


def placed(
    request: HttpRequest,
    items: Sequence[Item],
    *,
    page: int | None,
    pages: int,
    next_cursor: str | None,
    write: Write,
) -> Page[Item]:
    """Return these with the addresses of what comes before and after.

    Who asked for a page gets addresses of pages.
    """

    def address(number: int, **extra: Any) -> str:
        # Page 1 is left out of a query string, and says here that pages are what is wanted.
        extra = extra or ({"page": 1} if number == 1 else {})
        parts = [each for each in (write(number), urlencode(extra, safe="/")) if each]
        return request.build_absolute_uri(f"{request.path}?{'&'.join(parts)}")

    following: str | None = None
    if next_cursor:
        by_page = page is not None and "page" in request.GET
        following = address(page + 1) if page and by_page else address(1, cursor=next_cursor)
    before = min(page - 1, pages) if page else 0
    return Page(
        items, page, pages, next_cursor, following, address(before) if before >= 1 else None
    )


def asked(request: HttpRequest) -> tuple[object, ...]:
    """Return what of the request decides of a listing, besides its query."""
    return "page" in request.GET, request.GET.getlist("cursor")


def cursor_of(request: HttpRequest, read: Callable[[str], str]) -> str:
    """Return the request's cursor, "" where it has none. Raise a Problem where it is wrong."""
    given = request.GET.getlist("cursor")
    try:
        if len(given) > 1:
            raise grammar.Rejected(_("given more than once"))
        return read(given[0]) if given else ""
    except grammar.Rejected as rejected:
        said = {"parameter": "cursor", "value": "…", "why": str(rejected.why)}
        detail = _("These parameters are not valid: %(names)s.") % {"names": "cursor"}
        raise Problem(422, "bad-parameters", detail, parameters=[said]) from None


def _behind(context: InventoryContext, cursor: str) -> int:
    """Return how many come before the one behind the image of the cursor."""
    region, uuid, account = [*cursor.split("/"), ""][:3]
    index = context.inventory.index
    position = index.position(region, uuid, account)
    place = None if position is None else around(index, context.query, position)
    return place.number if place else _gone()


def _gone() -> int:
    said = _(
        "The image the cursor points to is not in this list, or no longer. Start again "
        "from the beginning."
    )
    raise Problem(409, "cursor-gone", said)
