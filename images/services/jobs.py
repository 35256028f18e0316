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
from images.services.inventory import Inventory
from images.services.progress import Known, Place, Progress, listed, running_jobs, seen_again
from images.services.refresh import Credential
from images.services.snapshots import FIRST_PAUSE, REFUSALS

log = structlog.get_logger("images.services")

JOB_POLL_SECONDS = 3
POLL_DEADLINE_SECONDS = 5
JOBS_A_CALL = 50
# With more running jobs than this the ones that were not asked for longest have their turn.
JOBS_A_POLL = 4 * JOBS_A_CALL

Jobs = Mapping[str, Job]
"""The running jobs of one region by the uuid of their image, as its list has them."""


def progress(
    credential: Credential, inventory: Inventory, *, ask: bool = True
) -> dict[Place, Progress]:
    """Return what is known of the running jobs, by their image.

    With `ask` the cloud is asked where it is time to; its trouble leaves what was known.
    """
    running = running_jobs(inventory.index)
    known = _known(credential.cache_key, inventory, running)
    if ask and not inventory.token_failure:
        known |= _asked(credential, inventory, running, known)
        ended = {
            region: max((each.seen_at for each in of.jobs.values() if each.job.done), default=0.0)
            for region, of in known.items()
        }
        heads = [state.head for state in inventory.regions]
        if any(freshness.is_outdated(head, ended.get(head.region.id, 0.0)) for head in heads):
            single_flight.refresh_in_background(credential, ended)
    return {(region, uuid): each for region, of in known.items() for uuid, each in of.jobs.items()}


def _known(key: str, inventory: Inventory, running: Mapping[str, Jobs]) -> dict[str, Known]:
    """Return what is known by region.

    The list itself is the first that is seen of a job, also where the cache has lost what was seen.
    """
    read_at = {state.id: state.head.fetched_at for state in inventory.regions}
    return {
        region: listed(store.load_jobs(key, region), jobs, read_at[region])
        for region, jobs in running.items()
    }


def _asked(
    credential: Credential,
    inventory: Inventory,
    running: Mapping[str, Jobs],
    known: Mapping[str, Known],
) -> dict[str, Known]:
    """Ask for the jobs of regions where it is time to; return what is then known of those."""
    key, now = credential.cache_key, freshness.clock()
    failures = {state.id: state.failure for state in inventory.regions}
    mine = {
        region: jobs
        for region, jobs in running.items()
        if now >= known[region].again_at
        and not ((failure := failures[region]) and failure.kind in REFUSALS)
        and any(SLUG.fullmatch(job.uuid) for job in jobs.values())
        and store.take_lock(f"{key}:jobs:{region}")
    }
    try:
        # Someone else may have asked just before the lock was ours.
        latest = _known(key, inventory, mine)
        due = [region for region in mine if now >= latest[region].again_at]
        caller = account(credential.secret, POLL_DEADLINE_SECONDS)
        with ThreadPoolExecutor(max(1, len(due)), thread_name_prefix="jobs") as pool:
            asking = {
                pool.submit(_read, caller, region, _turn(mine[region], latest[region])): region
                for region in due
            }
            for future in as_completed(asking):
                region = asking[future]
                latest[region] = _seen(region, latest[region], future, now)
                store.save_jobs(key, region, latest[region])
        return latest
    finally:
        for region in mine:
            store.drop_lock(f"{key}:jobs:{region}")


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
