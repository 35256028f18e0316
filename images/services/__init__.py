"""The service module: the inventory of one token, cached in Django's cache, with its age.

Fresh is shown as it is. Stale is shown at once while one refresh runs behind, one per token across
all processes. With nothing cached one caller fetches and the others wait for it.

    freshness   when it is time to ask
    turns       who asks: one at a time per token
    fetching    asks the cloud
    lease       locks that a process which is killed does not leave behind
    store       Django's caches: heads, bodies, locks
    memory      what this process holds decoded
    snapshots   what is stored, and in which bytes
    signals     what others are told of a reading
    inventory   what a page is made from
    comparing   what two tokens see
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from math import ceil

import structlog
from django.conf import settings

from images.cloud.client import Account
from images.cloud.errors import CloudError, Internal, StillReading
from images.cloud.listing import list_regions, may_list_images
from images.cloud.records import Region
from images.search.index import Index
from images.services import comparing, fetching, freshness, memory, store, turns
from images.services.comparing import Comparison
from images.services.fetching import Credential
from images.services.inventory import Inventory, RegionState, telling
from images.services.snapshots import Head, is_refused, without_refusals

log = structlog.get_logger("images.services")

# Asking again sooner than this shows what was just fetched.
COOL_DOWN_SECONDS = 5

# How many regions are tried side by side.
REGIONS_AT_ONCE = 4

# What says nothing of the token, nor of the cloud.
OURS = frozenset({Internal.kind, StillReading.kind})

STATES = {"refused": "refused", "forbidden": "forbidden", "arrears": "unverified"}


@dataclass(frozen=True)
class Listable:
    """A region, and whether the token may list its images; None when the cloud did not tell."""

    id: str
    name: str
    ok: bool | None


@dataclass(frozen=True)
class Verdict:
    """What the cloud says of a token. `state` is valid, refused, forbidden, unverified (accepted,
    but it could not be tried) or unreachable; `reason` the kind of the failure, "" when valid."""

    state: str
    reason: str
    request_id: str
    regions: tuple[Listable, ...] = ()


def inventory(credential: Credential, *, again: bool = False, newest: bool = False) -> Inventory:
    """Everything the token can list, as it is known now. Never raises for the cloud's trouble:
    each region carries its state and failure, and so does the inventory when nothing is known.

    `again` asks the cloud now, unless it was asked within COOL_DOWN_SECONDS. `newest` waits until
    this process has decoded what another one read last.
    """
    key, now = credential.cache_key, fetching.clock()
    head = store.load_head(key, now)
    if head is None or (again and now - head.asked_at >= COOL_DOWN_SECONDS):
        head, again = turns.fetch_or_wait(credential, now), True
    elif freshness.is_due(head, now):
        turns.refresh_behind(credential)
    found = memory.index(key, head, store.load_body, now=now, wait=again or newest)
    if found is None:
        # A body is gone from the cache, and the head alone shows nothing.
        head = turns.fetch_or_wait(credential, fetching.clock())
        found = memory.index(key, head, store.load_body, now=now, wait=True)
    if found is None:
        # The cache takes nothing and another process did the fetching: this one does its own.
        head = fetching.fetch(credential, everything=True)
        found = memory.index(key, head, store.load_body, now=now, wait=True)
    assert found is not None, "what this process fetched it holds"  # noqa: S101
    return Inventory(*found, fetching.clock(), settings.INVENTORY_FRESH_SECONDS)


def begin(credential: Credential) -> bool:
    """Start to read, behind, what nothing is known of yet; False when something is known."""
    if store.load_head(credential.cache_key, fetching.clock()):
        return False
    turns.refresh_behind(credential)
    return True


def refresh(credential: Credential) -> int:
    """Ask the cloud now. When it was asked less than COOL_DOWN_SECONDS ago it is not asked again:
    then in how many seconds it would be, else 0."""
    head, now = store.peek_head(credential.cache_key, fetching.clock()), fetching.clock()
    left = head.asked_at + COOL_DOWN_SECONDS - now if head else 0.0
    if left <= 0:
        inventory(credential, again=True)
    return max(0, ceil(left))


def keep_warm(credential: Credential, *, within: float = 0.0) -> Inventory | None:
    """Read, here and now, what is due or will be `within` so many seconds. Return what is known
    then, without the images; None when nothing was due, someone is at it, or the fault was ours."""
    head = store.peek_head(credential.cache_key, fetching.clock()) or Head()
    if not freshness.is_due(head, fetching.clock(), within):
        return None
    read = turns.refresh_here(credential, everything=False, within=within)
    return None if read is None or _has_failed_itself(read) else _without_images(read)


def look_after(credential: Credential) -> Verdict | None:
    """Start to read, behind, what is due of a token that nobody looks at because it is in trouble.
    Return what the cloud last said of it, None when it said nothing yet."""
    head = store.peek_head(credential.cache_key, fetching.clock())
    if head is None or freshness.is_due(head, fetching.clock()):
        turns.refresh_behind(credential)
    return verdict(_without_images(head)) if head else None


def forget_refusal(cache_key: str) -> None:
    """Forget that the token was refused: by now it is known to work."""
    head = store.peek_head(cache_key, fetching.clock())
    if head and _without_images(head).token_failure:
        store.save_head(cache_key, without_refusals(head, fetching.clock()))


def verify(secret: str) -> Verdict:
    """Ask the cloud whether a token works: list the regions, then one image of each. It is valid
    when it may list in any of them."""
    account = fetching.account(secret)
    try:
        regions, _ = list_regions(account)
    except CloudError as error:
        log.info("token verified", outcome=error.kind, upstream_request_id=error.request_id)
        return _against(error.kind, error.request_id)
    with ThreadPoolExecutor(REGIONS_AT_ONCE, thread_name_prefix="verify") as pool:
        answers = list(pool.map(lambda region: _try_region(account, region), regions))
    found = _judged(regions, answers)
    log.info("token verified", outcome=found.state, upstream_request_id=found.request_id)
    return found


def compare(old: Credential | None, new: Credential, *, again: bool) -> Comparison:
    """What either token lists now, region by region: with `again` the cloud is asked for both,
    without where it is not known. None is a token that cannot be read."""
    stored = inventory(old, again=again) if old else None
    return comparing.comparison(stored, inventory(new, again=again))


def verdict(inventory: Inventory) -> Verdict | None:
    """Return what the cloud said of the token when it was last read with: as `verify` has it, one
    that may list in some regions only is valid. None where the fault was ours, somebody else is
    still reading, or the cloud did not answer and what is shown is from before."""
    listed = [each.head for each in inventory.regions if each.head.version and not each.failure]
    failure = inventory.token_failure or (None if listed else inventory.last_failure)
    regions = tuple(map(_listable, inventory.regions))
    if failure is None:
        return Verdict("valid", "", next((head.request_id for head in listed), ""), regions)
    silent = failure.kind not in STATES and inventory.failure is None
    if silent or failure.kind in OURS:
        return None
    told = () if is_refused(inventory.head) else regions
    return replace(_against(failure.kind, failure.request_id), regions=told)


def _has_failed_itself(head: Head) -> bool:
    failures = [head.failure, *(entry.failure for entry in head.regions)]
    return any(each is not None and each.kind == Internal.kind for each in failures)


def _without_images(head: Head) -> Inventory:
    return Inventory(head, Index([]), fetching.clock(), settings.INVENTORY_FRESH_SECONDS)


def _try_region(account: Account, region: Region) -> str | CloudError:
    """The `requestId` of a listing that worked, or why it did not."""
    try:
        return may_list_images(account, region.id)
    except CloudError as error:
        return error


def _judged(regions: list[Region], answers: list[str | CloudError]) -> Verdict:
    listable = tuple(
        Listable(region.id, region.name, _may_list(answer))
        for region, answer in zip(regions, answers, strict=True)
    )
    request_ids = [answer for answer in answers if isinstance(answer, str)]
    if request_ids or not answers:
        return Verdict("valid", "", next(iter(request_ids), ""), listable)
    error = telling(answer for answer in answers if isinstance(answer, CloudError))
    assert error, "no region was listed"  # noqa: S101
    return replace(_against(error.kind, error.request_id), regions=listable)


def _listable(state: RegionState) -> Listable:
    region, failure = state.head.region, state.failure
    if failure:
        return Listable(region.id, region.name, False if failure.kind in STATES else None)
    return Listable(region.id, region.name, True if state.head.version else None)


def _may_list(answer: str | CloudError) -> bool | None:
    if isinstance(answer, str):
        return True
    return False if answer.kind in STATES else None


def _against(kind: str, request_id: str) -> Verdict:
    return Verdict(STATES.get(kind, "unreachable"), kind, request_id)
