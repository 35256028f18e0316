"""One refresh at a time per token, of all processes: the others do without, or wait."""

from __future__ import annotations

import threading
import time

import msgspec
import structlog
from django.conf import settings
from django.db import connections

from images.cloud.deadline import Deadline
from images.cloud.errors import OutOfTime, StillReading
from images.services import counting, memory, refresh, store
from images.services.asking import failure
from images.services.refresh import NEVER, Credential, Moments
from images.services.snapshots import Head

log = structlog.get_logger("images.services")

# How often one caller looks whether another has finished its refresh.
WAIT_STEP_SECONDS = 0.05
# Each has a process that reads, and holds what it brings.
BACKGROUND_AT_ONCE = 8

slots = threading.BoundedSemaphore(BACKGROUND_AT_ONCE)


def refresh_in_background(credential: Credential, since: Moments = NEVER) -> None:
    """Start to read what is stale, in a thread, unless someone is at it somewhere.

    A process that is at BACKGROUND_AT_ONCE already starts none: whoever looks next tries again.
    What was read of a region before its time in `since` is stale.
    """
    if not slots.acquire(blocking=False):
        return
    if not store.take_lock(credential.cache_key):
        slots.release()
        return
    request, recorder = structlog.contextvars.get_contextvars(), counting.recorder()

    def run() -> None:
        try:
            with structlog.contextvars.bound_contextvars(**request), counting.recording(recorder):
                _refresh(credential, since=since)
        finally:
            connections.close_all()
            slots.release()

    threading.Thread(target=run, name="refresh", daemon=True).start()


def refresh_here(credential: Credential, *, within: float) -> Head | None:
    """Read what is stale, or will be `within` so many seconds.

    Return None when someone is at it, or when something went wrong with us.
    """
    return _refresh(credential, within=within) if store.take_lock(credential.cache_key) else None


def _refresh(credential: Credential, *, since: Moments = NEVER, within: float = 0.0) -> Head | None:
    """Refresh under the lock that the caller took, and drop it.

    The log line of it is its own, and names the request that set it off, if one did.
    """
    started = time.monotonic()
    try:
        with counting.journal() as journal:
            head = refresh.refresh(credential, since=since, within=within)
        milliseconds = round((time.monotonic() - started) * 1000, 1)
        log.info("refresh", milliseconds=milliseconds, **journal.line)
    except Exception:
        log.exception("refresh failed")
        return None
    else:
        return head
    finally:
        store.drop_lock(credential.cache_key)
        memory.give_back()


def refresh_or_wait(credential: Credential, asked_at: float) -> Head:
    """Read everything now, or wait for whoever is doing so.

    What was read since `asked_at` (Unix seconds) will do. After a deadline the head says that the
    list is still being read.
    """
    head = _refresh_unless_under_way(credential, asked_at)
    if head:
        return head
    deadline = Deadline(settings.UPSTREAM_DEADLINE_SECONDS)
    with counting.FETCH_WAITS.time():
        try:
            while not head:
                deadline.left()
                time.sleep(WAIT_STEP_SECONDS)
                head = _read_since(asked_at, credential)
                head = head or _refresh_unless_under_way(credential, asked_at)
        except OutOfTime:
            # The cloud may answer whoever is reading in time, who may be almost done.
            known = store.load_head(credential.cache_key) or Head()
            return msgspec.structs.replace(known, failure=failure(StillReading(), None))
    return head


def _refresh_unless_under_way(credential: Credential, asked_at: float) -> Head | None:
    if not store.take_lock(credential.cache_key):
        return None
    try:
        # Whoever had the lock may have finished since the caller saw no head.
        known = _read_since(asked_at, credential)
        return known or refresh.refresh(credential, everything=True)
    finally:
        store.drop_lock(credential.cache_key)
        memory.give_back()


def _read_since(moment: float, credential: Credential) -> Head | None:
    head = store.load_head(credential.cache_key)
    return head if head and head.asked_at >= moment else None
