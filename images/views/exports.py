"""What the query selects, whole, as CSV and as JSON: every row of it, not just this page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.views.decorators.http import require_safe

from dashboard.audit.trail import Action
from dashboard.tokens import exports
from images.cloud.records import Image
from images.export import csv_rows, json_document
from images.forms import query_string
from images.search.query import matching
from images.services.inventory import RegionState
from images.services.snapshots import Failure
from images.views.opening import Opened, with_inventory
from images.views.table import list_page


@require_safe
@with_inventory
def export_csv(request: HttpRequest, opened: Opened) -> HttpResponseBase:
    if opened.inventory.failure:
        return list_page(request, opened)  # It says why there is nothing to export.
    images = _selected(opened)
    _note(request, opened, "CSV", len(images))
    return _download(opened, "csv", "text/csv; charset=utf-8", csv_rows(images))


@require_safe
@with_inventory
def export_json(request: HttpRequest, opened: Opened) -> HttpResponseBase:
    images = _selected(opened)
    _note(request, opened, "JSON", len(images))
    document = json_document(_head(opened, len(images)), images)
    return _download(opened, "json", "application/json", document)


def _selected(opened: Opened) -> Sequence[Image]:
    index = opened.inventory.index
    return [index.images[position] for position in matching(index, opened.query)]


def _note(request: HttpRequest, opened: Opened, kind: str, total: int) -> None:
    what = f"{kind}, {total}: {query_string(opened.query)}"
    exports.note_export(request, Action.IMAGES_EXPORT, opened.access.token, what)


def _download(
    opened: Opened, ending: str, kind: str, content: Iterable[str | bytes]
) -> StreamingHttpResponse:
    """A file named for the moment that it shows, or where it is empty for this one; "incomplete"
    where a region could not be read."""
    failure = opened.inventory.failure
    status = opened.inventory.explanation(failure).status if failure else 200
    missing = any(state.state in ("failed", "loading") for state in opened.inventory.regions)
    as_of = opened.inventory.as_of
    seconds = opened.inventory.now if as_of is None else as_of
    moment = datetime.fromtimestamp(seconds, UTC).strftime("%Y%m%d-%H%M%S")
    name = f"images-{moment}{'-incomplete' if missing or failure else ''}.{ending}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(content, content_type=kind, status=status, headers=headers)


def _head(opened: Opened, total: int) -> dict[str, Any]:
    inventory = opened.inventory
    return {
        "as_of": None if inventory.as_of is None else iso(inventory.as_of),
        "query": query_string(opened.query),
        "total": total,
        "regions": [_region(state) for state in inventory.regions],
        "error": error_of(inventory.head.failure),
    }


def _region(state: RegionState) -> dict[str, Any]:
    return {
        "id": state.id,
        "name": state.head.region.name,
        "state": state.state,
        "fetched_at": iso(state.head.fetched_at) if state.head.version else None,
        "age_seconds": state.age,
        "count": state.head.count if state.head.version else None,
        "error": error_of(state.failure),
        "unconfirmed": unconfirmed_of(state),
        "changed_while_read": state.head.moved,
        "unreadable": state.head.problems,
    }


def error_of(failure: Failure | None) -> dict[str, Any] | None:
    if failure is None:
        return None
    return {
        "kind": failure.kind,
        "errno": failure.errno,
        "errmsg": failure.errmsg,
        "requestId": failure.request_id,
        "at": iso(failure.at),
    }


def unconfirmed_of(state: RegionState) -> dict[str, Any] | None:
    newest = state.unconfirmed
    if newest is None:
        return None
    return {
        "fetched_at": iso(newest.at),
        "vanished": newest.vanished,
        "others": newest.others,
        "known": newest.of,
    }


def iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
