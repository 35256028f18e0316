"""What changed in the cloud, as `recording` keeps it: read.

By the token's cache key: everyone with the same token reads the same history, and a token that
replaces it begins one of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db.models import Count, F, Max, Min, Q, QuerySet, Sum
from django.db.models.functions import TruncDate

from images.bounds import Bound
from images.history.changes import Change, ChangeQuery
from images.history.models import Change as Row
from images.history.models import Watch
from images.search.spelling import folded

KEPT = timedelta(days=30)
BATCH = 500


@dataclass(frozen=True)
class Noted:
    """A change, and when the list that shows it was read.

    The change itself was at any time since the list before.
    """

    at: datetime
    change: Change
    id: int


@dataclass(frozen=True)
class Extent:
    """How many changes a query selects, in how many rows, and the first and the last row kept.

    Rows only come and go, so what is selected is the same while these are.
    """

    total: int
    rows: int
    oldest: int | None
    newest: int | None


@dataclass(frozen=True)
class Feed:
    """One page of history, newest first.

    `total` changes fit, in `rows` lines; this page is `page` of `pages`. `kinds` and `regions`
    count what each choice of them would show beside the rest.
    """

    noted: list[Noted]
    total: int
    rows: int
    page: int
    pages: int
    kinds: Mapping[str, int]
    regions: Mapping[str, int]


def page_of(key: str, query: ChangeQuery) -> Feed:
    """Return the page that the query asks for, or the last one when there are fewer."""
    kinds = _counts(_selected(key, query, but="kind"), "kind")
    selected = _selected(key, query)
    found = selected.aggregate(rows=Count("pk"), total=Sum("count"))
    pages = max(1, -(-found["rows"] // query.size))
    page = min(query.page, pages)
    start = (page - 1) * query.size
    return Feed(
        noted=[_noted(row) for row in selected[start : start + query.size]],
        total=found["total"] or 0,
        rows=found["rows"],
        page=page,
        pages=pages,
        kinds=kinds,
        regions=_counts(_selected(key, query, but="region"), "region"),
    )


def extent(key: str, query: ChangeQuery) -> Extent:
    found = _selected(key, query).aggregate(
        total=Sum("count", default=0), rows=Count("pk"), oldest=Min("pk"), newest=Max("pk")
    )
    return Extent(**found)


def rows_from(key: str, query: ChangeQuery, start: int, most: int) -> list[Noted]:
    """Newest first, without as many as `start` says."""
    return [_noted(row) for row in _selected(key, query)[start : start + most]]


def rows_behind(key: str, query: ChangeQuery, at: datetime, pk: int, most: int) -> list[Noted]:
    """Those that follow a row, whether that is still kept or not."""
    behind = Q(at__lt=at) | Q(at=at, pk__lt=pk)
    return [_noted(row) for row in _selected(key, query).filter(behind)[:most]]


def everything(key: str, query: ChangeQuery) -> Iterator[Noted]:
    """All that the query selects, newest first."""
    return (_noted(row) for row in _selected(key, query).iterator(chunk_size=BATCH))


def since(key: str, moment: int) -> list[Noted]:
    """All from a moment on (Unix milliseconds)."""
    return list(everything(key, ChangeQuery(after=Bound(moment))))


def of_image(key: str, region: str, uuid: str, most: int) -> list[Noted]:
    """Return the last changes of one image."""
    rows = Row.objects.filter(key=key, region=region, uuid=uuid)
    return [_noted(row) for row in rows[:most]]


def watched_since(key: str) -> dict[str, datetime]:
    """Since when each region's lists are compared, unless that is longer than anything is kept."""
    rows = Watch.objects.filter(key=key, since__gte=F("read_at") - KEPT).order_by("region")
    return dict(rows.values_list("region", "since"))


def compared_since(key: str) -> dict[str, datetime]:
    """Since when each region's lists are compared, be that longer than anything is kept."""
    return dict(Watch.objects.filter(key=key).values_list("region", "since"))


def by_day(key: str, query: ChangeQuery) -> dict[date, int]:
    """Return how many changes the query selects on each day in UTC that has any."""
    rows = _selected(key, query).order_by().values_list(TruncDate("at", tzinfo=UTC))
    return dict(rows.annotate(Sum("count")))


def _selected(key: str, query: ChangeQuery, but: str = "") -> QuerySet[Row]:
    rows = Row.objects.filter(key=key)
    if query.kind and but != "kind":
        rows = rows.filter(kind__in=query.kind)
    if query.region and but != "region":
        rows = rows.filter(region__in=query.region)
    if text := query.q:
        rows = rows.filter(searched__contains=folded(text))
    if query.after is not None:
        rows = rows.filter(at__gte=query.after.moment)
    if query.before is not None:
        rows = rows.filter(at__lt=query.before.moment)
    return rows


def _counts(rows: QuerySet[Row], field: str) -> dict[str, int]:
    return dict(rows.order_by(field).values_list(field).annotate(Sum("count")))


def _noted(row: Row) -> Noted:
    change = Change(
        row.kind,
        row.region,
        row.uuid,
        row.image_id,
        row.name,
        row.before,
        row.after,
        row.count,
    )
    return Noted(row.at, change, row.pk)
