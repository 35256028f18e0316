"""Which images, or changes, an answer has, and where the others are: by page, or by cursor.

A cursor is the place of the last one that was given, and the next answer begins behind it, wherever
it stands by then: what comes and goes meanwhile shifts nothing, as it does with pages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

from django.http import HttpRequest
from django.utils.translation import gettext as _

from dashboard.web.problems import Problem
from images import grammar
from images.cloud.records import Image
from images.context import InventoryContext
from images.forms import query_string
from images.search.query import matching

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


def images(request: HttpRequest, context: InventoryContext) -> tuple[Page[Image], int]:
    """Return what the request asks for, and how many there are in all."""
    query, index = context.query, context.inventory.index
    rows = matching(index, query)
    cursor = cursor_of(request, grammar.read_place)
    start = _behind(context, rows, cursor) if cursor else (query.page - 1) * query.size
    found = [index.images[row] for row in rows[start : start + query.size]]
    more = start + query.size < len(rows)
    listing = placed(
        request,
        found,
        page=None if cursor else query.page,
        pages=pages(len(rows), query.size),
        next_cursor=f"{found[-1].region}/{found[-1].uuid}" if found and more else None,
        write=lambda page: query_string(context.query, token=context.token, page=page),
    )
    return listing, len(rows)


def everything(context: InventoryContext) -> Iterator[Image]:
    """Yield all images that the query selects, in its order."""
    index = context.inventory.index
    return (index.images[row] for row in matching(index, context.query))


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


def _behind(context: InventoryContext, rows: Sequence[int], cursor: str) -> int:
    """Return where to go on behind the image of the cursor."""
    region, _slash, uuid = cursor.partition("/")
    position = context.inventory.index.position(region, uuid)
    try:
        return rows.index(position) + 1 if position is not None else _gone()
    except ValueError:
        return _gone()


def _gone() -> int:
    said = _(
        "The image the cursor points to is not in this list, or no longer. Start again "
        "from the beginning."
    )
    raise Problem(409, "cursor-gone", said)
