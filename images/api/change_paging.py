"""Which changes an answer has, and where the others are.

Their cursor needs nothing that is still there: it is a moment, and of the changes of one moment a
number.
"""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation import gettext as _

from images import grammar
from images.api.paging import Page, cursor_of, pages, placed
from images.change_forms import change_query_string, read_place, write_place
from images.context import InventoryContext
from images.history import feed
from images.history.changes import ChangeQuery
from images.history.feed import Extent, Noted


def changes(
    request: HttpRequest, context: InventoryContext, query: ChangeQuery, extent: Extent
) -> Page[Noted]:
    cursor = cursor_of(request, _read)
    keys, one_more = context.inventory.keys, query.size + 1
    if cursor:
        found = feed.rows_behind(keys, query, read_place(cursor), one_more)
    else:
        found = feed.rows_from(keys, query, (query.page - 1) * query.size, one_more)
    shown = found[: query.size]
    return placed(
        request,
        shown,
        page=None if cursor else query.page,
        pages=pages(extent.rows, query.size),
        next_cursor=write_place(shown[-1].place) if len(found) > query.size else None,
        write=lambda page: change_query_string(query, page=page),
    )


def _read(text: str) -> str:
    try:
        read_place(text)
    except grammar.Rejected:
        raise grammar.Rejected(_("not a cursor from a previous response")) from None
    return text
