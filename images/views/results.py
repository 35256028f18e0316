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
from images.forms import query_string
from images.search.query import ImageQuery, Result, run
from images.services.snapshots import encode_head
from images.templatetags.inventory import counted
from images.views import columns, filters, looks, paging, rows, watching
from images.views.opening import Opened

# Nobody can know it, so nothing that the cloud or a browser sends can be mistaken for a mark.
SECRET = secrets.token_hex(16)
PLAIN = (str, int, float, bool, type(None))


def mark(name: str) -> str:
    """Stands in a frame for the part of that name."""
    return f"{name}-{SECRET}"


def results(opened: Opened) -> bytes:
    """The list without a panel."""
    return kept(opened, ("results", opened.query, opened.token), lambda: _framed(opened))


def results_with(opened: Opened, panel: dict[str, Any]) -> SafeString:
    """The list with the panel of one image open."""
    found = _found(opened, panel["image"]) | {"rows": mark_safe(_rows(opened).decode())}  # noqa: S308
    return render_to_string("images/_results.html", {**_around(opened), **found, **panel})


def kept(opened: Opened, what: tuple[Any, ...], make: Callable[[], bytes]) -> bytes:
    """What was made before of the same inventory, as everyone with these tokens sees it, or is made
    now."""
    inventory = opened.inventory
    question = (
        *(*what, get_language(), opened.credential.token_id),
        *(opened.access.manages, opened.access.keeps),
        opened.access.token.ends_soon and opened.access.token.expires_on,
        blake2b(encode_head(inventory.head), digest_size=16).digest(),
        tuple(state.state for state in inventory.regions),
        tuple((token.pk, token.label, token.last_four) for token in opened.access.tokens),
        # They are offered where this one fails.
        inventory.last_failure and tuple(token.pk for token in opened.access.others),
    )
    # What was ignored in an address is named, and anyone can think of more nonsense.
    made: bytes | None = None if opened.nonsense else inventory.index.memo.get(question)
    if made is None:
        made = make()
        if not opened.nonsense:
            inventory.index.memo.put(question, made, len(made))
    return made


def rendered(opened: Opened, template: str, shown: dict[str, Any]) -> bytes:
    """Return the template rendered with these values, kept by all of them: nothing else comes into
    it, neither the request nor what belongs to its person. Raise TypeError for a value that may
    change while it is kept."""
    memo, question = opened.inventory.index.memo, (template, get_language(), *shown.items())
    made: bytes | None = memo.get(question)
    if made is None:
        for name, value in shown.items():
            parts = value if isinstance(value, tuple) else (value,)
            if not all(isinstance(part, PLAIN) for part in parts):
                raise TypeError(f"{name} is a {type(value).__name__}")
        made = render_to_string(template, shown).encode()
        memo.put(question, made, len(made))
    return made


def _framed(opened: Opened) -> bytes:
    found, table, text = _found(opened, None), _rows(opened), opened.query.q
    marked = replace(opened, query=replace(opened.query, q=mark("q") if text else ""))
    shown = [name for name, part in (*found.items(), ("rows", table)) if part]

    def make() -> bytes:
        marks = {name: mark_safe(mark(name)) for name in shown}  # noqa: S308
        return render_to_string("images/_results.html", {**_around(marked), **marks}).encode()

    page = kept(opened, ("frame", marked.query, opened.token, *shown), make)
    # First in the addresses, then where people read it.
    page = _with(page, f"q={mark('q')}", query_string(ImageQuery(q=text)))
    page = _with(page, mark("q"), escape(text))
    for name, part in found.items():
        page = _with(page, mark(name), conditional_escape(part))
    # The largest last: until then there is little to look for marks in.
    return page.replace(mark("rows").encode(), table)


def _with(page: bytes, there: str, part: str) -> bytes:
    return page.replace(there.encode(), part.encode())


def _around(opened: Opened) -> dict[str, Any]:
    """What the template needs besides what was found."""
    return {
        "opened": opened,
        "since": mark_safe(mark("since")),  # noqa: S308
        "everything": len(opened.inventory.images),
        "headers": columns.headers(opened),
        "chips": filters.chips(opened),
        "sizes": paging.sizes(opened),
        "written": opened.suffix.removeprefix("?"),
        **looks.menu(opened.query),
        "search_fields": opened.fields_without("q"),
        "ranges": filters.ranges(opened),
        "range_fields": opened.fields_without(*filters.RANGES),
    }


def _found(opened: Opened, panel: Image | None) -> dict[str, str]:
    """What the query found besides the rows, in parts for the template; "" where there is none."""
    result = run(opened.inventory.index, opened.query)
    previous, following = paging.neighbours(opened, result)
    running = watching.running(opened, panel)
    return {
        "total": str(result.total),
        "heading": _heading(result),
        "span": paging.span(result),
        "pages": paging.pages(opened, result),
        "previous": previous,
        "following": following,
        "news": watching.address(opened, running),
        "jobs": "1" if running or opened.inventory.is_unconfirmed else "",
        "facets": filters.facets(opened, result.facets),
    }


def _rows(opened: Opened) -> bytes:
    """The rows that the query found, "" when there are none."""
    result, names = run(opened.inventory.index, opened.query), columns.chosen(opened.query)
    return rows.markup(
        opened.inventory.index, result.rows, names, opened.region_names, opened.suffix
    )


def _heading(result: Result) -> SafeString:
    """How many images fit, and of how many, if not all do."""
    images = ngettext("%(total)s image", "%(total)s images", result.total)
    heading = escape(images % {"total": counted(result.total)})
    if result.total != result.everything:
        of_all = _("of %(everything)s") % {"everything": counted(result.everything)}
        heading += mark_safe(f' <span class="faint">{escape(of_all)}</span>')  # noqa: S308
    return heading
