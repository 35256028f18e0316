"""Numbered pages: the first, the last, and those around the current one."""

from __future__ import annotations

from html import escape

from django.core.paginator import Paginator
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from images.context import InventoryContext
from images.grammar import SIZES
from images.search.query import Result
from images.templatetags.inventory import counted

AROUND = 2


def span(result: Result) -> SafeString:
    """Which of the rows are on this page; "" when there are none."""
    if not result.total:
        return SafeString()
    numbers = {name: counted(getattr(result, name)) for name in ("first", "last", "total")}
    return mark_safe(escape(_("%(first)s–%(last)s of %(total)s") % numbers))  # noqa: S308


def pages(context: InventoryContext, result: Result) -> SafeString:
    """The `<li>` elements of the pages around this one; none when there is only one."""
    if result.pages == 1:
        return SafeString()
    page = _("Page")
    parts = []
    paginator = Paginator(range(result.total), context.query.size)
    around = paginator.get_elided_page_range(result.page, on_each_side=AROUND, on_ends=1)
    for number in around:
        if isinstance(number, int):
            text = f'<span class="visually-hidden">{escape(page)} </span>{number}'
            current = ' aria-current="page"' if number == result.page else ""
            parts.append(_link(context.link(page=number), text, current))
        else:
            parts.append('<li aria-hidden="true">…</li>')
    return mark_safe("".join(parts))  # noqa: S308


def sizes(context: InventoryContext) -> SafeString:
    """The `<li>` elements of how many rows a page may have."""
    links = (
        _link(
            context.link(size=size, page=1),
            str(size),
            ' aria-current="true"' if size == context.query.size else "",
        )
        for size in SIZES
    )
    return mark_safe("".join(links))  # noqa: S308


def _link(address: str, text: str, current: str) -> str:
    href = escape(address)
    return f'<li><a href="{href}" hx-get="{href}"{current}>{text}</a></li>'


def neighbours(context: InventoryContext, result: Result) -> tuple[str, str]:
    """The addresses of the page before and the page after, "" where there is none."""
    return (
        context.link(page=result.page - 1) if result.page > 1 else "",
        context.link(page=result.page + 1) if result.page < result.pages else "",
    )
