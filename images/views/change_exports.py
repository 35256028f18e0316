"""The history of changes as CSV and as JSON: every line that the query selects."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.views.decorators.http import require_safe

from dashboard.audit.trail import Action
from dashboard.tokens import exports
from images.change_forms import change_query_string
from images.export import Cell, csv_table, json_list, safe_cell
from images.history import feed
from images.history.changes import ChangeQuery
from images.history.feed import Noted
from images.views.changes import with_changes
from images.views.opening import Opened

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


@require_safe
@with_changes
def changes_csv(request: HttpRequest, opened: Opened, query: ChangeQuery) -> HttpResponseBase:
    _note(request, opened, "CSV", query)
    return _download("csv", "text/csv; charset=utf-8", csv_table(COLUMNS, _selected(opened, query)))


@require_safe
@with_changes
def changes_json(request: HttpRequest, opened: Opened, query: ChangeQuery) -> HttpResponseBase:
    _note(request, opened, "JSON", query)
    since = feed.watched_since(opened.credential.cache_key)
    head = {
        "as_of": datetime.fromtimestamp(opened.inventory.now, UTC).isoformat(timespec="seconds"),
        "query": change_query_string(query),
        "compared_since": {region: each.isoformat() for region, each in since.items()},
    }
    document = json_list(head, "changes", _selected(opened, query), change_item)
    return _download("json", "application/json", document)


def _note(request: HttpRequest, opened: Opened, kind: str, query: ChangeQuery) -> None:
    what = f"{kind}: {change_query_string(query)}"
    exports.note_export(request, Action.CHANGES_EXPORT, opened.access.token, what)


def _selected(opened: Opened, query: ChangeQuery) -> Iterable[Noted]:
    return feed.everything(opened.credential.cache_key, query)


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


def _download(ending: str, kind: str, content: Iterable[str | bytes]) -> StreamingHttpResponse:
    name = f"changes-{datetime.now(UTC):%Y%m%d-%H%M%S}.{ending}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(content, content_type=kind, headers=headers)
