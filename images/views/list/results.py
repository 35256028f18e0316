"""What htmx swaps: the state of things, the list, and the panel of an image."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from markupsafe import Markup

from dashboard.web.compression import Coding, page_compressed
from images.cloud.records import Image
from images.context import InventoryContext, ListAddress
from images.fields import ACCOUNT, OF_ACCOUNTS
from images.fragments import cached
from images.qualifiers import box_value
from images.search.gathered import run
from images.search.gathered_index import GatheredIndex
from images.search.query import ImageQuery, Result
from images.templatetags.inventory import counted, fragment
from images.templatetags.query_words import RANGES
from images.views.list import columns, filters, paging, poll_address, preferences
from images.views.list.no_matches import no_matches
from images.views.list.rows import Row, rows
from images.views.list.since import Since, since_yesterday
from images.views.poll_intervals import LIST, LIST_BUSY


@dataclass(frozen=True)
class ListContext(ListAddress):
    """What a list is made of besides the images; `regions` are their ids and names.

    `missing` names the regions of which nothing is known, `yesterday` is where that leads to what
    changed since.
    """

    regions: tuple[tuple[str, str], ...]
    missing: tuple[str, ...]
    since: Since | None
    yesterday: str


class Around(NamedTuple):
    """What is around a list, drawn; `failure` or `panel` is "" where there is none."""

    status: str
    invalid: str
    failure: str
    panel: str
    news: str
    poll: str


def results(
    context: InventoryContext,
    since: Since | None,
    image: Image | None = None,
    panel: str = "",
    coding: Coding = "",
) -> bytes:
    """Return the list, with the panel of one image when it is open, in that coding.

    A list that is cached is cached compressed: that is done once.
    """
    index, around = context.inventory.index, _around(context, image, panel)
    regions = tuple(context.region_names.items())
    shown = ListContext(
        context.query, context.accounts, regions, context.missing, since, since_yesterday(context)
    )
    # Anyone can think of more addresses that are wrong.
    if around.invalid or around.failure or panel:
        return _results(index, shown, around, coding)
    return cached(index.cache, _results, shown, around, coding, index=index)


def _around(context: InventoryContext, image: Image | None, panel: str) -> Around:
    inventory, failure = context.inventory, context.inventory.failure
    running, invalid = poll_address.running(context, image), context.invalid_parameters
    return Around(
        fragment("fragments/status.html", context=context, path=""),
        fragment("fragments/invalid_parameters.html", context=context) if invalid else "",
        fragment("fragments/failure.html", context=context, failure=failure) if failure else "",
        panel,
        poll_address.address(context, running),
        LIST_BUSY if running or inventory.is_unconfirmed or inventory.loading else LIST,
    )


def _results(index: GatheredIndex, shown: ListContext, around: Around, coding: Coding) -> bytes:
    drawn = "" if around.failure else _list(index, shown)
    whole = fragment("fragments/results.html", list=drawn, **around._asdict())
    return page_compressed(whole.encode(), coding)


def _list(index: GatheredIndex, shown: ListContext) -> Markup:
    query, result = shown.query, run(index, shown.query)
    names = dict(shown.regions) | shown.account_names
    preferred = ImageQuery(columns=query.columns, density=query.density)
    return fragment(
        "fragments/list.html",
        query=query,
        **_addresses(shown),
        **_found(result),
        missing=shown.missing,
        no_matches=None if result.total else no_matches(shown, index),
        since=shown.since,
        yesterday=shown.yesterday,
        headers=columns.headers(shown),
        sorted=columns.sorted_by(query),
        sorts=columns.sorts(shown),
        chips=filters.chips(shown, names),
        facets=filters.facets(shown, names, result.facets),
        size_fields=filters.size_fields(shown),
        date_fields=filters.date_fields(shown),
        columns_menu=cached(index.cache, preferences.columns_menu, preferred),
        rows=_rows(index, shown, result),
        **paging.pager(shown, result),
    )


def _addresses(shown: ListContext) -> dict[str, Any]:
    return {
        "path": shown.path,
        "accounts": [(name, value) for name in OF_ACCOUNTS for value in shown.query.chosen(name)],
        "suffix": shown.suffix,
        "cleared": shown.cleared,
        "search_fields": shown.preference_fields,
        "searched": box_value(shown.query, shown.account_words),
        "range_fields": shown.fields_without(*RANGES),
    }


def _found(result: Result) -> dict[str, Any]:
    """Return how many images fit, and of how many, if not all do."""
    images = ngettext("%(total)s image", "%(total)s images", result.total)
    of_all = _("of %(everything)s") % {"everything": counted(result.everything)}
    return {
        "total": result.total,
        "everything": result.everything,
        "heading": images % {"total": counted(result.total)},
        "of_all": of_all if result.total != result.everything else "",
    }


def _rows(
    index: GatheredIndex, shown: ListContext, result: Result
) -> Iterator[tuple[Row, str, bool, str, str]]:
    """Yield each row with the address of its image, whether that is new to the person, and account.

    The account is its id and, where several are shown, its label.
    """
    path, suffix = shown.path, shown.suffix
    new = shown.since.new if shown.since else frozenset()
    one = len(index.parts) == 1 or len(shown.query.chosen(ACCOUNT)) == 1
    titles = {} if one else shown.account_labels
    for account, row in rows(index, result.rows, columns.chosen(shown.query), shown.regions):
        address = f"{path}{row.region}/{row.uuid}/{suffix}"
        yield row, address, (row.region, row.uuid) in new, account, titles.get(account, "")
