"""The rows of a list: what each shows of its image, and what only this page says of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from django.utils.translation import gettext as _
from markupsafe import Markup

from images.cloud.records import Image
from images.fields import FIELDS
from images.fragments import cached
from images.search.gathered_index import GatheredIndex
from images.templatetags.inventory import fragment, macros, name_of, plain_name
from images.verdict import verdict
from images.views.list.columns import NUMERIC

Names = tuple[tuple[str, str], ...]


class Row(NamedTuple):
    """What a row shows of an image as it is: the same in every list with these columns."""

    uuid: str
    region: str
    grade: str
    label: str
    name: Markup
    cells: Markup


def rows(
    index: GatheredIndex, positions: Iterable[int], columns: tuple[str, ...], names: Names
) -> Iterator[tuple[str, Row]]:
    """Yield the accounts and rows of these images; `names` are the regions' ids and names.

    A row is made once for an image as it is, a language and columns, while there is room.
    """
    for position in positions:
        part, image = index.at(position)
        yield part.account, cached(part.index.image_cache, _row, image, columns, names)


def _row(image: Image, columns: tuple[str, ...], names: Names) -> Row:
    written, shown = macros("fragments/cells.html"), dict(names)
    cells = [(name, cell(written, name, image, shown)) for name in columns if name != "name"]
    return Row(
        image.uuid,
        image.region,
        verdict(image).grade,
        _("Select %(image)s") % {"image": plain_name(image)},
        name_of(image),
        fragment("fragments/row.html", cells=cells, numeric=NUMERIC),
    )


def cell(written: Any, name: str, image: Image, names: Mapping[str, str]) -> Markup:
    """Return what is shown of a field, a key of FIELDS, as the macros of `written` write it."""
    field = FIELDS[name]
    if own := getattr(written, f"field_{name}", None):
        shown: Markup = own(image, names)
    else:
        shown = getattr(written, f"kind_{field.kind}")(field.read(image))
    return shown
