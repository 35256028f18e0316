"""Whose turn it is to ask the cloud: one at a time per token, of all processes. The others do
without, or wait."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping

import msgspec
import structlog
from django.conf import settings
from django.db import connections

from images.cloud.client import Deadline
from images.cloud.errors import OutOfTime, StillReading
from images.services import counting, fetching, memory, store
from images.services.fetching import Credential
from images.services.snapshots import Head

log = structlog.get_logger("images.services")

# How often one caller looks whether another has finished fetching.
WAIT_STEP_SECONDS = 0.05


def refresh_behind(credential: Credential, since: Mapping[str, float] = fetching.NOTHING) -> None:
    """Start a refresh in the background unless one is under way somewhere. What was read of a
    region before its time in `since` is no longer true."""
    if not store.take_lock(credential.cache_key):
        return

    request = structlog.contextvars.get_contextvars()

    def run() -> None:
        try:
            with structlog.contextvars.bound_contextvars(**request):
                _refresh(credential, since=since)
        finally:
            store.drop_lock(credential.cache_key)
            connections.close_all()
            memory.give_back()

    threading.Thread(target=run, name="refresh", daemon=True).start()


def refresh_here(credential: Credential, *, everything: bool, within: float) -> Head | None:
    """Read what is due, or will be `within` so many seconds; None when someone is at it, or when
    something went wrong with us."""
    if not store.take_lock(credential.cache_key):
        return None
    try:
        return _refresh(credential, everything=everything, within=within)
    finally:
        store.drop_lock(credential.cache_key)
        memory.give_back()


def _refresh(
    credential: Credential,
    *,
    everything: bool = False,
    since: Mapping[str, float] = fetching.NOTHING,
    within: float = 0.0,
) -> Head | None:
    """With a log line of its own, which names the request that set it off, if one did."""
    started = time.monotonic()
    with counting.journal() as journal:
        try:
            head = fetching.fetch(credential, everything=everything, since=since, within=within)
        except Exception:
            log.exception("refresh failed")
            return None
        milliseconds = round((time.monotonic() - started) * 1000, 1)
        log.info("refresh", milliseconds=milliseconds, **journal.line)
        return head


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
        return _asked_since(asked_at, key) or fetching.fetch(credential, everything=True)
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
    except OutOfTime:
        # The cloud may answer whoever is fetching in time, who may be almost done.
        known = store.peek_head(key, fetching.clock()) or Head()
        return msgspec.structs.replace(known, failure=fetching.failure(StillReading(), None))
    return head


def _asked_since(moment: float, key: str) -> Head | None:
    # Looked at again and again by all who wait: none of it counts as a read.
    head = store.peek_head(key, fetching.clock())
    return head if head and head.asked_at >= moment else None
