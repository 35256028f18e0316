"""The history of changes as CSV and as JSON: every line that the query selects."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import partial

from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.views.decorators.http import require_safe

from dashboard.audit.trail import Action
from dashboard.tokens import exports
from images.change_forms import change_query_string
from images.context import InventoryContext
from images.export.changes import change_item, columns
from images.export.rows import csv_table, json_list
from images.history import feed
from images.history.changes import ChangeQuery
from images.history.feed import Noted
from images.views.changes.change_list import with_changes


@require_safe
@with_changes
def changes_csv(
    request: HttpRequest, context: InventoryContext, query: ChangeQuery
) -> HttpResponseBase:
    _note(request, context, "CSV", query)
    return _download(
        "csv",
        "text/csv; charset=utf-8",
        csv_table(
            columns(context.account_of_key, context.account_names), _selected(context, query)
        ),
    )


@require_safe
@with_changes
def changes_json(
    request: HttpRequest, context: InventoryContext, query: ChangeQuery
) -> HttpResponseBase:
    _note(request, context, "JSON", query)
    since = feed.watched_since(context.inventory.keys)
    head = {
        "as_of": datetime.fromtimestamp(context.inventory.now, UTC).isoformat(timespec="seconds"),
        "query": change_query_string(query),
        "compared_since": {region: each.isoformat() for region, each in since.items()},
    }
    document = json_list(
        head,
        "changes",
        _selected(context, query),
        partial(change_item, account_of=context.account_of_key),
    )
    return _download("json", "application/json", document)


def _note(request: HttpRequest, context: InventoryContext, kind: str, query: ChangeQuery) -> None:
    what = f"{kind}: {change_query_string(query)}"
    exports.note_export(request, Action.CHANGES_EXPORT, context.tokens, what)


def _selected(context: InventoryContext, query: ChangeQuery) -> Iterable[Noted]:
    return feed.everything(context.inventory.keys, query)


def _download(ending: str, kind: str, content: Iterable[str | bytes]) -> StreamingHttpResponse:
    name = f"changes-{datetime.now(UTC):%Y%m%d-%H%M%S}.{ending}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(content, content_type=kind, headers=headers)
