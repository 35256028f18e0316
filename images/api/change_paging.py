"""Which changes an answer has, and where the others are.

Their cursor needs nothing that is still there: it is a moment, and of the changes of one moment a
number.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from django.http import HttpRequest
from django.utils.translation import gettext as _

from images import grammar
from images.api.paging import Page, cursor_of, pages, placed
from images.api.parameters import ROW
from images.change_forms import change_query_string
from images.context import InventoryContext
from images.history import feed
from images.history.changes import ChangeQuery
from images.history.feed import Extent, Noted

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def changes(
    request: HttpRequest, context: InventoryContext, query: ChangeQuery, extent: Extent
) -> Page[Noted]:
    cursor = cursor_of(request, _read)
    key, one_more = context.credential.cache_key, query.size + 1
    if cursor:
        found = feed.rows_behind(key, query, *_place(cursor), one_more)
    else:
        found = feed.rows_from(key, query, (query.page - 1) * query.size, one_more)
    shown = found[: query.size]
    return placed(
        request,
        shown,
        page=None if cursor else query.page,
        pages=pages(extent.rows, query.size),
        next_cursor=_cursor(shown[-1]) if len(found) > query.size else None,
        write=lambda page: change_query_string(query, token=context.token, page=page),
    )


def _cursor(noted: Noted) -> str:
    return f"{(noted.at - EPOCH) // MICROSECOND}-{noted.id}"


def _read(text: str) -> str:
    if not re.fullmatch(ROW["pattern"], text, re.ASCII):
        raise grammar.Rejected(_("not a cursor from a previous response"))
    return text


def _place(cursor: str) -> tuple[datetime, int]:
    microseconds, _dash, number = cursor.partition("-")
    return EPOCH + int(microseconds) * MICROSECOND, int(number)
