"""Table rows as markup, made from the template once for each inventory, language and columns.

Rendering fifty rows from a template costs more than everything else in a request together; joining
fifty ready ones costs nothing. What differs from person to person is put in by the script.
"""

from __future__ import annotations

from collections.abc import Iterable
from weakref import WeakKeyDictionary

from django.template.loader import get_template
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from images.index import Index

Variant = tuple[str, tuple[str, ...]]

# Stands in a ready row for the query string of the page it is shown on. Nothing the cloud sends can
# look like it: there `<` is escaped.
QUERY_MARK = "<query>"
# Different choices of columns kept at once; beyond, the oldest goes.
MAX_VARIANTS = 8

_ready: WeakKeyDictionary[Index, dict[Variant, dict[int, str]]] = WeakKeyDictionary()


def markup(
    index: Index,
    positions: Iterable[int],
    columns: tuple[str, ...],
    names: dict[str, str],
    link: str,
) -> SafeString:
    """The `<tr>` elements of the images at these positions of the index, linking with `link`."""
    variants = _ready.setdefault(index, {})
    variant = (get_language() or "", columns)
    rows = variants.setdefault(variant, {})
    if len(variants) > MAX_VARIANTS:
        variants.pop(next(iter(variants)), None)
    template = get_template("images/_row.html")
    parts = []
    for position in positions:
        row = rows.get(position)
        if row is None:
            context = {"image": index.images[position], "columns": columns, "region_names": names}
            row = rows[position] = template.render({**context, "query_mark": mark_safe(QUERY_MARK)})  # noqa: S308
        parts.append(row)
    escaped = link.replace("&", "&amp;")
    return mark_safe("".join(parts).replace(QUERY_MARK, escaped))  # noqa: S308
