"""Numbered pages: the first, the last, and those around the current one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from django.core.paginator import Paginator
from django.utils.translation import gettext as _

from images.context import ListAddress
from images.grammar import SIZES
from images.search.query import Result
from images.templatetags.inventory import counted

AROUND = 2


class Choice(NamedTuple):
    """A page, or a number of rows on one; `href` is "" for the pages between that are left out."""

    number: int
    href: str
    is_current: bool


def pager(address: ListAddress, result: Result) -> dict[str, object]:
    """Return what the pager shows, for its template."""
    numbers = {name: counted(getattr(result, name)) for name in ("first", "last", "total")}
    page, pages = result.page, result.pages
    return {
        "span": _("%(first)s–%(last)s of %(total)s") % numbers,
        "pages": list(_pages(address, result)) if pages > 1 else [],
        "previous": address.link(page=page - 1) if page > 1 else "",
        "following": address.link(page=page + 1) if page < pages else "",
        "sizes": [
            Choice(size, address.link(size=size, page=1), size == address.query.size)
            for size in SIZES
        ],
    }


def _pages(address: ListAddress, result: Result) -> Iterator[Choice]:
    paginator = Paginator(range(result.total), address.query.size)
    around = paginator.get_elided_page_range(result.page, on_each_side=AROUND, on_ends=1)
    for number in around:
        if isinstance(number, int):
            yield Choice(number, address.link(page=number), number == result.page)
        else:
            yield Choice(0, "", False)
