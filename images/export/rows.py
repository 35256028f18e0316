"""What a query selected, whole, as CSV or JSON, made piece by piece while it is being sent."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from io import StringIO
from itertools import islice
from operator import attrgetter
from typing import Any, TypeVar

import msgspec

from images.cloud.records import Image
from images.insights import storage_state
from images.verdict import Judgement, verdict

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
    """The text as a CSV cell that no spreadsheet takes for a formula."""
    if not text or text[0].isalnum():  # Nearly all of them, and ten times as fast as the pattern.
        return text or ""
    return f"'{text}" if FORMULA.match(text) else text


def _iso(milliseconds: int | None) -> str:
    if milliseconds is None:
        return ""
    moment = EPOCH + timedelta(milliseconds=milliseconds)
    return moment.isoformat(timespec="milliseconds") + "Z"


def _text(name: str) -> Cell:
    read = attrgetter(name)
    return lambda image: safe_cell(read(image))


def _texts(name: str) -> Cell:
    read = attrgetter(name)
    return lambda image: _listed(read(image))


def _listed(texts: tuple[str, ...] | None) -> str:
    """Not known and none are two things."""
    if texts is None:
        return ""
    return safe_cell(";".join(map(_member, texts))) if texts else "none"


def _member(text: str) -> str:
    """One of several texts in a cell: a separator of its own is none."""
    return text.replace("\\", "\\\\").replace(";", "\\;")


def _time(name: str) -> Cell:
    read = attrgetter(name)
    return lambda image: _iso(read(image))


def _flag(name: str) -> Cell:
    read = attrgetter(name)
    return lambda image: {True: "true", False: "false"}.get(read(image))


CSV_COLUMNS: dict[str, Cell] = {
    "region": _text("region"),
    "cimgUuid": _text("uuid"),
    "cimgId": _text("id"),
    "name": _text("name"),
    "description": _text("description"),
    "status": _text("status"),
    "type": _text("type"),
    "osFamily": _text("os_family"),
    "osVersion": _text("os_version"),
    "osArch": _text("arch"),
    "platform": _text("platform"),
    "size": attrgetter("size"),
    "minDiskSize": attrgetter("min_disk"),
    "createTime": _time("created"),
    "updateTime": _time("updated"),
    "isShared": _flag("shared"),
    "isExternal": _flag("external"),
    "checkState": _text("check_state"),
    "regions": _texts("regions"),
    "zones": _texts("zones"),
    "scenes": _texts("scenes"),
    "cimgTags": _texts("tags"),
    "storages": attrgetter("storages"),
    "storagesDown": lambda image: None if image.storages is None else image.storages_down,
    "storageState": storage_state,
    "verdict": lambda image: verdict(image).grade,
    "verdictReasons": lambda image: ";".join(verdict(image).reasons),
}


def csv_rows(images: Iterable[Image]) -> Iterator[str]:
    """One line for each image. Sizes are bytes, times ISO 8601 in UTC, lists joined with ";"
    (within a member it is written "\\;", and a backslash "\\\\"), empty ones "none", unknown values
    empty.
    """
    return csv_table(CSV_COLUMNS, images)


def csv_table(columns: Mapping[str, Cell], items: Iterable[Any]) -> Iterator[str]:
    """RFC 4180 with a heading, many lines in a piece."""
    yield BYTE_ORDER_MARK
    yield _lines([columns])
    cells = columns.values()
    for chunk in _chunks(items):
        yield _lines([cell(item) for cell in cells] for item in chunk)


def _lines(rows: Iterable[Iterable[str | int | None]]) -> str:
    written = StringIO(newline="")
    csv.writer(written, lineterminator="\r\n").writerows(rows)
    return written.getvalue()


def json_document(head: dict[str, Any], images: Iterable[Image]) -> Iterator[bytes]:
    """One JSON object: what `head` has and then "images", each as the cloud sent it, to the digit,
    with our "region" and "verdict".
    """
    return json_list(head, "images", images, json_item)


def json_list(
    head: dict[str, Any], name: str, items: Iterable[Item], write: Callable[[Item], bytes]
) -> Iterator[bytes]:
    """One JSON object: what `head` has and then a list of that name."""
    opening = msgspec.json.encode(head, enc_hook=str).removesuffix(b"}")
    yield opening + (b"," if head else b"") + msgspec.json.encode(name) + b":["
    separator = b""
    for chunk in _chunks(items):
        yield separator + b",".join(map(write, chunk))
        separator = b","
    yield b"]}"


@lru_cache(maxsize=1024)
def _verdict_json(judged: Judgement) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode({"grade": judged.grade, "reasons": judged.reasons}))


_read_item = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def json_item(image: Image) -> bytes:
    """The item as the cloud sent it, to the digit, with our "region" and "verdict"."""
    item: dict[str, Any] = _read_item(image.raw)
    item["region"] = image.region
    item["verdict"] = _verdict_json(verdict(image))
    return msgspec.json.encode(item)


def pretty_json(image: Image) -> str:
    """The item as the cloud sent it, indented."""
    return msgspec.json.format(image.raw, indent=2).decode()


def _chunks(items: Iterable[Item]) -> Iterator[list[Item]]:
    source = iter(items)
    while chunk := list(islice(source, CHUNK)):
        yield chunk
