"""The parts of pages that are dear, as templates of Jinja2, which are in templates/fragments/.

What is drawn for each row and each choice of a list takes Django's templates four times as long.
Their filters are the texts of `images.templatetags.inventory`, where the Django filters are too.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable
from datetime import date
from functools import cache
from typing import Any, TypeVar

import msgspec
from django.urls import reverse
from django.utils import translation
from django.utils.translation import get_language
from jinja2 import Environment, StrictUndefined
from jinja2.ext import Extension

from dashboard.visible import has_visible
from images.causes import named, state_title
from images.cloud.records import Storage
from images.insights import status_kind
from images.labels import label_of
from images.search.bitsets import Cache, weight
from images.search.gathered_index import GatheredIndex
from images.search.spelling import natural
from images.support_words import support_words
from images.templatetags import inventory as texts
from images.verdict_words import mark_of, why_not

FILTERS = (
    *(
        texts.counted,
        texts.exact_size,
        texts.plain_size,
        texts.is_whole_size,
        texts.iso_time,
        texts.percent,
    ),
    *(texts.outlook, texts.plain_name, texts.unseen, texts.region_name, texts.region_title),
    *(has_visible, status_kind, label_of, mark_of, why_not, support_words),
    *(texts.left_out, texts.needing, texts.titled, named, state_title),
)
PLAIN = (str, bytes, int, float, bool, date, type(None))

INDENTATION = re.compile(r"^[ \t]+", re.MULTILINE)
SHOWN_TAGS = 20  # in one cell; the panel has all of them

Made = TypeVar("Made")


def environment(**options: Any) -> Environment:
    """Return what Django makes its templates of Jinja2 with, see TEMPLATES in the settings."""
    # What a filter makes of a constant depends on the language, so nothing is computed in advance.
    options |= {"optimized": False, "undefined": StrictUndefined, "extensions": [Unindented]}
    made = Environment(**options, trim_blocks=True, lstrip_blocks=True)  # noqa: S701  (Django's)
    made.globals |= {"_": _translated, "url": cache(_url)}
    made.globals |= {"disk_types": texts.DISK_TYPES, "shown_tags": SHOWN_TAGS}
    made.filters |= {each.__name__: each for each in FILTERS} | {"in_order": _in_order}
    return made


class Unindented(Extension):
    """Leaves one blank of how a line is indented: a page has no use for more.

    The last one may be all that is between two words, for a line break after a block is left out.
    """

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        return INDENTATION.sub(" ", source)


def _in_order(storages: Iterable[Storage]) -> list[Storage]:
    return sorted(storages, key=lambda each: (natural(each.name or ""), each.uuid or ""))


def _translated(text: str) -> str:
    """Return a template's text; Django looks through every catalog each time."""
    return _text(text, get_language())


@cache
def _text(text: str, language: str | None) -> str:
    return translation.gettext(text)


def _url(name: str, *args: object) -> str:
    return reverse(name, args=args)


def cached(
    store: Cache, make: Callable[..., Made], *values: Any, index: GatheredIndex | None = None
) -> Made:
    """Return what a function makes of these values alone, in the language of the request.

    It is made once for the same values while there is room in the cache. The `index` whose cache
    that is goes before them; being the cache's own it is no part of the key. Raise TypeError for a
    value that may change meanwhile.
    """
    key = (make, get_language(), *values)
    made: Made | None = store.get(key)
    if made is None:
        for value in values:
            if not is_frozen(value):
                raise TypeError(f"a {type(value).__name__} may change while it is cached")
        made = make(*values) if index is None else make(index, *values)
        store.put(key, made, weight(made))
    return made


def is_frozen(value: object) -> bool:
    """Return whether neither the value nor anything in it can change."""
    if isinstance(value, PLAIN):
        return True
    if isinstance(value, tuple | frozenset):
        return all(map(is_frozen, value))
    if isinstance(value, msgspec.Struct):
        return value.__struct_config__.frozen and is_frozen(msgspec.structs.astuple(value))
    if dataclasses.is_dataclass(value) and value.__dataclass_params__.frozen:  # type: ignore[union-attr]
        return all(is_frozen(getattr(value, each.name)) for each in dataclasses.fields(value))
    return False
