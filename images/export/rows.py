"""What a query selected, whole, as CSV or JSON, made piece by piece while it is being sent."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from io import StringIO
from itertools import islice
from operator import attrgetter
from typing import Any, TypeVar

import msgspec

from images.cloud.records import Image
from images.fields import ACCOUNT, FIELDS, Field
from images.search.gathered_index import Found

Item = TypeVar("Item")
Cell = Callable[[Any], str | int | None]

EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - everything here is UTC, and a zone halves the speed

CHUNK = 200  # images sent at once: each piece costs a system call
BYTE_ORDER_MARK = "\ufeff"  # without it Excel takes UTF-8 for something else
# Spreadsheets take a cell that starts so for a formula, full-width too, whatever blank or invisible
# characters come first. https://owasp.org/www-community/attacks/CSV_Injection
FORMULA = re.compile(
    r"[\s\x00-\x20\x7f-\xa0\xad\u180e\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff]*"
    r"[=+\-@＝＋－＠\t\r\n]"
)


def safe_cell(text: str | None) -> str:
    """Return the text as a CSV cell that no spreadsheet takes for a formula."""
    if not text or text[0].isalnum():  # Nearly all of them, and ten times as fast as the pattern.
        return text or ""
    return f"'{text}" if FORMULA.match(text) else text


def _iso(milliseconds: int | None) -> str:
    if milliseconds is None:
        return ""
    moment = EPOCH + timedelta(milliseconds=milliseconds)
    return moment.isoformat(timespec="milliseconds") + "Z"


def _listed(texts: tuple[str, ...] | None) -> str:
    """Not known and none are two things."""
    if texts is None:
        return ""
    return safe_cell(";".join(map(_member, texts))) if texts else "none"


def _member(text: str) -> str:
    """Return one of several texts in a cell: a separator of its own is none."""
    return text.replace("\\", "\\\\").replace(";", "\\;")


WRITERS: dict[str, Callable[[Any], str | int | None]] = {
    **dict.fromkeys(("text", "code", "region", "state", "support"), safe_cell),
    **dict.fromkeys(("texts", "ids"), _listed),
    "flag": {True: "true", False: "false"}.get,
    "moment": _iso,
    "day": lambda day: day.isoformat() if day else "",
    "verdict": attrgetter("grade"),
}
"""By kind, how a value is written; all others are numbers, and written as they are."""


def _cell(field: Field) -> Cell:
    read, write = field.read, WRITERS.get(field.kind)
    if write is None:
        return lambda found: read(found.image)
    return lambda found: write(read(found.image))


CSV_COLUMNS = {
    **{
        heading: _cell(field) for field in FIELDS.values() if (heading := field.cloud or field.ours)
    },
    "account": lambda found: found.account,
}
ADDED = {field.ours: field.read for field in FIELDS.values() if field.json}
"""What our JSON has of an image besides the cloud's own item."""
IDENTITY = ("account", "region", "cimgUuid")
"""The fields that JSON has whichever are asked for: they say which image it is."""


def csv_rows(
    images: Iterable[Found], names: Collection[str] = (), *, titles: Mapping[str, str]
) -> Iterator[str]:
    """Yield one line for each image, after the headings; of the columns `names` alone, if any.

    Sizes are bytes, times ISO 8601 in UTC, lists joined with ";" (within a member it is written
    "\\;", and a backslash "\\\\"), empty ones "none", unknown values empty. An account is written
    by its title, which `titles` has by its id.
    """
    columns = CSV_COLUMNS | {"account": lambda found: safe_cell(titles.get(found.account, ""))}
    return csv_table({name: columns[name] for name in names or columns}, images)


def csv_table(columns: Mapping[str, Cell], items: Iterable[Any]) -> Iterator[str]:
    """Yield RFC 4180 with a heading, many lines in a piece."""
    yield BYTE_ORDER_MARK
    yield _lines([columns])
    cells = columns.values()
    for chunk in _chunks(items):
        yield _lines([cell(item) for cell in cells] for item in chunk)


def _lines(rows: Iterable[Iterable[str | int | None]]) -> str:
    written = StringIO(newline="")
    csv.writer(written, lineterminator="\r\n").writerows(rows)
    return written.getvalue()


def json_document(head: dict[str, Any], images: Iterable[Found]) -> Iterator[bytes]:
    """Yield one JSON object: what `head` has and then "images", as `json_item` writes each."""
    return json_list(head, "images", images, json_item)


def json_list(
    head: dict[str, Any], name: str, items: Iterable[Item], shown: Callable[[Item], object]
) -> Iterator[bytes]:
    """Yield one JSON object: what `head` has, and a list of that name of what is shown of items."""
    opening = msgspec.json.encode(head, enc_hook=str).removesuffix(b"}")
    yield opening + (b"," if head else b"") + msgspec.json.encode(name) + b":["
    separator = b""
    for chunk in _chunks(items):
        yield separator + msgspec.json.encode([shown(item) for item in chunk])[1:-1]
        separator = b","
    yield b"]}"


_read_item = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def json_item(found: Found, names: Collection[str] = ()) -> msgspec.Raw:
    """Return the item as the cloud sent it, to the digit, with its account and what is ADDED.

    With `names` it has those fields alone, and its IDENTITY; what the cloud did not send is left
    out.
    """
    account, image = found
    item: dict[str, Any] = _read_item(image.raw)
    item[ACCOUNT] = account
    for name, read in ADDED.items():
        item[name] = read(image)
    if names:
        wanted = {*IDENTITY, *names}
        item = {name: value for name, value in item.items() if name in wanted}
    return msgspec.Raw(msgspec.json.encode(item))


def json_lines(images: Iterable[Found], names: Collection[str] = ()) -> Iterator[bytes]:
    """Yield one line for each image, as `json_item` writes it (NDJSON)."""
    for chunk in _chunks(images):
        yield msgspec.json.Encoder().encode_lines([json_item(found, names) for found in chunk])


def pretty_json(image: Image) -> str:
    """Return the item as the cloud sent it, indented."""
    return msgspec.json.format(image.raw, indent=2).decode()


def _chunks(items: Iterable[Item]) -> Iterator[list[Item]]:
    source = iter(items)
    while chunk := list(islice(source, CHUNK)):
        yield chunk
