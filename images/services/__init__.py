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
    inventory      what one account lists
    gathered       what a page is made from: the inventories of several accounts
    verification   whether a token works
    comparing      what two tokens see
    jobs progress  how far running jobs are
    counting       what is counted, for metrics and log lines
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from math import ceil

from django.conf import settings
from django.db import connections

from images.cloud.errors import Internal
from images.search.index import Index
from images.services import comparing, freshness, memory, refresh, single_flight, store
from images.services.comparing import Comparison
from images.services.gathered import Account, GatheredInventory, gathered
from images.services.inventory import Inventory
from images.services.refresh import Credential
from images.services.snapshots import Head, without_refusals

READ_AT_ONCE = 8
# Asking again sooner than this shows what was just read.
COOL_DOWN_SECONDS = 5


def inventories(
    accounts: Sequence[Account], *, newest: bool = False, wait: bool = True
) -> GatheredInventory:
    """Return everything that these accounts list, each as `inventory` does.

    What nothing is known of is read side by side. Without `wait` it is read in the background, and
    is "loading" until then, where something is known of another account.
    """
    heads, read = _heads(accounts, wait=wait)
    found = [
        (each, _inventory(each, head, newest=newest or each.cache_key in read))
        if (head := heads[each.cache_key]).asked_at
        else (each, _without_images(head))
        for each in accounts
    ]
    return gathered(found, freshness.clock(), settings.INVENTORY_FRESH_SECONDS)


def _heads(accounts: Sequence[Account], *, wait: bool) -> tuple[dict[str, Head], frozenset[str]]:
    """Return the newest head of each account by its key, and the keys of those just read.

    The head of one that is not waited for says that it was never asked.
    """
    stored = store.load_heads((each.cache_key for each in accounts), counted=True)
    known = {key: head for key, head in stored.items() if head}
    # Of some that share a secret one is read.
    cold = {each.cache_key: each for each in accounts if each.cache_key not in known}
    if known and not wait:
        for each in cold.values():
            single_flight.refresh_in_background(each)
        return known | dict.fromkeys(cold, Head()), frozenset()
    read = dict(zip(cold, _read_all(list(cold.values())), strict=True))
    return known | read, frozenset(read)


def _read_all(accounts: Sequence[Account]) -> list[Head]:
    if len(accounts) == 1:
        return [single_flight.refresh_or_wait(accounts[0], freshness.clock())]
    with ThreadPoolExecutor(READ_AT_ONCE, thread_name_prefix="read") as pool:
        # The calls of each are in the log line and the trace of whoever asked for all.
        reading = [pool.submit(copy_context().run, _read, each) for each in accounts]
        return [each.result() for each in reading]


def _read(account: Account) -> Head:
    try:
        return single_flight.refresh_or_wait(account, freshness.clock())
    finally:
        connections.close_all()


def inventory(credential: Credential, *, again: bool = False, newest: bool = False) -> Inventory:
    """Return everything the token can list, as it is known now.

    It never raises for the cloud's trouble: each region carries its state and failure, and so does
    the inventory when nothing is known. `again` asks the cloud now, unless it was asked within
    COOL_DOWN_SECONDS. `newest` waits until this process has decoded what another one read last.
    """
    head = store.load_head(credential.cache_key, counted=True)
    now = freshness.clock()
    if head is None or (again and now - head.asked_at >= COOL_DOWN_SECONDS):
        head, newest = single_flight.refresh_or_wait(credential, now), True
    return _inventory(credential, head, newest=newest or again)


def _inventory(credential: Credential, head: Head, *, newest: bool) -> Inventory:
    """Return the inventory of a head, which is read anew in the background where it is stale."""
    if freshness.is_stale(head):
        single_flight.refresh_in_background(credential)
    key = credential.cache_key
    found = memory.index(key, head, store.load_body, wait=newest)
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


def regions(accounts: Sequence[Account]) -> GatheredInventory:
    """Return how each region stands, as `inventories` does, without the images.

    So no list is decoded or indexed for it; whether the cache has lost one shows with the images.
    """
    heads, read = _heads(accounts, wait=True)
    for each in accounts:
        if each.cache_key not in read and freshness.is_stale(heads[each.cache_key]):
            single_flight.refresh_in_background(each)
    found = [(each, _without_images(heads[each.cache_key])) for each in accounts]
    return gathered(found, freshness.clock(), settings.INVENTORY_FRESH_SECONDS)


def known(accounts: Sequence[Account]) -> GatheredInventory | None:
    """Return what is cached of what these list, without asking the cloud; None if nothing is.

    It may be old: no reading is started for it.
    """
    heads = store.load_heads(each.cache_key for each in accounts)
    now, found = freshness.clock(), []
    for each in accounts:
        head = heads[each.cache_key]
        index = memory.index(each.cache_key, head, store.load_body, wait=False) if head else None
        if index:
            found.append((each, Inventory(*index, now, settings.INVENTORY_FRESH_SECONDS)))
    return gathered(found, now, settings.INVENTORY_FRESH_SECONDS) if found else None


def begin(accounts: Sequence[Account]) -> bool:
    """Start to read, in the background, where nothing is known of any; False when something is."""
    heads = store.load_heads((each.cache_key for each in accounts), counted=True)
    if any(heads.values()):
        return False
    for each in accounts:
        single_flight.refresh_in_background(each)
    return True


def refresh_now(accounts: Sequence[Account]) -> int:
    """Ask the cloud for each, unless it was asked less than COOL_DOWN_SECONDS ago.

    Return 0 where any was asked, else in how many seconds the first would be.
    """
    heads, now = store.load_heads(each.cache_key for each in accounts), freshness.clock()
    left = {
        each.cache_key: head.asked_at + COOL_DOWN_SECONDS - now
        if (head := heads[each.cache_key])
        else 0.0
        for each in accounts
    }
    due = {each.cache_key: each for each in accounts if left[each.cache_key] <= 0}
    _read_all(list(due.values()))
    return 0 if due else max(0, ceil(min(left.values(), default=0.0)))


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
