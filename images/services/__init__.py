"""The service module: the inventory of one token, cached in Django's cache, with its age.

Fresh is shown as it is. Stale is shown at once while one refresh runs behind, one per token across
all processes. With nothing cached one caller fetches and the others wait for it.

    fetching    asks the cloud, one at a time per token
    store       Django's cache: heads, bodies, locks
    memory      what this process holds decoded
    snapshots   what is stored, and in which bytes
    inventory   what a page is made from
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import structlog
from django.conf import settings

from images.cloud.errors import CloudError
from images.cloud.listing import list_regions, may_list_images
from images.services import fetching, memory, store
from images.services.fetching import Credential
from images.services.inventory import Inventory
from images.wording import EXPLANATIONS

log = structlog.get_logger("images.services")

# Asking again sooner than this shows what was just fetched.
COOL_DOWN_SECONDS = 5

STATES = {"refused": "refused", "forbidden": "forbidden", "arrears": "unverified"}


@dataclass(frozen=True)
class Verdict:
    """What the cloud says of a token. `state` is valid, refused, forbidden, unverified (accepted,
    but it could not be tried) or unreachable; `reason` a sentence for a person, "" when valid."""

    state: str
    reason: str
    request_id: str


def inventory(credential: Credential, *, again: bool = False) -> Inventory:
    """Everything the token can list, as it is known now. Never raises for the cloud's trouble:
    each region carries its state and failure, and so does the inventory when nothing is known.

    `again` asks the cloud now, unless it was asked within COOL_DOWN_SECONDS.
    """
    key, now = credential.cache_key, fetching.clock()
    head = store.load_head(key, now)
    if head is None or (again and now - head.asked_at >= COOL_DOWN_SECONDS):
        head, again = fetching.fetch_or_wait(credential, now), True
    elif fetching.is_due(head):
        fetching.refresh_behind(credential)
    found = memory.index(key, head, store.load_body, wait=again)
    if found is None:
        # A body is gone from the cache, and the head alone shows nothing.
        head = fetching.fetch_or_wait(credential, fetching.clock())
        found = memory.index(key, head, store.load_body, wait=True)
    if found is None:
        # The cache takes nothing and another process did the fetching: this one does its own.
        head = fetching.fetch(credential, everything=True)
        found = memory.index(key, head, store.load_body, wait=True)
    assert found is not None, "what this process fetched it holds"  # noqa: S101
    return Inventory(*found, fetching.clock(), settings.INVENTORY_FRESH_SECONDS)


def refresh(credential: Credential) -> int:
    """Ask the cloud now. When it was asked less than COOL_DOWN_SECONDS ago it is not asked again:
    then in how many seconds it would be, else 0."""
    head, now = store.load_head(credential.cache_key, fetching.clock()), fetching.clock()
    left = head.asked_at + COOL_DOWN_SECONDS - now if head else 0.0
    if left <= 0:
        inventory(credential, again=True)
    return max(0, ceil(left))


def verify(secret: str) -> Verdict:
    """Ask the cloud whether a token works: list the regions, then one image of the first."""
    account = fetching.account(secret)
    try:
        regions, _ = list_regions(account)
        request_id = may_list_images(account, regions[0].id) if regions else ""
    except CloudError as error:
        log.info("token verified", outcome=error.kind, request_id=error.request_id)
        return _against(error.kind, error.request_id)
    log.info("token verified", outcome="valid", request_id=request_id)
    return Verdict("valid", "", request_id)


def verdict(inventory: Inventory) -> Verdict:
    """What the cloud said of the token when it was last read with."""
    failure = inventory.token_failure or inventory.failure
    if failure:
        return _against(failure.kind, failure.request_id)
    return Verdict("valid", "", next((each.head.request_id for each in inventory.regions), ""))


def _against(kind: str, request_id: str) -> Verdict:
    explanation = EXPLANATIONS[kind]
    state = STATES.get(kind, "unreachable")
    return Verdict(state, str(explanation.sentence), request_id)
