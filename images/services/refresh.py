"""One refresh of a token's inventory: read, merge, publish.

    read      asks the cloud for the list of regions and for each list that is stale; what comes is
              told to the receivers of `signals.region_read`, and stored where nobody finds it yet
    merge     makes the new head of the one before, what was read, and what another refresh
              published meanwhile: a pure function
    publish   saves the head, holds the images that it names, and notes how far their jobs are

`single_flight` says who refreshes. A refresh may be killed at any moment, and a second one may be
under way (see `lease`): that costs the cloud some calls, and nobody a list. A region, by its state:

    state        known by                 read asks                merge makes of the answer
    nothing      no version               now                      the list
    fresh        version, young           if a job ended since     the list
    stale        version, old             now                      the list
    failed       failure                  from `again_at` on       the list; or the last one, with a
                                                                   failure and a longer pause
    refused      failure in REFUSALS      as failed; nothing, if   the same
                                          the regions' list is
    unconfirmed  unconfirmed              CONFIRM_SECONDS later    the last list, until a second one
                                                                   confirms the new
    lost         version without a body   when publish finds out   the list, confirmed or not
    gone         not among the regions    nothing                  nothing; or the last list, where
                                                                   the regions were not all readable
    too large    beyond Limits            as failed                as failed
    overtaken    read by another since    -                        the other's list
    broken       any; the fault is ours   as failed                the last list, with a failure
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

import structlog
from msgspec.structs import replace

from images.cloud.client import KIB, MIB, Limits
from images.cloud.errors import CloudError, Internal, TooLarge, Unavailable
from images.cloud.listing import list_regions
from images.cloud.records import Region
from images.cloud.worker_process import Packed, read_regions
from images.search.index import Index
from images.services import breaker, freshness, memory, signals, store
from images.services.asking import account, failure
from images.services.progress import listed, running_jobs
from images.services.signals import Reading
from images.services.snapshots import (
    Failure,
    Head,
    RegionHead,
    is_refused,
    is_silence,
)

log = structlog.get_logger("images.services")

Moments = Mapping[str, float]
"""Unix seconds by region."""
NEVER: Moments = MappingProxyType({})


class Credential(Protocol):
    """What reading needs to know of a token."""

    @property
    def secret(self) -> str: ...
    @property
    def cache_key(self) -> str: ...


@dataclass
class Answers:
    """What the cloud answered to a refresh that began at `began_at` (Unix seconds).

    `regions` is the list of regions, or why it could not be read, and None where it was not asked
    for; `unreadable` counts its entries that were no region. `lists` has, by region, the head of
    the list that was read, or why it could not be. `lost` are regions whose last list is gone.
    """

    began_at: float
    regions: Sequence[Region] | Failure | None = None
    regions_at: float = 0.0
    unreadable: int = 0
    lists: dict[str, RegionHead | Failure] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)


def refresh(
    credential: Credential, *, everything: bool = False, since: Moments = NEVER, within: float = 0.0
) -> Head:
    """Read what is stale, or will be `within` so many seconds, or `everything`; return the head.

    A region that was read before its time in `since` is stale. What goes wrong with us is
    remembered as what goes wrong with the cloud is: else everyone who looks would ask it again.
    """
    key = credential.cache_key
    before = store.load_head(key) or Head()
    try:
        answers = read(credential, before, everything, since, within)
        published = store.load_head(key) or Head()
        return publish(key, merge(before, answers, published, freshness.clock()))
    except Exception as error:
        log.exception("reading failed")
        before, broken = store.load_head(key) or before, Internal(type(error).__name__)
        answers = Answers(freshness.clock(), failure(broken, before.failure))
        for entry in before.regions:
            answers.lists[entry.region.id] = failure(broken, entry.failure)
        return _save(key, merge(before, answers, Head(), answers.began_at))[0]


def read(
    credential: Credential, before: Head, everything: bool, since: Moments, within: float
) -> Answers:
    """Ask the cloud for the list of regions, then side by side for the lists that are stale."""
    caller, answers = account(credential.secret), Answers(freshness.clock())
    if not breaker.lets_ask():
        answers.regions = failure(Unavailable("it answers nobody at present"), before.failure)
        return answers
    if everything or freshness.region_list_is_stale(before):
        try:
            answers.regions, answers.unreadable = list_regions(caller)
            answers.regions_at = freshness.clock()
        except CloudError as error:
            log.warning("region list failed", failure=str(error))
            answers.regions = failure(error, before.failure)
    head = _with_regions(before, answers)
    known = {entry.region.id: entry for entry in head.regions}
    asked = {
        region: entry.page_limit
        for region, entry in known.items()
        if everything
        or freshness.region_is_stale(entry, within)
        or freshness.is_outdated(entry, since.get(region, 0))
    }
    for region, outcome in read_regions(caller, asked) if asked and not is_refused(head) else ():
        try:
            listing = within_limits(outcome, known, region, caller.limits)
            answers.lists[region] = _taken_in(credential.cache_key, known[region], listing, answers)
        except Exception as error:
            answers.lists[region] = _region_failure(known[region], error)
        known[region] = _with_list(known[region], answers)
    outcomes = [*filter(None, [answers.regions]), *answers.lists.values()]
    if outcomes:
        breaker.note(answered=not all(map(is_silence, outcomes)))
    return answers


def merge(before: Head, answers: Answers, published: Head, now: float) -> Head:
    """Return the head after a refresh; `published` is the head as it is stored by now."""
    head = _with_regions(before, answers)
    newer = {
        entry.region.id: entry
        for entry in published.regions
        if answers.began_at < entry.fetched_at <= now
    }
    regions = tuple(
        newer.get(entry.region.id) or _with_list(entry, answers) for entry in head.regions
    )
    return replace(head, regions=regions, asked_at=now)


def publish(key: str, head: Head) -> Head:
    """Show the head to everyone, and note the jobs in its lists; return it without what is lost.

    A job that stalls shows also where nobody looks.
    """
    head, index = _save(key, head)
    running = running_jobs(index)
    for entry in head.regions:
        region = entry.region.id
        known = store.load_jobs(key, region)
        now_known = listed(known, running.get(region, {}), entry.fetched_at)
        if now_known != known:
            store.save_jobs(key, region, now_known)
    return head


def within_limits(
    outcome: Packed | CloudError, known: Mapping[str, RegionHead], region: str, most: Limits
) -> Packed:
    """Return the list of a region, or raise why there is none.

    Raise TooLarge when it and the lists that are `known` of the others are together more than is
    held.
    """
    if isinstance(outcome, CloudError):
        raise outcome
    others = [entry for id_, entry in known.items() if id_ != region]
    count = outcome.count + sum(entry.count for entry in others)
    if count > most.images:
        raise TooLarge(f"regions with more than {most.images} images together")
    if outcome.size + sum(entry.size for entry in others) > most.size:
        raise TooLarge(f"regions whose lists take more than {most.size // MIB} MiB together")
    if outcome.weight + sum(entry.weight for entry in others) > most.weight(count):
        raise TooLarge(f"regions whose images take more than {most.image // KIB} KiB each")
    return outcome


def _taken_in(key: str, before: RegionHead, listing: Packed, answers: Answers) -> RegionHead:
    """Tell the receivers of a list, and store it unless it has to be confirmed first."""
    region, version = before.region.id, listing.version
    log.info(
        "region read",
        region=region,
        images=listing.count,
        seconds=round(listing.seconds, 3),
        calls=listing.calls,
        upstream_request_id=listing.request_id,
    )
    read = RegionHead(
        region=before.region,
        version=version,
        fetched_at=freshness.clock(),
        seconds=listing.seconds,
        calls=listing.calls,
        count=listing.count,
        size=listing.size,
        weight=listing.weight,
        request_id=listing.request_id,
        problems=dict(listing.problems),
        moved=listing.moved,
        page_limit=listing.page_limit,
    )
    images = memory.decoded(key, region, version, listing.body)
    reading = Reading(region, version, answers.began_at, read.fetched_at, images, read.is_whole)
    read = replace(read, unconfirmed=signals.tell(key, reading))
    if read.unconfirmed and before.version:
        if store.is_there(key, before):
            vanished = read.unconfirmed.vanished
            log.warning("region unconfirmed", region=region, vanished=vanished)
            return read
        answers.lost.add(region)
    if version != before.version or not store.keep_body(key, region, version):
        store.save_body(key, region, version, listing.body)
    memory.hold(key, region, version, images)
    return read


def _region_failure(before: RegionHead, error: Exception) -> Failure:
    if not isinstance(error, CloudError):
        log.error("list not kept", region=before.region.id, exc_info=error)
        error = Internal(f"the list could not be kept: {type(error).__name__}")
    log.warning("region failed", region=before.region.id, failure=str(error))
    return failure(error, before.failure)


def _with_regions(before: Head, answers: Answers) -> Head:
    """Return the head with the list of regions that was read, or why it could not be."""
    if answers.regions is None:
        return before
    if isinstance(answers.regions, Failure):
        return replace(before, failure=answers.regions)
    known = {entry.region.id: entry for entry in before.regions}
    entries = [
        replace(known.pop(region.id, RegionHead(region)), region=region)
        for region in answers.regions
    ]
    if answers.unreadable:
        # One of them may be a region that was known: its last good list stays.
        entries += known.values()
    return Head(tuple(entries), answers.regions_at, before.asked_at, None, answers.unreadable)


def _with_list(before: RegionHead, answers: Answers) -> RegionHead:
    """Return the region with the list that was read.

    Where that failed, or is to be confirmed, the last one stays, unless there is none.
    """
    region = before.region.id
    read = answers.lists.get(region)
    if read is None:
        return before
    if isinstance(read, Failure):
        return replace(before, failure=read)
    if read.unconfirmed and before.version and region not in answers.lost:
        return replace(before, failure=None, unconfirmed=read.unconfirmed)
    return read


def _save(key: str, head: Head) -> tuple[Head, Index]:
    """Save the head and hold what it names; without the lists that are lost, and not read again."""
    store.save_head(key, head)
    found = memory.index(key, head, store.load_body, wait=True)
    if found is None:
        head = store.without_lost(key, head)
        store.save_head(key, head)
        found = memory.index(key, head, store.load_body, wait=True)
    assert found is not None, "it names nothing but what is there"  # noqa: S101
    return found
