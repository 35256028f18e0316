"""When what is known of a token's images is read again. Times are Unix seconds."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.conf import settings

from images.services.snapshots import Head, RegionHead, is_refused

REGIONS_FRESH_SECONDS = 3600
# What is to be confirmed is read again this soon: a cloud that made a mistake has time to mend it.
CONFIRM_SECONDS = 5

clock: Callable[[], float] = time.time


def is_stale(head: Head, within: float = 0.0) -> bool:
    """Return whether anything is to be read again, or will be `within` so many seconds."""
    return clock() >= due_at(head, settings.INVENTORY_FRESH_SECONDS - within)


def due_at(head: Head, interval: float) -> float:
    """Return when the first thing is to be read again, if lists are read every `interval` seconds.

    Where the list of regions was refused, only that is asked for.
    """
    regions = _region_list_due_at(head, interval)
    if is_refused(head):
        return regions
    return min([regions, *(_region_due_at(each, interval) for each in head.regions)])


def region_list_is_stale(head: Head) -> bool:
    return clock() >= _region_list_due_at(head, settings.INVENTORY_FRESH_SECONDS)


def region_is_stale(entry: RegionHead, within: float = 0.0) -> bool:
    return clock() >= _region_due_at(entry, settings.INVENTORY_FRESH_SECONDS - within)


def _region_list_due_at(head: Head, interval: float) -> float:
    if head.failure:
        return head.failure.again_at
    doubtful = head.unreadable or not head.regions
    sooner = max(interval, settings.INVENTORY_FRESH_SECONDS) if doubtful else REGIONS_FRESH_SECONDS
    return head.regions_at + min(sooner, REGIONS_FRESH_SECONDS)


def _region_due_at(entry: RegionHead, interval: float) -> float:
    # What failed is asked for when its pause is over, whatever the interval.
    if entry.failure:
        return entry.failure.again_at
    if entry.unconfirmed:
        return entry.unconfirmed.at + CONFIRM_SECONDS
    return entry.fetched_at + interval


def is_outdated(entry: RegionHead, since: float) -> bool:
    """Return whether the list was read before that moment, and no failure has to pass first."""
    return entry.failure is None and entry.fetched_at < since
