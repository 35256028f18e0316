"""The histograms of the overview: columns of ranges, each a link to just its images."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from django.utils.translation import gettext as _

from images.bounds import Bound
from images.context import InventoryContext
from images.reports.histograms import (
    EPOCH,
    GIB,
    MONTH,
    QUARTER,
    YEAR,
    Column,
    Histogram,
)
from images.views.overview.charts import share

YEARS_APART = 5  # on an axis of years
At = TypeVar("At", int, Bound)
WIDE = 10  # of one column, in the drawing's units


@dataclass(frozen=True)
class Tall:
    """A column at `x`, as high as it is tall in percent; `tick` is what the axis says below it.

    Of one that is not `known` nobody can say how tall it is.
    """

    label: str
    tick: str
    count: int
    x: int
    height: float
    href: str
    known: bool = True

    @property
    def top(self) -> float:
        return 100 - self.height


@dataclass(frozen=True)
class Chart:
    name: str
    title: str
    columns: list[Tall]
    unknown: int

    @property
    def width(self) -> int:
        return WIDE * len(self.columns)

    @property
    def most(self) -> int:
        return max((each.count for each in self.columns), default=0)


def ages(context: InventoryContext, found: Histogram) -> Chart:
    query = context.query
    hrefs = [
        context.link(
            page=1,
            created_after=_latest(query.created_after, _bound(each.low)),
            created_before=_earliest(query.created_before, _bound(each.high, 1)),
        )
        for each in found.columns
    ]
    labels = [_period(each, found.months) for each in found.columns]
    starts = [_start(each, found.months) for each in found.columns]
    ticks = [_tick(start, found.months) for start in starts]
    return _chart("age", _("Created (UTC)"), found, labels, ticks, hrefs)


def sizes(context: InventoryContext, found: Histogram) -> Chart:
    query = context.query
    hrefs = [
        context.link(
            page=1,
            min_size=_latest(query.min_size, each.low),
            max_size=_earliest(query.max_size, each.high),
        )
        for each in found.columns
    ]
    bounds = [((each.low or 0) // GIB, each.high and each.high // GIB) for each in found.columns]
    labels = [
        _("up to %(most)s GiB") % {"most": most}
        if not least
        else _("over %(least)s GiB") % {"least": least}
        if most is None
        else f"{least}–{most} GiB"
        for least, most in bounds
    ]
    ticks = [f">{least}" if most is None else f"≤{most}" for least, most in bounds]
    return _chart("size", _("Size in GiB"), found, labels, ticks, hrefs)


def _chart(
    name: str,
    title: str,
    found: Histogram,
    labels: Iterable[str],
    ticks: Iterable[str],
    hrefs: Iterable[str],
) -> Chart:
    most = max((each.count for each in found.columns), default=0)
    columns = [
        Tall(label, tick, each.count, WIDE * place, share(each.count, most), href)
        for place, (each, label, tick, href) in enumerate(
            zip(found.columns, labels, ticks, hrefs, strict=True)
        )
    ]
    return Chart(name, title, columns, found.unknown)


def _start(column: Column, months: int) -> datetime:
    """When a column begins; one that is open below, when it would."""
    if column.low is not None:
        return EPOCH + timedelta(milliseconds=column.low)
    after = EPOCH + timedelta(milliseconds=(column.high or 0) + 1)
    month = after.year * 12 + after.month - 1 - months
    return after.replace(year=month // 12, month=month % 12 + 1)


def _period(column: Column, months: int) -> str:
    start = _start(column, months)
    if months == MONTH:
        period = f"{start.year}-{start.month:02}"
    elif months == QUARTER:
        quarter = {"year": start.year, "quarter": start.month // 3 + 1}
        period = _("%(year)s Q%(quarter)s") % quarter
    else:
        period = str(start.year)
    if column.low is None:
        return _("%(period)s and before") % {"period": period}
    return _("%(period)s and later") % {"period": period} if column.high is None else period


def _tick(start: datetime, months: int) -> str:
    apart = YEARS_APART if months == YEAR else 1
    return str(start.year) if start.month == 1 and start.year % apart == 0 else ""


def _bound(milliseconds: int | None, later: int = 0) -> Bound | None:
    return None if milliseconds is None else Bound(milliseconds + later)


def _latest(one: At | None, other: At | None) -> At | None:
    return max((each for each in (one, other) if each is not None), default=None)


def _earliest(one: At | None, other: At | None) -> At | None:
    return min((each for each in (one, other) if each is not None), default=None)
