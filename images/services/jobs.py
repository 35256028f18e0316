"""How far the running jobs are: the cloud is asked once an interval, however many people watch.

Whoever looks when it is time asks for all running jobs of a region; everyone else sees what is
known. A job that has ended makes the list of its region old: it is read anew, once. A job without
an id cannot be asked for: it is followed from list to list.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed

import structlog

from images.cloud.client import Account
from images.cloud.errors import CloudError
from images.cloud.jobs import read_jobs
from images.cloud.records import Job
from images.cloud.values import SLUG
from images.services import fetching, freshness, store, turns
from images.services.fetching import Credential
from images.services.inventory import Inventory
from images.services.progress import Known, Progress, listed, seen_again
from images.services.running import Place, running_images
from images.services.snapshots import FIRST_PAUSE, REFUSALS

log = structlog.get_logger("images.services")

JOB_POLL_SECONDS = 3
POLL_DEADLINE_SECONDS = 5
JOBS_A_CALL = 50
# With more running jobs than this the ones that were not asked for longest have their turn.
JOBS_A_POLL = 4 * JOBS_A_CALL

Jobs = Mapping[str, Job]
"""The running jobs of one region by the uuid of their image, as its list has them."""


def progress(credential: Credential, inventory: Inventory) -> dict[Place, Progress]:
    """What is known of the running jobs, by their image. Asks the cloud where it is time to; its
    trouble leaves what was known."""
    key, running = credential.cache_key, _running(inventory)
    states = _states(key, inventory, running)
    refused = {
        state.id for state in inventory.regions if state.failure and state.failure.kind in REFUSALS
    }
    if not inventory.token_failure:
        due = [
            region
            for region, jobs in running.items()
            if any(map(_can_be_asked, jobs.values()))
            and region not in refused
            and fetching.clock() >= states[region].again_at
        ]
        mine = [region for region in due if store.take_lock(_lock(key, region))]
        try:
            states |= _ask(credential, inventory, {region: running[region] for region in mine})
        finally:
            for region in mine:
                store.drop_lock(_lock(key, region))
        _refresh_where_ended(credential, inventory, states)
    return _by_image(states)


def known(credential: Credential, inventory: Inventory) -> dict[Place, Progress]:
    """The same without asking: as the lists tell, and whoever did ask."""
    return _by_image(_states(credential.cache_key, inventory, _running(inventory)))


def _states(key: str, inventory: Inventory, running: Mapping[str, Jobs]) -> dict[str, Known]:
    """What is known by region. The list itself is the first that is seen of a job, also where the
    cache has lost what was seen."""
    read_at = {state.id: state.head.fetched_at for state in inventory.regions}
    return {
        region: listed(store.load_jobs(key, region), jobs, read_at[region])
        for region, jobs in running.items()
    }


def _by_image(states: Mapping[str, Known]) -> dict[Place, Progress]:
    return {
        (region, uuid): each
        for region, state in states.items()
        for uuid, each in state.jobs.items()
    }


def _running(inventory: Inventory) -> dict[str, dict[str, Job]]:
    """The running jobs by region and image."""
    found: defaultdict[str, dict[str, Job]] = defaultdict(dict)
    for (region, uuid), image in running_images(inventory.index).items():
        if image.job:
            found[region][uuid] = image.job
    return found


def _can_be_asked(job: Job) -> bool:
    """A uuid that does not fit into a list cannot be asked for."""
    return bool(SLUG.fullmatch(job.uuid))


def _lock(key: str, region: str) -> str:
    return f"{key}:jobs:{region}"


def _ask(
    credential: Credential, inventory: Inventory, running: Mapping[str, Jobs]
) -> dict[str, Known]:
    """The caller has the locks of these regions. All of them are asked side by side."""
    key, caller = credential.cache_key, fetching.account(credential.secret, POLL_DEADLINE_SECONDS)
    # Someone else may have asked just before the lock was ours.
    known = _states(key, inventory, running)
    now = fetching.clock()
    due = [region for region in running if now >= known[region].again_at]
    with ThreadPoolExecutor(max_workers=max(1, len(due)), thread_name_prefix="jobs") as pool:
        asking = {
            pool.submit(_read, caller, region, _turn(running[region], known[region])): region
            for region in due
        }
        for future in as_completed(asking):
            region = asking[future]
            jobs = known[region].jobs
            try:
                known[region] = Known(_seen(jobs, future.result(), now), now + JOB_POLL_SECONDS)
            except CloudError as error:
                log.warning("jobs failed", region=region, failure=str(error))
                known[region] = Known(jobs, now + FIRST_PAUSE)
            store.save_jobs(key, region, known[region])
    return known


def _turn(running: Jobs, known: Known) -> list[str]:
    """The jobs to ask for now, each once: of those that have not ended, those asked for longest
    ago."""
    asked: dict[str, float] = {}
    for uuid, job in running.items():
        seen = known.jobs.get(uuid)
        if seen and seen.job.uuid == job.uuid and seen.job.done:
            continue
        if _can_be_asked(job):
            asked[job.uuid] = seen.seen_at if seen else 0.0
    return sorted(asked, key=asked.__getitem__)[:JOBS_A_POLL]


def _read(account: Account, region: str, uuids: list[str]) -> dict[str, Job]:
    calls = [uuids[at : at + JOBS_A_CALL] for at in range(0, len(uuids), JOBS_A_CALL)]
    return {job.uuid: job for part in calls for job in read_jobs(account, region, part)}


def _seen(jobs: Mapping[str, Progress], answered: Jobs, at: float) -> dict[str, Progress]:
    """What is known of a region's jobs once the cloud has said of some, by their id, how far they
    are. One job may be at work on several images."""
    return {
        uuid: seen_again(each, answered[each.job.uuid], at) if each.job.uuid in answered else each
        for uuid, each in jobs.items()
    }


def _refresh_where_ended(
    credential: Credential, inventory: Inventory, known: Mapping[str, Known]
) -> None:
    since = {
        region: max((each.seen_at for each in state.jobs.values() if each.job.done), default=0.0)
        for region, state in known.items()
    }
    if any(freshness.outdated(state.head, since.get(state.id, 0.0)) for state in inventory.regions):
        turns.refresh_behind(credential, since)
