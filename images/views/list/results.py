"""What htmx swaps: the state of things, the list, and the panel of an image.

A search that nobody made before pays for its page, and templates take longer than searching. So the
template is rendered once as a frame, with a mark wherever the text that is searched or what was
found belongs; a list is its frame with the marks replaced.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from hashlib import blake2b
from typing import Any

from django.template.loader import render_to_string
from django.utils.html import conditional_escape, escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from images.cloud.records import Image
from images.context import InventoryContext
from images.forms import query_string
from images.search.query import ImageQuery, Result, run
from images.services.snapshots import encode_head
from images.templatetags.inventory import counted
from images.views.list import columns, filters, paging, poll_address, preferences, rows
from images.views.poll_intervals import LIST, LIST_BUSY

# Nobody can know it, so nothing that the cloud or a browser sends can be mistaken for a mark.
SECRET = secrets.token_hex(16)
PLAIN = (str, int, float, bool, type(None))


def mark(name: str) -> str:
    """Stands in a frame for the part of that name."""
    return f"{name}-{SECRET}"


def results(context: InventoryContext) -> bytes:
    """The list without a panel."""
    return kept(context, ("results", context.query, context.token), lambda: _framed(context))


def results_with(context: InventoryContext, panel: dict[str, Any]) -> SafeString:
    """The list with the panel of one image open."""
    found = _found(context, panel["image"]) | {"rows": mark_safe(_rows(context).decode())}  # noqa: S308
    return render_to_string("images/_results.html", {**_around(context), **found, **panel})


def kept(context: InventoryContext, what: tuple[Any, ...], make: Callable[[], bytes]) -> bytes:
    """What was made before of the same inventory, as everyone with these tokens sees it, or is made
    now."""
    inventory = context.inventory
    question = (
        *(*what, get_language(), context.credential.token_id),
        *(context.access.manages, context.access.keeps),
        context.access.token.ends_soon and context.access.token.expires_on,
        blake2b(encode_head(inventory.head), digest_size=16).digest(),
        tuple(state.state for state in inventory.regions),
        tuple((token.pk, token.label, token.last_four) for token in context.access.tokens),
        # They are offered where this one fails.
        inventory.last_failure and tuple(token.pk for token in context.access.others),
    )
    # What was ignored in an address is named, and anyone can think of more of it.
    made: bytes | None = None if context.invalid_parameters else inventory.index.cache.get(question)
    if made is None:
        made = make()
        if not context.invalid_parameters:
            inventory.index.cache.put(question, made, len(made))
    return made


def rendered(context: InventoryContext, template: str, shown: dict[str, Any]) -> bytes:
    """Return the template rendered with these values, kept by all of them: nothing else comes into
    it, neither the request nor what belongs to its person. Raise TypeError for a value that may
    change while it is kept."""
    cache, question = context.inventory.index.cache, (template, get_language(), *shown.items())
    made: bytes | None = cache.get(question)
    if made is None:
        for name, value in shown.items():
            parts = value if isinstance(value, tuple) else (value,)
            if not all(isinstance(part, PLAIN) for part in parts):
                raise TypeError(f"{name} is a {type(value).__name__}")
        made = render_to_string(template, shown).encode()
        cache.put(question, made, len(made))
    return made


def _framed(context: InventoryContext) -> bytes:
    found, table, text = _found(context, None), _rows(context), context.query.q
    marked = replace(context, query=replace(context.query, q=mark("q") if text else ""))
    shown = [name for name, part in (*found.items(), ("rows", table)) if part]

    def make() -> bytes:
        marks = {name: mark_safe(mark(name)) for name in shown}  # noqa: S308
        return render_to_string("images/_results.html", {**_around(marked), **marks}).encode()

    page = kept(context, ("frame", marked.query, context.token, *shown), make)
    # First in the addresses, then where people read it.
    page = _with(page, f"q={mark('q')}", query_string(ImageQuery(q=text)))
    page = _with(page, mark("q"), escape(text))
    for name, part in found.items():
        page = _with(page, mark(name), conditional_escape(part))
    # The largest last: until then there is little to look for marks in.
    return page.replace(mark("rows").encode(), table)


def _with(page: bytes, there: str, part: str) -> bytes:
    return page.replace(there.encode(), part.encode())


def _around(context: InventoryContext) -> dict[str, Any]:
    """What the template needs besides what was found."""
    return {
        "context": context,
        "since": mark_safe(mark("since")),  # noqa: S308
        "everything": len(context.inventory.images),
        "headers": columns.headers(context),
        "chips": filters.chips(context),
        "sizes": paging.sizes(context),
        "written": context.suffix.removeprefix("?"),
        **preferences.menu(context.query),
        "search_fields": context.fields_without("q"),
        "ranges": filters.ranges(context),
        "range_fields": context.fields_without(*filters.RANGES),
    }


def _found(context: InventoryContext, panel: Image | None) -> dict[str, str]:
    """What the query found besides the rows, in parts for the template; "" where there is none."""
    result = run(context.inventory.index, context.query)
    previous, following = paging.neighbours(context, result)
    running = poll_address.running(context, panel)
    return {
        "total": str(result.total),
        "heading": _heading(result),
        "span": paging.span(result),
        "pages": paging.pages(context, result),
        "previous": previous,
        "following": following,
        "news": poll_address.address(context, running),
        "poll": LIST_BUSY if running or context.inventory.is_unconfirmed else LIST,
        "facets": filters.facets(context, result.facets),
    }


def _rows(context: InventoryContext) -> bytes:
    """The rows that the query found, "" when there are none."""
    result, names = run(context.inventory.index, context.query), columns.chosen(context.query)
    return rows.markup(
        context.inventory.index, result.rows, names, context.region_names, context.suffix
    )


def _heading(result: Result) -> SafeString:
    """How many images fit, and of how many, if not all do."""
    images = ngettext("%(total)s image", "%(total)s images", result.total)
    heading = escape(images % {"total": counted(result.total)})
    if result.total != result.everything:
        of_all = _("of %(everything)s") % {"everything": counted(result.everything)}
        heading += mark_safe(f' <span class="faint">{escape(of_all)}</span>')  # noqa: S308
    return heading
