"""Asking the cloud for an inventory, within a deadline. `turns` says who does."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Protocol

import msgspec
import structlog
from django.conf import settings

from images.cloud.child import Packed, read_regions
from images.cloud.client import Account, Deadline
from images.cloud.errors import CloudError
from images.cloud.listing import list_regions
from images.index import Index
from images.services import counting, freshness, memory, news, store
from images.services.progress import listed
from images.services.running import running_images
from images.services.snapshots import (
    FINAL_KINDS,
    Failure,
    Head,
    RegionHead,
    failure_of,
)

log = structlog.get_logger("images.services")

NOTHING: Mapping[str, float] = MappingProxyType({})

clock: Callable[[], float] = time.time


class Credential(Protocol):
    """What reading needs to know of a token."""

    @property
    def secret(self) -> str: ...
    @property
    def cache_key(self) -> str: ...


def account(secret: str, seconds: float | None = None) -> Account:
    """Whom to ask as, with all the time one listing may take, or less."""
    deadline = Deadline(min(settings.UPSTREAM_DEADLINE_SECONDS, seconds or float("inf")))
    return Account(settings.DIDIYUN_API_URL, secret, deadline, note=counting.noter())


def fetch(
    credential: Credential,
    *,
    everything: bool,
    since: Mapping[str, float] = NOTHING,
    within: float = 0.0,
) -> Head:
    """Read the list of regions, then side by side the images of each region that is due."""
    key, caller = credential.cache_key, account(credential.secret)
    head = store.peek_head(key, clock()) or Head()
    if everything or freshness.regions_due(head, clock()):
        head = _with_regions(caller, head)
    entries = {
        entry.region.id: entry
        for entry in head.regions
        if everything
        or freshness.region_due(entry, clock(), within)
        or freshness.outdated(entry, since.get(entry.region.id, 0))
    }
    if head.failure and head.failure.kind in FINAL_KINDS:
        entries = {}  # Each region would be refused in the same words.
    told = []
    for region, outcome in read_regions(caller, list(entries)) if entries else ():
        if isinstance(outcome, CloudError):
            before = entries[region]
            changed = msgspec.structs.replace(before, failure=failure(outcome, before.failure))
            log.warning("region failed", region=region, failure=str(outcome))
        else:
            changed = _with_listing(key, entries[region], outcome)
            told.append(news.news_of(key, entries[region], changed))
        head = _replacing(head, changed)
    news.tell(key, [each for each in told if each])
    head = msgspec.structs.replace(head, asked_at=clock())
    store.save_head(key, head)
    found = memory.index(key, head, store.load_body, wait=True)
    if found:
        _note_jobs(key, head, found[1])
    return head


def _note_jobs(key: str, head: Head, index: Index) -> None:
    """A list tells how far jobs are as well: one that stalls shows also where nobody looks."""
    going = running_images(index).items()
    for entry in head.regions:
        region = entry.region.id
        known = store.load_jobs(key, region)
        jobs = {uuid: image.job for (where, uuid), image in going if where == region and image.job}
        now_known = listed(known, jobs, entry.fetched_at)
        if now_known != known:
            store.save_jobs(key, region, now_known)


def failure(error: CloudError, before: Failure | None) -> Failure:
    # A cloud that is back shows within the time in which a list grows old anyway.
    longest = settings.INVENTORY_FRESH_SECONDS
    return failure_of(error, now=clock(), before=before, longest=longest)


def _with_regions(account: Account, head: Head) -> Head:
    known = {entry.region.id: entry for entry in head.regions}
    try:
        regions, unreadable = list_regions(account)
    except CloudError as error:
        log.warning("region list failed", failure=str(error))
        return msgspec.structs.replace(head, failure=failure(error, head.failure))
    entries = tuple(
        msgspec.structs.replace(known.get(region.id) or RegionHead(region), region=region)
        for region in regions
    )
    if unreadable:
        # One of them may be a region that was known: its last good list stays.
        listed = {region.id for region in regions}
        entries += tuple(entry for id_, entry in known.items() if id_ not in listed)
    return Head(regions=entries, regions_at=clock(), asked_at=head.asked_at, unreadable=unreadable)


def _with_listing(key: str, entry: RegionHead, listing: Packed) -> RegionHead:
    region, version = entry.region.id, listing.version
    if version != entry.version or not store.keep_body(key, region, version):
        store.save_body(key, region, version, listing.body)
    memory.hold(key, region, version, listing.body)
    log.info(
        "region read",
        region=region,
        images=listing.count,
        seconds=round(listing.seconds, 3),
        calls=listing.calls,
        upstream_request_id=listing.request_id,
    )
    return RegionHead(
        region=entry.region,
        version=version,
        fetched_at=clock(),
        seconds=listing.seconds,
        calls=listing.calls,
        count=listing.count,
        size=listing.size,
        request_id=listing.request_id,
        problems=dict(listing.problems),
        moved=listing.moved,
    )


def _replacing(head: Head, changed: RegionHead) -> Head:
    regions = tuple(
        changed if entry.region.id == changed.region.id else entry for entry in head.regions
    )
    return msgspec.structs.replace(head, regions=regions)
