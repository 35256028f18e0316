"""How far the running jobs are: the cloud is asked once an interval, however many people watch.

Whoever looks when it is time asks for all running jobs of a region; everyone else sees what is
known. A job that has ended makes the list of its region old: it is read anew, once. A job without
an id cannot be asked for: it is followed from list to list.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor, as_completed

import structlog

from images.cloud.client import Account
from images.cloud.errors import CloudError
from images.cloud.jobs import read_jobs
from images.cloud.records import Job
from images.cloud.values import SLUG
from images.services import freshness, single_flight, store
from images.services.asking import account
from images.services.gathered import AccountInventory, GatheredInventory
from images.services.progress import Known, Place, Progress, listed, running_jobs, seen_again
from images.services.snapshots import FIRST_PAUSE, REFUSALS

log = structlog.get_logger("images.services")

JOB_POLL_SECONDS = 3
POLL_DEADLINE_SECONDS = 5
JOBS_A_CALL = 50
ASKED_AT_ONCE = 16  # regions of all accounts together
# With more running jobs than this the ones that were not asked for longest have their turn.
JOBS_A_POLL = 4 * JOBS_A_CALL

Jobs = Mapping[str, Job]
"""The running jobs of one region by the uuid of their image, as its list has them."""


def progress(inventory: GatheredInventory, *, ask: bool = True) -> dict[Place, Progress]:
    """Return what is known of the running jobs, by their image.

    With `ask` the cloud is asked where it is time to, for all accounts side by side; its trouble
    leaves what was known.
    """
    found: dict[Place, Progress] = {}
    running = {
        each: jobs for each in inventory.everything if (jobs := running_jobs(each.inventory.index))
    }
    known = {each: _known(each, jobs) for each, jobs in running.items()}
    if ask:
        sound = {each: jobs for each, jobs in running.items() if not each.inventory.token_failure}
        for each, answered in _asked(sound, known).items():
            known[each] |= answered
        for each in sound:
            _refresh_after(each, known[each])
    for regions in known.values():
        for region, of in regions.items():
            found |= {(region, uuid): job for uuid, job in of.jobs.items()}
    return found


def _refresh_after(account: AccountInventory, known: Mapping[str, Known]) -> None:
    """Have the lists read anew that show a job which has ended since."""
    ended = {
        region: max((each.seen_at for each in of.jobs.values() if each.job.done), default=0.0)
        for region, of in known.items()
    }
    heads = [state.head for state in account.inventory.regions]
    if any(freshness.is_outdated(head, ended.get(head.region.id, 0.0)) for head in heads):
        single_flight.refresh_in_background(account.account, ended)


def _known(account: AccountInventory, running: Mapping[str, Jobs]) -> dict[str, Known]:
    """Return what is known by region.

    The list itself is the first that is seen of a job, also where the cache has lost what was seen.
    """
    key = account.account.cache_key
    read_at = {state.id: state.head.fetched_at for state in account.inventory.regions}
    return {
        region: listed(store.load_jobs(key, region), jobs, read_at[region])
        for region, jobs in running.items()
    }


def _asked(
    running: Mapping[AccountInventory, Mapping[str, Jobs]],
    known: Mapping[AccountInventory, Mapping[str, Known]],
) -> dict[AccountInventory, dict[str, Known]]:
    """Ask for the jobs of regions where it is time to; return what is then known of those."""
    now = freshness.clock()
    mine = {each: _mine(each, jobs, known[each], now) for each, jobs in running.items()}
    try:
        # Someone else may have asked just before the lock was ours.
        latest = {each: _known(each, jobs) for each, jobs in mine.items()}
        due = [
            (each, region)
            for each, regions in latest.items()
            for region, of in regions.items()
            if now >= of.again_at
        ]
        callers = {
            each: account(each.account.secret, POLL_DEADLINE_SECONDS) for each, _region in due
        }
        with ThreadPoolExecutor(_threads(len(due)), thread_name_prefix="jobs") as pool:
            asking = {
                pool.submit(
                    _read, callers[each], region, _turn(mine[each][region], latest[each][region])
                ): (each, region)
                for each, region in due
            }
            for future in as_completed(asking):
                each, region = asking[future]
                seen = latest[each][region] = _seen(region, latest[each][region], future, now)
                store.save_jobs(each.account.cache_key, region, seen)
        return latest
    finally:
        for each, regions in mine.items():
            for region in regions:
                store.drop_lock(f"{each.account.cache_key}:jobs:{region}")


def _mine(
    account: AccountInventory, running: Mapping[str, Jobs], known: Mapping[str, Known], now: float
) -> dict[str, Jobs]:
    """Return the jobs of the regions that are this caller's to ask for, which it has locked."""
    failures = {state.id: state.failure for state in account.inventory.regions}
    return {
        region: jobs
        for region, jobs in running.items()
        if now >= known[region].again_at
        and not ((failure := failures[region]) and failure.kind in REFUSALS)
        and any(SLUG.fullmatch(job.uuid) for job in jobs.values())
        and store.take_lock(f"{account.account.cache_key}:jobs:{region}")
    }


def _threads(calls: int) -> int:
    return min(max(1, calls), ASKED_AT_ONCE)


def _turn(running: Jobs, known: Known) -> list[str]:
    """Return the ids of the jobs to ask for now: those that were asked for longest ago."""
    asked: dict[str, float] = {}
    for uuid, job in running.items():
        seen = known.jobs.get(uuid)
        has_ended = seen and seen.job.uuid == job.uuid and seen.job.done
        # An id that does not fit into a list cannot be asked for.
        if not has_ended and SLUG.fullmatch(job.uuid):
            asked[job.uuid] = seen.seen_at if seen else 0.0
    return sorted(asked, key=asked.__getitem__)[:JOBS_A_POLL]


def _read(account: Account, region: str, uuids: list[str]) -> dict[str, Job]:
    calls = [uuids[at : at + JOBS_A_CALL] for at in range(0, len(uuids), JOBS_A_CALL)]
    return {job.uuid: job for part in calls for job in read_jobs(account, region, part)}


def _seen(region: str, before: Known, answer: Future[dict[str, Job]], now: float) -> Known:
    """Return what is known of a region's jobs after an answer; one job may work on many images."""
    try:
        answered = answer.result()
    except CloudError as error:
        log.warning("jobs failed", region=region, failure=str(error))
        return Known(before.jobs, now + FIRST_PAUSE)
    jobs = {
        uuid: seen_again(each, answered[each.job.uuid], now) if each.job.uuid in answered else each
        for uuid, each in before.jobs.items()
    }
    return Known(jobs, now + JOB_POLL_SECONDS)
