"""When what is known of a token's images is read anew. Times in Unix seconds."""

from __future__ import annotations

from django.conf import settings

from images.services.snapshots import Head, RegionHead, is_refused

REGIONS_FRESH_SECONDS = 3600
# What is to be confirmed is read again this soon: a cloud that made a mistake has time to mend it.
CONFIRM_SECONDS = 5


def is_due(head: Head, now: float, within: float = 0.0) -> bool:
    """Whether anything is, or will have grown old `within` so many seconds. What failed is not
    asked for sooner than it would be without."""
    if is_refused(head):
        return regions_due(head, now)
    return regions_due(head, now) or any(region_due(each, now, within) for each in head.regions)


def regions_due(head: Head, now: float) -> bool:
    if head.failure:
        return now >= head.failure.again_at
    doubtful = head.unreadable or not head.regions
    sooner = settings.INVENTORY_FRESH_SECONDS if doubtful else REGIONS_FRESH_SECONDS
    return now - head.regions_at >= min(sooner, REGIONS_FRESH_SECONDS)


def region_due(entry: RegionHead, now: float, within: float = 0.0) -> bool:
    if entry.failure:
        return now >= entry.failure.again_at
    if entry.unconfirmed:
        return now >= entry.unconfirmed.at + CONFIRM_SECONDS
    return now + within - entry.fetched_at >= settings.INVENTORY_FRESH_SECONDS


def outdated(entry: RegionHead, since: float) -> bool:
    """Whether it was read before that moment, and is not waiting for a failure to pass."""
    return entry.failure is None and entry.fetched_at < since
