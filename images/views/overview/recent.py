"""What changed lately: a column for each of the last days, which leads to its changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.urls import reverse
from django.utils.translation import gettext as _

from images.bounds import Bound
from images.change_forms import change_query_string
from images.context import InventoryContext
from images.history import feed
from images.history.changes import ChangeQuery
from images.search.query import image_query, selecting
from images.views.overview.charts import share
from images.views.overview.histograms import WIDE, Chart, Tall

DAYS = 14
CACHED_BYTES = 100  # of a day, about


@dataclass(frozen=True)
class Recent:
    """The changes of the last days, and the way to all of them.

    Lists were compared on `days` of them. `of_all` says that the query narrows the page by more
    than its regions, and these are not.
    """

    chart: Chart
    total: int
    href: str
    days: int
    of_all: bool


def recent(context: InventoryContext, today: date) -> Recent:
    earliest = _midnight(today - timedelta(days=DAYS - 1))
    began, counts = _counts(context, earliest)
    since, regions = max(began, earliest), context.query.chosen("region")
    return Recent(
        chart=_chart(context, earliest.date(), since.date(), counts),
        total=sum(counts.values()),
        href=_address(context, after=since),
        days=(today - since.date()).days + 1,
        of_all=selecting(context.query) != image_query(region=regions),
    )


def _counts(context: InventoryContext, earliest: datetime) -> tuple[datetime, dict[date, int]]:
    """Return since when lists are compared, and how many changes a day has; once a refresh."""
    inventory, regions = context.inventory, context.query.chosen("region")
    key = ("recent", inventory.narrowed, inventory.readings, earliest, regions)
    found: tuple[datetime, dict[date, int]] | None = inventory.index.cache.get(key)
    if found is None:
        watched = feed.compared_since(inventory.keys)
        starts = [watched[region] for region in regions or watched if region in watched]
        counts = feed.by_day(inventory.keys, ChangeQuery(after=_bound(earliest), region=regions))
        found = min(starts, default=datetime.fromtimestamp(inventory.now, UTC)), counts
        inventory.index.cache.put(key, found, CACHED_BYTES * DAYS)
    return found


def _chart(context: InventoryContext, first: date, known: date, counts: dict[date, int]) -> Chart:
    """Return a column for each day from the first on; of those before `known` nothing is."""
    days = [first + timedelta(days=number) for number in range(DAYS)]
    most = max(counts.values(), default=0)
    columns = [
        Tall(
            label=day.isoformat(),
            tick=f"{day:%m-%d}" if number in (0, DAYS // 2, DAYS - 1) else "",
            count=counts.get(day, 0),
            x=WIDE * number,
            height=share(counts.get(day, 0), most),
            href=_day(context, day),
            known=day >= known,
        )
        for number, day in enumerate(days)
    ]
    return Chart("changes", _("Changes by day (UTC)"), columns, 0)


def _day(context: InventoryContext, day: date) -> str:
    midnight = _midnight(day)
    return _address(context, after=midnight, before=midnight + timedelta(days=1))


def _address(context: InventoryContext, after: datetime, before: datetime | None = None) -> str:
    query = ChangeQuery(
        account=context.inventory.narrowed,
        region=context.query.chosen("region"),
        after=_bound(after),
        before=_bound(before) if before else None,
    )
    return f"{reverse('changes')}?{change_query_string(query)}"


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _bound(moment: datetime) -> Bound:
    return Bound(int(moment.timestamp() * 1000))
