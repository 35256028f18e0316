"""Asking the cloud for an inventory, within a deadline. `turns` says who does."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Protocol

import msgspec
import structlog
from django.conf import settings

from images.cloud.client import KIB, MIB, Account, Deadline, Limits
from images.cloud.errors import CloudError, Internal, TooLarge
from images.cloud.listing import list_regions
from images.cloud.worker_process import Packed, read_regions
from images.search.index import Index
from images.services import counting, freshness, memory, signals, store
from images.services.progress import listed
from images.services.running import running_images
from images.services.signals import Reading
from images.services.snapshots import (
    Failure,
    Head,
    RegionHead,
    failure_of,
    is_refused,
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
    return Account(settings.DIDIYUN_API_URL, secret, deadline, limits(), note=counting.noter())


def limits() -> Limits:
    return Limits(
        images=settings.UPSTREAM_MAX_IMAGES,
        size=settings.UPSTREAM_MAX_MB * MIB,
        memory=settings.UPSTREAM_MEMORY_MB * MIB,
        image=settings.UPSTREAM_IMAGE_KB * KIB,
    )


def fetch(
    credential: Credential,
    *,
    everything: bool,
    since: Mapping[str, float] = NOTHING,
    within: float = 0.0,
) -> Head:
    """Read the list of regions, then side by side the images of each region that is due. What goes
    wrong with us is remembered as what goes wrong with the cloud is: else everyone who looks would
    ask it again."""
    key = credential.cache_key
    head = store.peek_head(key, clock()) or Head()
    try:
        return _fetch(credential, head, everything, since, within)
    except Exception as error:
        log.exception("reading failed")
        head = _failed(store.peek_head(key, clock()) or head, Internal(type(error).__name__))
        return _remember(key, head)[0]


def _fetch(
    credential: Credential,
    head: Head,
    everything: bool,
    since: Mapping[str, float],
    within: float,
) -> Head:
    key, caller, began_at = credential.cache_key, account(credential.secret), clock()
    if everything or freshness.regions_due(head, clock()):
        head = _with_regions(caller, head)
    entries = {
        entry.region.id: entry
        for entry in head.regions
        if everything
        or freshness.region_due(entry, clock(), within)
        or freshness.outdated(entry, since.get(entry.region.id, 0))
    }
    if is_refused(head):
        entries = {}
    for region, outcome in read_regions(caller, list(entries)) if entries else ():
        before = entries[region]
        try:
            listing = _within_limits(head, region, outcome)
            changed = _with_listing(key, before, listing, began_at)
        except Exception as error:
            changed = msgspec.structs.replace(before, failure=_region_failure(before, error))
        head = _replacing(head, changed)
    head = msgspec.structs.replace(_beside(head, key, began_at), asked_at=clock())
    head, index = _remember(key, head)
    _note_jobs(key, head, index)
    return head


def _remember(key: str, head: Head) -> tuple[Head, Index]:
    """Save the head, without the lists that are lost and were not read again."""
    store.save_head(key, head)
    found = memory.index(key, head, store.load_body, now=clock(), wait=True)
    if found is None:
        head = store.without_lost(key, head)
        store.save_head(key, head)
        found = memory.index(key, head, store.load_body, now=clock(), wait=True)
    assert found is not None, "it names nothing but what is there"  # noqa: S101
    return found


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


def _within_limits(head: Head, region: str, listing: Packed | CloudError) -> Packed:
    """The listing, unless with it the lists of all regions together are more than is held."""
    if isinstance(listing, CloudError):
        raise listing
    most, others = limits(), [entry for entry in head.regions if entry.region.id != region]
    if listing.count + sum(entry.count for entry in others) > most.images:
        raise TooLarge(f"regions with more than {most.images} images together")
    if listing.size + sum(entry.size for entry in others) > most.size:
        raise TooLarge(f"regions whose lists take more than {most.size // MIB} MiB together")
    count = listing.count + sum(entry.count for entry in others)
    if listing.weight + sum(entry.weight for entry in others) > most.weight(count):
        raise TooLarge(f"regions whose images take more than {most.image // KIB} KiB each")
    return listing


def _region_failure(entry: RegionHead, error: Exception) -> Failure:
    if not isinstance(error, CloudError):
        log.error("list not kept", region=entry.region.id, exc_info=error)
        error = Internal(f"the list could not be kept: {type(error).__name__}")
    log.warning("region failed", region=entry.region.id, failure=str(error))
    return failure(error, entry.failure)


def _failed(head: Head, error: Internal) -> Head:
    """The head after nothing at all could be read: the lists that were known stay."""
    regions = tuple(
        msgspec.structs.replace(entry, failure=failure(error, entry.failure))
        for entry in head.regions
    )
    again = failure(error, head.failure)
    return msgspec.structs.replace(head, regions=regions, failure=again, asked_at=clock())


def failure(error: CloudError, before: Failure | None) -> Failure:
    if isinstance(error, Internal):
        counting.INTERNAL_FAILURES.inc()
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


def _with_listing(key: str, entry: RegionHead, listing: Packed, began_at: float) -> RegionHead:
    """The region with its new list. Where that is still to be confirmed the last one stays, as when
    reading fails, unless there is none."""
    region, version = entry.region.id, listing.version
    log.info(
        "region read",
        region=region,
        images=listing.count,
        seconds=round(listing.seconds, 3),
        calls=listing.calls,
        upstream_request_id=listing.request_id,
    )
    read = _head_of(entry, listing)
    images = memory.decoded(key, region, version, listing.body)
    reading = Reading(region, version, began_at, read.fetched_at, images, read.is_whole)
    unconfirmed = signals.tell(key, reading)
    if unconfirmed and entry.version and store.is_there(key, entry):
        log.warning("region unconfirmed", region=region, vanished=unconfirmed.vanished)
        return msgspec.structs.replace(entry, failure=None, unconfirmed=unconfirmed)
    if version != entry.version or not store.keep_body(key, region, version):
        store.save_body(key, region, version, listing.body)
    memory.hold(key, region, version, images)
    return msgspec.structs.replace(read, unconfirmed=unconfirmed)


def _head_of(entry: RegionHead, listing: Packed) -> RegionHead:
    return RegionHead(
        region=entry.region,
        version=listing.version,
        fetched_at=clock(),
        seconds=listing.seconds,
        calls=listing.calls,
        count=listing.count,
        size=listing.size,
        weight=listing.weight,
        request_id=listing.request_id,
        problems=dict(listing.problems),
        moved=listing.moved,
    )


def _beside(head: Head, key: str, began_at: float) -> Head:
    """The head without what another reading has overtaken since this one began, see
    `images.services.lease`: what that found stays."""
    stored = store.peek_head(key, clock()) or Head()
    for entry in stored.regions:
        if began_at < entry.fetched_at <= clock():
            head = _replacing(head, entry)
    return head


def _replacing(head: Head, changed: RegionHead) -> Head:
    regions = tuple(
        changed if entry.region.id == changed.region.id else entry for entry in head.regions
    )
    return msgspec.structs.replace(head, regions=regions)
