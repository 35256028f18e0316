"""Whether a token works: by asking the cloud, or by what it said when its lists were last read."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import structlog

from images.cloud.client import Account
from images.cloud.errors import CloudError, Internal, StillReading
from images.cloud.listing import list_regions, may_list_images
from images.cloud.records import Region
from images.services.asking import account
from images.services.inventory import Inventory, RegionState, telling
from images.services.snapshots import Failure, is_refused

log = structlog.get_logger("images.services")

# How many regions are tried side by side.
REGIONS_AT_ONCE = 4

# Kinds of failure that say nothing of the token, nor of the cloud.
OURS = frozenset({Internal.kind, StillReading.kind})

# Kinds of failure that say something of the token -> what they say.
STATES = {"refused": "refused", "forbidden": "forbidden", "arrears": "unverified"}


@dataclass(frozen=True)
class Listable:
    """A region, and whether the token may list its images; None when the cloud did not tell."""

    id: str
    name: str
    ok: bool | None


@dataclass(frozen=True)
class Verdict:
    """What the cloud says of a token.

    `state` is valid, refused, forbidden, unverified (accepted, but it could not be tried) or
    unreachable; `reason` the kind of the failure, "" when valid. `listed_at` is when a list was
    last read with it (Unix seconds), None where none was.
    """

    state: str
    reason: str
    request_id: str
    regions: tuple[Listable, ...] = ()
    listed_at: float | None = None


def verify(secret: str) -> Verdict:
    """Ask the cloud whether a token works: list the regions, then one image of each.

    It is valid when it may list in any of them.
    """
    caller = account(secret)
    try:
        regions, _ = list_regions(caller)
    except CloudError as error:
        log.info("token verified", outcome=error.kind, upstream_request_id=error.request_id)
        return _against(error.kind, error.request_id)
    with ThreadPoolExecutor(REGIONS_AT_ONCE, thread_name_prefix="verify") as pool:
        answers = list(pool.map(lambda region: _try_region(caller, region), regions))
    found = _judged(regions, answers)
    log.info("token verified", outcome=found.state, upstream_request_id=found.request_id)
    return found


def known_verdict(inventory: Inventory) -> Verdict | None:
    """Return what the cloud said of the token when its lists were last read.

    As with `verify`, one that may list in some regions only is valid. It is None where the fault
    was ours, somebody else is still reading, or the cloud did not answer and what is shown is from
    before.
    """
    listed = [each.head for each in inventory.regions if each.head.version and not each.failure]
    failure = inventory.token_failure or (None if listed else inventory.last_failure)
    regions = tuple(map(_listable, inventory.regions))
    if failure is None:
        newest = max(listed, key=lambda head: head.fetched_at, default=None)
        if newest is None:
            return Verdict("valid", "", "", regions)
        return Verdict("valid", "", newest.request_id, regions, newest.fetched_at)
    silent = failure.kind not in STATES and inventory.failure is None
    if silent or failure.kind in OURS:
        return None
    told = () if is_refused(inventory.head) else regions
    return _against(failure.kind, failure.request_id, told)


def _try_region(caller: Account, region: Region) -> str | CloudError:
    """Return the `requestId` of a listing that worked, or why it did not."""
    try:
        return may_list_images(caller, region.id)
    except CloudError as error:
        return error


def _judged(regions: list[Region], answers: list[str | CloudError]) -> Verdict:
    errors = [answer if isinstance(answer, CloudError) else None for answer in answers]
    listable = tuple(
        Listable(region.id, region.name, _may_list(error, is_listed=error is None))
        for region, error in zip(regions, errors, strict=True)
    )
    request_ids = [answer for answer in answers if isinstance(answer, str)]
    if request_ids or not answers:
        return Verdict("valid", "", next(iter(request_ids), ""), listable)
    error = telling(filter(None, errors))
    assert error, "no region was listed"  # noqa: S101
    return _against(error.kind, error.request_id, listable)


def _listable(state: RegionState) -> Listable:
    region = state.head.region
    listed = bool(state.head.version)
    return Listable(region.id, region.name, _may_list(state.failure, is_listed=listed))


def _may_list(failure: CloudError | Failure | None, *, is_listed: bool) -> bool | None:
    if failure:
        return False if failure.kind in STATES else None
    return True if is_listed else None


def _against(kind: str, request_id: str, regions: tuple[Listable, ...] = ()) -> Verdict:
    return Verdict(STATES.get(kind, "unreachable"), kind, request_id, regions)
