"""What a refresh changed, for whoever listens: `changed` is sent with each region that did.

    key       the credential's cache key
    news      what there is to tell of one region

It is sent by the one process that read the list, before anyone is shown it. A receiver that fails
costs nobody a page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from django.dispatch import Signal

from images.changes import Change, bounded, compare, left_over
from images.cloud.records import Image
from images.services import memory, store
from images.services.snapshots import RegionHead

log = structlog.get_logger("images.services")

MOST_CHANGES = 2_000  # of one region in one refresh

changed = Signal()


@dataclass(frozen=True)
class News:
    """What changed in a region until `at` (Unix seconds). `begins`: there was no list to compare
    with, so that of what came before nothing is known."""

    region: str
    at: float
    changes: Sequence[Change] = ()
    begins: bool = False


def news_of(key: str, before: RegionHead, after: RegionHead) -> News | None:
    """Compare a region that was just read with how it was; None when that brings nothing new. Both
    bodies are still held, or in the cache; the one of before may be gone from both."""
    if before.version == after.version and is_whole(before) and is_whole(after):
        return None
    region = after.region.id
    new = memory.body(key, region, after.version) or []
    old = _known(key, before, new) if before.version else None
    if not is_whole(after):
        # After a first list that moved, what comes next is a first list too.
        lost = old is None and after.moved
        store.save_left_over(key, region, None if lost else left_over(old or [], new))
    if old is None:
        return News(region, after.fetched_at, begins=True)
    changes = bounded(compare(old, new, whole=is_whole(after)), MOST_CHANGES)
    return News(region, after.fetched_at, changes) if changes else None


def is_whole(entry: RegionHead) -> bool:
    """Whether the list lacks nothing: what moved or could not be read may be missing from it."""
    return not entry.moved and not entry.problems.get("item")


def tell(key: str, news: Sequence[News]) -> None:
    for each in news:
        for _receiver, failure in changed.send_robust(sender=News, key=key, news=each):
            if failure:
                log.error("changes not kept", region=each.region, failure=repr(failure))


def _known(key: str, entry: RegionHead, held: Sequence[Image]) -> list[Image] | None:
    """Every image that was known of the region, or None where that is lost."""
    region = entry.region.id
    body = memory.body(key, region, entry.version)
    if body is None:
        body = store.load_body(key, region, entry.version, held)
    left = [] if is_whole(entry) else store.load_left_over(key, region)
    return None if body is None or left is None else [*body, *left]
