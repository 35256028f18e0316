"""A change as a row of a CSV file and as an item of a JSON list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from images.export.rows import Cell, safe_cell

if TYPE_CHECKING:
    from images.history.feed import Noted

COLUMNS: dict[str, Cell] = {
    "at": lambda noted: noted.at.isoformat(timespec="milliseconds"),
    "kind": lambda noted: noted.change.kind,
    "region": lambda noted: safe_cell(noted.change.region),
    "cimgUuid": lambda noted: safe_cell(noted.change.uuid),
    "cimgId": lambda noted: safe_cell(noted.change.id),
    "name": lambda noted: safe_cell(noted.change.name),
    "before": lambda noted: safe_cell(noted.change.before),
    "after": lambda noted: safe_cell(noted.change.after),
    "count": lambda noted: noted.change.count,
}


def change_item(noted: Noted) -> bytes:
    change = noted.change
    item: dict[str, Any] = {
        "at": noted.at.isoformat(timespec="milliseconds"),
        "kind": change.kind,
        "region": change.region,
        "cimgUuid": change.uuid,
        "cimgId": change.id,
        "name": change.name,
        "before": change.before,
        "after": change.after,
        "count": change.count,
    }
    return msgspec.json.encode(item)
