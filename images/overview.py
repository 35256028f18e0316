"""Everything that the overview knows, for its page and for the API."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

from images.context import InventoryContext
from images.jobs_under_way import Going, stalled, under_way
from images.reports.attention import Group, groups
from images.reports.coverage import Coverage, coverage
from images.reports.summary import (
    Overview,
    overview,
    with_stalled,
)
from images.services.inventory import RegionState


@dataclass(frozen=True)
class Found:
    """Everything that the overview knows, before it is put into words."""

    overview: Overview
    running: list[Going]
    attention: tuple[Group, ...]
    coverage: Coverage
    today: date


def find(context: InventoryContext) -> Found:
    index, query = context.inventory.index, context.query
    found = overview(index, query)
    running = under_way(context, found.running, ask=False)
    still = stalled(running)
    covered, today = compared(context), datetime.now(UTC).date()
    attention = groups(index, query, today, covered, still)
    return Found(with_stalled(found, still), running, attention, covered, today)


def wanted(context: InventoryContext) -> list[RegionState]:
    """Return the regions that the query asks for, each as it stands where it is worst."""
    chosen = context.query.chosen("region")
    return [each for each in context.inventory.by_region if not chosen or each.id in chosen]


def compared(context: InventoryContext) -> Coverage:
    """Return the coverage of the regions that could be read, of any account."""
    read = {state.id for state in context.inventory.regions if state.head.version}
    readable = [state.id for state in wanted(context) if state.id in read]
    return coverage(context.inventory.index, context.query, readable)
