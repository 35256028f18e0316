"""Asking the cloud for an inventory: when it is due, one at a time per token, within a deadline."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Protocol

import msgspec
import structlog
from django.conf import settings
from django.db import connections

from images.cloud.child import Packed, read_regions
from images.cloud.client import Account, Deadline
from images.cloud.errors import CloudError, OutOfTime
from images.cloud.listing import list_regions
from images.index import Index
from images.services import counting, memory, news, store
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

REGIONS_FRESH_SECONDS = 3600
# How often one caller looks whether another has finished fetching.
WAIT_STEP_SECONDS = 0.05

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


def is_due(head: Head) -> bool:
    if head.failure and head.failure.kind in FINAL_KINDS:
        return False  # Until the token changes or someone asks again.
    return bool(_regions_due(head) or any(_region_due(entry) for entry in head.regions))


def _regions_due(head: Head) -> bool:
    if head.failure:
        return clock() >= head.failure.again_at
    return clock() - head.regions_at >= REGIONS_FRESH_SECONDS


def _region_due(entry: RegionHead) -> bool:
    if entry.failure:
        return clock() >= entry.failure.again_at
    return clock() - entry.fetched_at >= settings.INVENTORY_FRESH_SECONDS


def outdated(entry: RegionHead, since: float) -> bool:
    """Whether it was read before that moment, and is not waiting for a failure to pass."""
    return entry.failure is None and entry.fetched_at < since


def refresh_behind(credential: Credential, since: Mapping[str, float] = NOTHING) -> None:
    """Start a refresh in the background unless one is under way somewhere. What was read of a
    region before its time in `since` is no longer true."""
    if not store.take_lock(credential.cache_key):
        return

    request = structlog.contextvars.get_contextvars()

    def run() -> None:
        try:
            with structlog.contextvars.bound_contextvars(**request):
                _refresh(credential, since)
        finally:
            store.drop_lock(credential.cache_key)
            connections.close_all()
            memory.give_back()

    threading.Thread(target=run, name="refresh", daemon=True).start()


def _refresh(credential: Credential, since: Mapping[str, float]) -> None:
    """With a log line of its own, which names the request that set it off."""
    started = time.monotonic()
    with counting.journal() as journal:
        try:
            fetch(credential, everything=False, since=since)
        except Exception:
            log.exception("refresh failed")
        else:
            milliseconds = round((time.monotonic() - started) * 1000, 1)
            log.info("refresh", milliseconds=milliseconds, **journal.line)


def fetch_or_wait(credential: Credential, asked_at: float) -> Head:
    """Fetch everything now, or wait for whoever is doing so. What was read since `asked_at` (Unix
    seconds) will do."""
    head = _fetch_unless_someone_does(credential, asked_at)
    if head:
        return head
    with counting.FETCH_WAITS.time():
        return _wait(credential, asked_at)


def _fetch_unless_someone_does(credential: Credential, asked_at: float) -> Head | None:
    key = credential.cache_key
    if not store.take_lock(key):
        return None
    try:
        # Whoever had the lock may have finished since the caller saw no head.
        return _asked_since(asked_at, key) or fetch(credential, everything=True)
    finally:
        store.drop_lock(key)
        memory.give_back()


def _wait(credential: Credential, asked_at: float) -> Head:
    """For whoever is fetching, or until it is the caller's turn."""
    key = credential.cache_key
    deadline = Deadline(settings.UPSTREAM_DEADLINE_SECONDS)
    head: Head | None = None
    try:
        while not head:
            deadline.left()
            time.sleep(WAIT_STEP_SECONDS)
            head = _asked_since(asked_at, key) or _fetch_unless_someone_does(credential, asked_at)
    except OutOfTime as error:
        known = store.peek_head(key, clock()) or Head()
        return msgspec.structs.replace(known, failure=_failure(error, known.failure))
    return head


def _asked_since(moment: float, key: str) -> Head | None:
    # Looked at again and again by all who wait: none of it counts as a read.
    head = store.peek_head(key, clock())
    return head if head and head.asked_at >= moment else None


def fetch(
    credential: Credential, *, everything: bool, since: Mapping[str, float] = NOTHING
) -> Head:
    """Read the list of regions, then side by side the images of each region that is due."""
    key, caller = credential.cache_key, account(credential.secret)
    head = store.peek_head(key, clock()) or Head()
    if everything or _regions_due(head):
        head = _with_regions(caller, head)
    due = [
        entry
        for entry in head.regions
        if everything or _region_due(entry) or outdated(entry, since.get(entry.region.id, 0))
    ]
    if head.failure and head.failure.kind in FINAL_KINDS:
        due = []  # Each region would be refused in the same words.
    entries = {entry.region.id: entry for entry in due}
    told = []
    for region, outcome in read_regions(caller, list(entries)) if due else ():
        if isinstance(outcome, CloudError):
            failure = _failure(outcome, entries[region].failure)
            changed = msgspec.structs.replace(entries[region], failure=failure)
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
    going = running_images(index).values()
    for entry in head.regions:
        region = entry.region.id
        known = store.load_jobs(key, region)
        jobs = [image.job for image in going if image.region == region and image.job]
        now_known = listed(known, jobs, entry.fetched_at)
        if now_known != known:
            store.save_jobs(key, region, now_known)


def _failure(error: CloudError, before: Failure | None) -> Failure:
    # A cloud that is back shows within the time in which a list grows old anyway.
    longest = settings.INVENTORY_FRESH_SECONDS
    return failure_of(error, now=clock(), before=before, longest=longest)


def _with_regions(account: Account, head: Head) -> Head:
    known = {entry.region.id: entry for entry in head.regions}
    try:
        regions, unreadable = list_regions(account)
    except CloudError as error:
        log.warning("region list failed", failure=str(error))
        failure = _failure(error, head.failure)
        return msgspec.structs.replace(head, failure=failure)
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
