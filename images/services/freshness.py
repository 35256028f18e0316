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
    """Return whether anything is to be read again, or will be `within` so many seconds.

    What failed is not asked for sooner than it would be without `within`. Where the list of regions
    was refused, only that is asked for.
    """
    if region_list_is_stale(head):
        return True
    return not is_refused(head) and any(region_is_stale(each, within) for each in head.regions)


def region_list_is_stale(head: Head) -> bool:
    if head.failure:
        return clock() >= head.failure.again_at
    doubtful = head.unreadable or not head.regions
    sooner = settings.INVENTORY_FRESH_SECONDS if doubtful else REGIONS_FRESH_SECONDS
    return clock() - head.regions_at >= min(sooner, REGIONS_FRESH_SECONDS)


def region_is_stale(entry: RegionHead, within: float = 0.0) -> bool:
    if entry.failure:
        return clock() >= entry.failure.again_at
    if entry.unconfirmed:
        return clock() >= entry.unconfirmed.at + CONFIRM_SECONDS
    return clock() + within - entry.fetched_at >= settings.INVENTORY_FRESH_SECONDS


def is_outdated(entry: RegionHead, since: float) -> bool:
    """Return whether the list was read before that moment, and no failure has to pass first."""
    return entry.failure is None and entry.fetched_at < since
