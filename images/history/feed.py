"""What changed in the cloud, as `recording` keeps it: read.

By the tokens' cache keys: everyone with the same token reads the same history, and a token that
replaces it begins one of its own. The table grows with the tokens there are; of one it holds no
more than `recording.KEPT_A_KEY` rows, and all of it is counted in one pass over these.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from django.db.models import Count, F, Max, Min, Q, QuerySet, Sum
from django.db.models.functions import TruncDate

from images.bounds import Bound
from images.history.changes import Change, ChangeQuery, Place
from images.history.models import Change as Row
from images.history.models import Watch
from images.search.spelling import folded

Keys = Collection[str]
"""What stands for the secrets of the accounts whose history is asked for."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
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
    key: str

    @property
    def place(self) -> Place:
        return Place((self.at - EPOCH) // MICROSECOND, self.id)


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

    `total` changes fit; `newer` and `older` are the places that others follow or precede, None if
    none do. `keys`, `kinds` and `regions` count what each choice would show beside the rest.
    """

    noted: list[Noted]
    newer: Place | None
    older: Place | None
    total: int
    keys: Mapping[str, int]
    kinds: Mapping[str, int]
    regions: Mapping[str, int]


def page_of(keys: Keys, query: ChangeQuery, every: Keys = ()) -> Feed:
    """Return the page that the query asks for; the newest when none is newer than its place.

    The `keys` are those that are asked for of `every` one, by default all.
    """
    noted, newer, older = _turned(_selected(keys, query), query)
    return Feed(noted, newer, older, *_counts(keys, query, every or keys))


def _turned(
    rows: QuerySet[Row], query: ChangeQuery
) -> tuple[list[Noted], Place | None, Place | None]:
    """Return a page, found by a place and not by leaving out what is before it."""
    size, older = query.size, query.older
    if query.newer:
        found = rows.filter(_newer_than(query.newer)).order_by("at", "pk")[: size + 1]
        page = [_noted(row) for row in found]
        if len(page) > size:
            page = page[size - 1 :: -1]
            return page, page[0].place, page[-1].place
        older = None  # They fit onto the newest page, and it is shown whole.
    if older:
        rows = rows.filter(_older_than(older))
    page = [_noted(row) for row in rows[: size + 1]]
    shown = page[:size]
    newer = (shown[0].place if shown else older) if older else None
    return shown, newer, shown[-1].place if len(page) > size else None


def _older_than(place: Place) -> Q:
    at = EPOCH + place.at * MICROSECOND
    return Q(at__lte=at) & (Q(at__lt=at) | Q(pk__lt=place.number))


def _newer_than(place: Place) -> Q:
    at = EPOCH + place.at * MICROSECOND
    return Q(at__gte=at) & (Q(at__gt=at) | Q(pk__gt=place.number))


def _counts(
    keys: Keys, query: ChangeQuery, every: Keys
) -> tuple[int, Counter[str], Counter[str], Counter[str]]:
    """Return the total, and how many there are of each key, kind and region beside the rest."""
    either = replace(query, kind=(), region=())
    rows = _selected(every, either).order_by().values_list("key", "kind", "region")
    total, of_key, kinds, regions = 0, Counter[str](), Counter[str](), Counter[str]()
    for key, kind, region, count in rows.annotate(Sum("count")):
        fits_kind = not query.kind or kind in query.kind
        fits_region = not query.region or region in query.region
        of_key[key] += count if fits_kind and fits_region else 0
        if key in keys:
            total += count if fits_kind and fits_region else 0
            kinds[kind] += count if fits_region else 0
            regions[region] += count if fits_kind else 0
    return total, of_key, +kinds, +regions


def extent(keys: Keys, query: ChangeQuery) -> Extent:
    found = _selected(keys, query).aggregate(
        total=Sum("count", default=0), rows=Count("pk"), oldest=Min("pk"), newest=Max("pk")
    )
    return Extent(**found)


def rows_from(keys: Keys, query: ChangeQuery, start: int, most: int) -> list[Noted]:
    """Newest first, without as many as `start` says."""
    return [_noted(row) for row in _selected(keys, query)[start : start + most]]


def rows_behind(keys: Keys, query: ChangeQuery, place: Place, most: int) -> list[Noted]:
    """Those that follow a row, whether that is still kept or not."""
    return [_noted(row) for row in _selected(keys, query).filter(_older_than(place))[:most]]


def everything(keys: Keys, query: ChangeQuery) -> Iterator[Noted]:
    """All that the query selects, newest first."""
    return (_noted(row) for row in _selected(keys, query).iterator(chunk_size=BATCH))


def since(moments: Mapping[str, int]) -> list[Noted]:
    """All from a moment on (Unix milliseconds), of each key from its own."""
    keys_of: defaultdict[int, list[str]] = defaultdict(list)
    for key, moment in moments.items():
        keys_of[moment].append(key)
    return [
        noted
        for moment, keys in keys_of.items()
        for noted in everything(keys, ChangeQuery(after=Bound(moment)))
    ]


def of_image(keys: Keys, region: str, uuid: str, most: int) -> list[Noted]:
    """Return the last changes of one image."""
    rows = Row.objects.filter(key__in=keys, region=region, uuid=uuid)
    return [_noted(row) for row in rows[:most]]


def watched_since(keys: Keys) -> dict[str, datetime]:
    """Since when each region's lists are compared, unless that is longer than anything is kept.

    Of several keys it is since when the lists of all of them are.
    """
    return _latest(Watch.objects.filter(key__in=keys, since__gte=F("read_at") - KEPT))


def compared_since(keys: Keys) -> dict[str, datetime]:
    """Since when each region's lists are compared, be that longer than anything is kept."""
    return _latest(Watch.objects.filter(key__in=keys))


def _latest(rows: QuerySet[Watch]) -> dict[str, datetime]:
    return dict(rows.values_list("region").annotate(Max("since")).order_by("region"))


def by_day(keys: Keys, query: ChangeQuery) -> dict[date, int]:
    """Return how many changes the query selects on each day in UTC that has any."""
    rows = _selected(keys, query).order_by().values_list(TruncDate("at", tzinfo=UTC))
    return dict(rows.annotate(Sum("count")))


def _selected(keys: Keys, query: ChangeQuery) -> QuerySet[Row]:
    rows = Row.objects.filter(key__in=keys)
    if query.kind:
        rows = rows.filter(kind__in=query.kind)
    if query.region:
        rows = rows.filter(region__in=query.region)
    if text := query.q:
        rows = rows.filter(searched__contains=folded(text))
    if query.after is not None:
        rows = rows.filter(at__gte=query.after.moment)
    if query.before is not None:
        rows = rows.filter(at__lt=query.before.moment)
    return rows


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
    return Noted(row.at, change, row.pk, row.key)
