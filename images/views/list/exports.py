"""What the query selects, whole, as CSV and as JSON: every row of it, not just this page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.views.decorators.http import require_safe

from dashboard.audit.trail import Action
from dashboard.tokens import exports
from images.context import InventoryContext
from images.export.regions import account, error_of, iso, region, unusable_account
from images.export.rows import csv_rows, json_document
from images.forms import query_string
from images.search.gathered import listed
from images.search.gathered_index import Found
from images.views.list.image_list import list_page
from images.views.pages import with_inventory


@require_safe
@with_inventory
def export_csv(request: HttpRequest, context: InventoryContext) -> HttpResponseBase:
    if context.inventory.failure:
        return list_page(request, context)  # It says why there is nothing to export.
    images = _selected(context)
    _note(request, context, "CSV", len(images))
    return _download(
        context, "csv", "text/csv; charset=utf-8", csv_rows(images, titles=context.account_names)
    )


@require_safe
@with_inventory
def export_json(request: HttpRequest, context: InventoryContext) -> HttpResponseBase:
    images = _selected(context)
    _note(request, context, "JSON", len(images))
    document = json_document(_head(context, len(images)), images)
    return _download(context, "json", "application/json", document)


def _selected(context: InventoryContext) -> Sequence[Found]:
    return list(listed(context.inventory.index, context.query))


def _note(request: HttpRequest, context: InventoryContext, kind: str, total: int) -> None:
    what = f"{kind}, {total}: {query_string(context.query)}"
    exports.note_export(request, Action.IMAGES_EXPORT, context.tokens, what)


def _download(
    context: InventoryContext, ending: str, kind: str, content: Iterable[str | bytes]
) -> StreamingHttpResponse:
    """Return a file named for the moment that it shows, or where it is empty for this one.

    Its name says "incomplete" where a region could not be read.
    """
    failure = context.inventory.failure
    status = context.inventory.explanation(failure).status if failure else 200
    missing = not context.inventory.is_whole
    as_of = context.inventory.as_of
    seconds = context.inventory.now if as_of is None else as_of
    moment = datetime.fromtimestamp(seconds, UTC).strftime("%Y%m%d-%H%M%S")
    name = f"images-{moment}{'-incomplete' if missing or failure else ''}.{ending}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(content, content_type=kind, status=status, headers=headers)


def _head(context: InventoryContext, total: int) -> dict[str, Any]:
    inventory = context.inventory
    return {
        "as_of": None if inventory.as_of is None else iso(inventory.as_of),
        "query": query_string(context.query),
        "total": total,
        "accounts": [*map(account, inventory.accounts), *map(unusable_account, context.unusable)],
        "regions": [
            region(state, each.id)
            for each in inventory.accounts
            for state in each.inventory.regions
        ],
        "error": error_of(next(iter(inventory.list_failures), None)),
    }
