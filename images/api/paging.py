"""Which images an answer of the API has, and where the others are: by page, or by cursor.

A cursor is the place of the last image that was given, and the next answer begins behind it,
wherever it stands by then: images that come and go meanwhile shift nothing, as they do with pages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest
from django.utils.translation import gettext as _

from dashboard.problems import Problem
from images import grammar
from images.cloud.records import Image
from images.forms import query_string
from images.query import matching
from images.views.opening import Opened


@dataclass(frozen=True)
class Listing:
    """`page` is None behind a cursor; `next_cursor`, `next` and `previous` are None where there is
    nothing more. The last two are addresses."""

    images: Sequence[Image]
    total: int
    pages: int
    page: int | None
    next_cursor: str | None
    next: str | None
    previous: str | None


def listing(request: HttpRequest, opened: Opened) -> Listing:
    query, index = opened.query, opened.inventory.index
    rows = matching(index, query)
    cursor = _cursor(request)
    start = _behind(opened, rows, cursor) if cursor else (query.page - 1) * query.size
    images = [index.images[row] for row in rows[start : start + query.size]]
    pages = max(1, -(-len(rows) // query.size))
    more = start + query.size < len(rows)
    cursor_after = f"{images[-1].region}/{images[-1].uuid}" if images and more else None
    following: str | None = None
    if cursor_after:
        by_page = "page" in request.GET and not cursor
        following = (
            _address(request, opened, page=query.page + 1)
            if by_page
            else _address(request, opened, cursor=cursor_after)
        )
    return Listing(
        images=images,
        total=len(rows),
        pages=pages,
        page=None if cursor else query.page,
        next_cursor=cursor_after,
        next=following,
        previous=_previous(request, opened, pages) if not cursor else None,
    )


def links(found: Listing) -> str:
    """The Link field (RFC 8288), "" where there is nowhere to go."""
    ways = (("next", found.next), ("prev", found.previous))
    return ", ".join(f'<{address}>; rel="{name}"' for name, address in ways if address)


def _cursor(request: HttpRequest) -> str:
    given = request.GET.getlist("cursor")
    try:
        if len(given) > 1:
            raise grammar.Rejected(_("given more than once"))
        return grammar.read_place(given[0]) if given else ""
    except grammar.Rejected as nonsense:
        said = {"parameter": "cursor", "value": "…", "why": str(nonsense.why)}
        detail = _("These parameters cannot be followed: %(names)s.") % {"names": "cursor"}
        raise Problem(422, "bad-parameters", detail, parameters=[said]) from None


def _behind(opened: Opened, rows: Sequence[int], cursor: str) -> int:
    """Where to go on behind the image of the cursor."""
    region, _slash, uuid = cursor.partition("/")
    position = opened.inventory.index.position(region, uuid)
    try:
        return rows.index(position) + 1 if position is not None else _gone()
    except ValueError:
        return _gone()


def _gone() -> int:
    said = _("The image that the cursor stands on is not in this list, or no longer: begin anew.")
    raise Problem(409, "cursor-gone", said)


def _previous(request: HttpRequest, opened: Opened, pages: int) -> str | None:
    page = min(opened.query.page - 1, pages)
    return _address(request, opened, page=page) if page >= 1 else None


def _address(request: HttpRequest, opened: Opened, *, page: int = 1, cursor: str = "") -> str:
    written = query_string(opened.query, token=opened.token, page=page)
    # `query_string` leaves out page 1, which says here that pages are what is wanted.
    extra = {"cursor": cursor} if cursor else {"page": 1} if page == 1 else {}
    parts = [each for each in (written, urlencode(extra, safe="/")) if each]
    return request.build_absolute_uri(f"{request.path}?{'&'.join(parts)}")
