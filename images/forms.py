"""The query string: read tolerantly, written canonically. The only reader of request.GET.

What cannot be read is left out and named, so that the page can say what it does not follow. Empty
values are not set.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from operator import attrgetter
from typing import Any, NamedTuple, cast
from urllib.parse import quote_plus

from django import forms
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from images import grammar
from images.grammar import Rejected
from images.search.bitsets import BoundedCache, weight
from images.search.query import ImageQuery

MAX_VALUES = 50
SHOWN_LENGTH = 80
REMEMBERED_BYTES = 2 * 1024 * 1024  # of query strings already read

UNKNOWN = _("not a parameter of this page")
REPEATED = _("given more than once, the last one counts")
TOO_MANY = format_lazy(_("more than {number} values"), number=MAX_VALUES)


Given = tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class InvalidParameter:
    """Something in the query string that the page does not follow; `value` is safe to look at."""

    parameter: str
    value: str
    why: str | Promise


class Reading(NamedTuple):
    """What one parameter was found to say, and each text that it should not, with the reason."""

    values: tuple[Any, ...]
    rejected: list[tuple[str, str | Promise]]


class Parameter(forms.Field):
    """One parameter of the query string; `read` turns one text into a value or raises Rejected."""

    widget = forms.MultipleHiddenInput

    def __init__(self, read: Callable[[str], Any], *, repeatable: bool = False) -> None:
        super().__init__(required=False)
        self.read = read
        self.repeatable = repeatable

    def __deepcopy__(self, memo: dict[int, Any]) -> Parameter:
        # Django gives every form its own copies to change. Nobody changes these, and the copying
        # takes longer than all the rest.
        return self

    def clean(self, value: Sequence[str] | None) -> Reading:
        """Never fails; without any value when none was set."""
        found: dict[Any, str] = {}
        rejected = []
        for text in filter(None, value or ()):
            try:
                read = self.read(text)
            except Rejected as error:
                rejected.append((text, error.why))
                read = error.instead
            if not self.repeatable:
                found.pop(read, None)
            if read != "":
                found.setdefault(read, text)
        texts = list(found.values())
        if self.repeatable:
            rejected += [(text, TOO_MANY) for text in texts[MAX_VALUES:]]
            return Reading(tuple(found)[:MAX_VALUES], rejected)
        rejected += [(text, REPEATED) for text in texts[:-1]]
        return Reading(tuple(found)[-1:], rejected)


class QueryForm(forms.Form):
    """A whole grammar but `token`, which says whose things, not which. Always valid: what the
    fields could not read is among `invalid_parameters()`.
    """

    def __init__(self, given: MultiValueDict[str, str]) -> None:
        super().__init__(given)
        # Most say nothing, and Django spends as much on each of those.
        self.fields = {name: field for name, field in self.fields.items() if name in given}

    def chosen(self) -> dict[str, Any]:
        parameters = cast(dict[str, Parameter], self.fields)
        return {
            name: reading.values if parameters[name].repeatable else reading.values[0]
            for name, reading in self.cleaned_data.items()
            if reading.values
        }

    def invalid_parameters(self) -> tuple[InvalidParameter, ...]:
        return tuple(
            InvalidParameter(name, visible(text), why)
            for name, reading in self.cleaned_data.items()
            for text, why in reading.rejected
        )


class ImageQueryForm(QueryForm):
    """Which images, and how they are shown."""

    region = Parameter(grammar.read_region, repeatable=True)
    status = Parameter(grammar.read_text, repeatable=True)
    os = Parameter(grammar.read_text, repeatable=True)
    version = Parameter(grammar.read_text, repeatable=True)
    platform = Parameter(grammar.read_text, repeatable=True)
    arch = Parameter(grammar.read_text, repeatable=True)
    type = Parameter(grammar.read_text, repeatable=True)
    shared = Parameter(grammar.read_shared, repeatable=True)
    zone = Parameter(grammar.read_text, repeatable=True)
    scene = Parameter(grammar.read_text, repeatable=True)
    tag = Parameter(grammar.read_text, repeatable=True)
    disk = Parameter(grammar.read_text, repeatable=True)
    storage = Parameter(grammar.read_storage, repeatable=True)
    check = Parameter(grammar.read_text, repeatable=True)
    name = Parameter(grammar.read_text, repeatable=True)
    image = Parameter(grammar.read_place, repeatable=True)
    q = Parameter(grammar.read_search)
    min_size = Parameter(grammar.read_size)
    max_size = Parameter(grammar.read_size)
    created_after = Parameter(grammar.read_time)
    created_before = Parameter(grammar.read_time)
    sort = Parameter(grammar.read_sort)
    page = Parameter(grammar.read_page)
    size = Parameter(grammar.read_page_size)
    columns = Parameter(grammar.read_column, repeatable=True)
    density = Parameter(grammar.read_density)


_queries = BoundedCache(REMEMBERED_BYTES)


def visible(text: str) -> str:
    """At most SHOWN_LENGTH characters, those that cannot be seen or turn others around escaped."""
    shown = "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode()
        for each in text[:SHOWN_LENGTH]
    )
    if len(text) > SHOWN_LENGTH or len(shown) > SHOWN_LENGTH:
        return f"{shown[: SHOWN_LENGTH - 1]}…"
    return shown


def read_query(params: QueryDict) -> tuple[ImageQuery, tuple[InvalidParameter, ...]]:
    """The query of a request, and what of it makes no sense. Never raises, whatever comes."""
    given = said(params)
    found: tuple[ImageQuery, tuple[InvalidParameter, ...]] | None = _queries.get(given)
    if found is None:
        chosen, invalid = read(ImageQueryForm, given)
        found = ImageQuery(**chosen), invalid
        _queries.put(given, found, weight(found))
    return found


def said(params: QueryDict) -> Given:
    """What an address says of a query."""
    return tuple(
        (name, tuple(texts))
        for name, texts in params.lists()
        if name != "token" and not name.startswith(("_", "utm_"))
    )


def read(
    form_class: type[QueryForm], given: Given
) -> tuple[dict[str, Any], tuple[InvalidParameter, ...]]:
    """The values that were given, and what makes no sense."""
    form = form_class(MultiValueDict({name: list(texts) for name, texts in given}))
    form.full_clean()
    unknown = (
        InvalidParameter(visible(name), visible(text), UNKNOWN)
        for name, texts in given
        if name not in form.base_fields
        for text in filter(None, texts)
    )
    return form.chosen(), (*form.invalid_parameters(), *unknown)


WRITERS: dict[str, Callable[[Any], str]] = {
    "min_size": grammar.write_size,
    "max_size": grammar.write_size,
    "created_after": grammar.write_time,
    "created_before": grammar.write_time,
}
DEFAULTS = {field.name: field.default for field in fields(ImageQuery)}
PLACES = {name: place for place, name in enumerate(DEFAULTS)}
_values = attrgetter(*DEFAULTS)


def query_string(query: ImageQuery, *, token: str = "", **changes: Any) -> str:
    """The canonical query string, without "?", of a query with some fields changed; defaults are
    left out. `read_query` reads the same query out of it.
    """
    written = _written(query)
    if changes:
        kept = {name: text for name, text in written.items() if name not in changes}
        written = kept | {
            name: _field(name, value) for name, value in changes.items() if value != DEFAULTS[name]
        }
        written = {name: written[name] for name in sorted(written, key=PLACES.__getitem__)}
    return "&".join([_pair("token", token), *written.values()] if token else written.values())


@lru_cache(maxsize=64)
def _written(query: ImageQuery) -> dict[str, str]:
    """The fields that are not as by default. A page has some 50 links, all to nearly the same."""
    return {
        name: _field(name, value)
        for (name, default), value in zip(DEFAULTS.items(), _values(query), strict=True)
        if value != default
    }


def _field(name: str, value: Any) -> str:
    if isinstance(value, tuple):
        return "&".join([_pair(name, each) for each in value])
    return _pair(name, value)


@lru_cache(maxsize=1024)
def _pair(name: str, value: str | int) -> str:
    return f"{name}={quote_plus(WRITERS.get(name, str)(value))}"


def _changed(query: ImageQuery, changes: dict[str, Any]) -> ImageQuery:
    # dataclasses.replace, in a third of the time.
    return ImageQuery(**(dict(zip(DEFAULTS, _values(query), strict=True)) | changes))


def toggled(query: ImageQuery, facet: str, value: str) -> ImageQuery:
    """The query with one value of a facet chosen or, when it was, no longer; on page 1."""
    chosen: tuple[str, ...] = getattr(query, facet)
    rest = tuple(each for each in chosen if each != value)
    return _changed(query, {facet: rest if value in chosen else (*chosen, value), "page": 1})
