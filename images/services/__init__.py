"""The service module: the inventory of one token, cached in Django's cache, with its age.

What is fresh is shown as it is. What is stale is shown at once while one background refresh runs,
one per token over all processes. With nothing cached one caller reads and the others wait for it.

    freshness      when it is time to ask
    single_flight  who asks: one at a time per token
    refresh        asks the cloud: read, merge, publish
    lease          locks that a process which is killed does not leave behind
    store          Django's caches: heads, bodies, locks
    memory         what this process holds decoded
    snapshots      what is stored, and in which bytes
    signals        what others are told of a list that was read
    inventory      what a page is made from
    verification   whether a token works
    comparing      what two tokens see
    jobs progress  how far running jobs are
    counting       what is counted, for metrics and log lines
"""

from __future__ import annotations

from math import ceil

from django.conf import settings

from images.cloud.errors import Internal
from images.search.index import Index
from images.services import comparing, freshness, memory, refresh, single_flight, store
from images.services.comparing import Comparison
from images.services.inventory import Inventory
from images.services.refresh import Credential
from images.services.snapshots import Head, without_refusals

# Asking again sooner than this shows what was just read.
COOL_DOWN_SECONDS = 5


def inventory(credential: Credential, *, again: bool = False, newest: bool = False) -> Inventory:
    """Return everything the token can list, as it is known now.

    It never raises for the cloud's trouble: each region carries its state and failure, and so does
    the inventory when nothing is known. `again` asks the cloud now, unless it was asked within
    COOL_DOWN_SECONDS. `newest` waits until this process has decoded what another one read last.
    """
    key = credential.cache_key
    head, waited = _head(credential, again=again)
    found = memory.index(key, head, store.load_body, wait=again or waited or newest)
    if found is None:
        # A body is gone from the cache, and the head alone shows nothing.
        head = single_flight.refresh_or_wait(credential, freshness.clock())
        found = memory.index(key, head, store.load_body, wait=True)
    if found is None:
        # The cache takes nothing and another process did the reading: this one does its own.
        head = refresh.refresh(credential, everything=True)
        found = memory.index(key, head, store.load_body, wait=True)
    assert found is not None, "what this process read it holds"  # noqa: S101
    return Inventory(*found, freshness.clock(), settings.INVENTORY_FRESH_SECONDS)


def regions(credential: Credential) -> Inventory:
    """Return how each region stands, as `inventory` does, without the images.

    So no list is decoded or indexed for it; whether the cache has lost one shows with the images.
    """
    return _without_images(_head(credential)[0])


def _head(credential: Credential, *, again: bool = False) -> tuple[Head, bool]:
    """Return the newest head, and whether it was waited for."""
    now = freshness.clock()
    head = store.load_head(credential.cache_key, counted=True)
    if head is None or (again and now - head.asked_at >= COOL_DOWN_SECONDS):
        return single_flight.refresh_or_wait(credential, now), True
    if freshness.is_stale(head):
        single_flight.refresh_in_background(credential)
    return head, False


def known(credential: Credential) -> Inventory | None:
    """Return what is cached of what the token lists, without asking the cloud; None if nothing is.

    It may be old: no reading is started for it.
    """
    head = store.load_head(credential.cache_key)
    found = memory.index(credential.cache_key, head, store.load_body, wait=False) if head else None
    now = freshness.clock()
    return Inventory(*found, now, settings.INVENTORY_FRESH_SECONDS) if found else None


def begin(credential: Credential) -> bool:
    """Start to read, in the background, what nothing is known of yet; False when something is."""
    if store.load_head(credential.cache_key, counted=True):
        return False
    single_flight.refresh_in_background(credential)
    return True


def refresh_now(credential: Credential) -> int:
    """Ask the cloud, unless it was asked less than COOL_DOWN_SECONDS ago.

    Return 0 where it was asked, else in how many seconds it would be.
    """
    head = store.load_head(credential.cache_key)
    left = head.asked_at + COOL_DOWN_SECONDS - freshness.clock() if head else 0.0
    if left <= 0:
        inventory(credential, again=True)
    return max(0, ceil(left))


def keep_warm(credential: Credential, *, within: float = 0.0) -> Inventory | None:
    """Read, here and now, what is stale or will be `within` so many seconds.

    Return what is known then, without the images; None when nothing was stale, someone else is
    reading, or the fault was ours.
    """
    if not freshness.is_stale(store.load_head(credential.cache_key) or Head(), within):
        return None
    head = single_flight.refresh_here(credential, within=within)
    if head is None:
        return None
    failures = [head.failure, *(entry.failure for entry in head.regions)]
    broken = any(each is not None and each.kind == Internal.kind for each in failures)
    return None if broken else _without_images(head)


def look_after(credential: Credential) -> Inventory | None:
    """Start to read, in the background, what is stale of a token that is in trouble.

    Nobody looks at such a token. Return what is known before that, without the images; None when
    nothing is.
    """
    head = store.load_head(credential.cache_key)
    if head is None or freshness.is_stale(head):
        single_flight.refresh_in_background(credential)
    return _without_images(head) if head else None


def forget_refusal(cache_key: str) -> None:
    """Forget that the token was refused: by now it is known to work."""
    head = store.load_head(cache_key)
    if head and _without_images(head).token_failure:
        store.save_head(cache_key, without_refusals(head, freshness.clock()))


def compare(old: Credential | None, new: Credential, *, again: bool) -> Comparison:
    """Return what either token lists now, region by region; None is a token that cannot be read.

    With `again` the cloud is asked for both, without it where nothing is known.
    """
    stored = inventory(old, again=again) if old else None
    return comparing.comparison(stored, inventory(new, again=again))


def _without_images(head: Head) -> Inventory:
    return Inventory(head, Index([]), freshness.clock(), settings.INVENTORY_FRESH_SECONDS)
