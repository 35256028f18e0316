"""How far the running jobs are: the cloud is asked once an interval, however many people watch.

Whoever looks when it is time asks for all running jobs of a region; everyone else sees what is
known. A job that has ended makes the list of its region old: it is read anew, once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed

import structlog

from images.cloud.client import Account
from images.cloud.errors import CloudError
from images.cloud.jobs import read_jobs
from images.cloud.reading import SLUG
from images.cloud.records import Image, Job
from images.services import fetching, freshness, store, turns
from images.services.fetching import Credential
from images.services.inventory import Inventory
from images.services.progress import Known, Progress, first_seen, seen_again
from images.services.running import running_images
from images.services.snapshots import FIRST_PAUSE

log = structlog.get_logger("images.services")

JOB_POLL_SECONDS = 3
POLL_DEADLINE_SECONDS = 5
JOBS_A_CALL = 50
# With more running jobs than this the ones that were not asked for longest have their turn.
JOBS_A_POLL = 4 * JOBS_A_CALL


def progress(credential: Credential, inventory: Inventory) -> dict[str, Progress]:
    """What is known of the running jobs, by the job's uuid. Asks the cloud where it is time to;
    its trouble leaves what was known."""
    key, images = credential.cache_key, _by_region(inventory)
    states = {region: store.load_jobs(key, region) for region in images}
    if not inventory.token_failure:
        due = [region for region in images if fetching.clock() >= states[region].again_at]
        mine = [region for region in due if store.take_lock(_lock(key, region))]
        try:
            states |= _ask(credential, inventory, {region: images[region] for region in mine})
        finally:
            for region in mine:
                store.drop_lock(_lock(key, region))
        _refresh_where_ended(credential, inventory, states)
    return {uuid: each for state in states.values() for uuid, each in state.jobs.items()}


def known(credential: Credential, inventory: Inventory) -> dict[str, Progress]:
    """The same without asking: as the lists tell, and whoever did ask."""
    regions = _by_region(inventory)
    found = [store.load_jobs(credential.cache_key, region) for region in regions]
    return {uuid: each for state in found for uuid, each in state.jobs.items()}


def _by_region(inventory: Inventory) -> dict[str, dict[str, Image]]:
    """Region -> job uuid -> image. A uuid that does not fit into a list cannot be asked for."""
    found: defaultdict[str, dict[str, Image]] = defaultdict(dict)
    for image in running_images(inventory.index).values():
        if image.job and SLUG.fullmatch(image.job.uuid):
            found[image.region][image.job.uuid] = image
    return found


def _lock(key: str, region: str) -> str:
    return f"{key}:jobs:{region}"


def _ask(
    credential: Credential, inventory: Inventory, images: Mapping[str, Mapping[str, Image]]
) -> dict[str, Known]:
    """The caller has the locks of these regions. All of them are asked side by side."""
    key, caller = credential.cache_key, fetching.account(credential.secret, POLL_DEADLINE_SECONDS)
    read_at = {state.id: state.head.fetched_at for state in inventory.regions}
    # Someone else may have asked just before the lock was ours.
    known = {region: store.load_jobs(key, region) for region in images}
    now = fetching.clock()
    due = [region for region in images if now >= known[region].again_at]
    with ThreadPoolExecutor(max_workers=max(1, len(due)), thread_name_prefix="jobs") as pool:
        asking = {
            pool.submit(_read, caller, region, _turn(images[region], known[region])): region
            for region in due
        }
        for future in as_completed(asking):
            region = asking[future]
            jobs = _jobs_of(images[region], known[region], read_at[region])
            try:
                jobs |= {job.uuid: seen_again(jobs[job.uuid], job, now) for job in future.result()}
                known[region] = Known(jobs, now + JOB_POLL_SECONDS)
            except CloudError as error:
                log.warning("jobs failed", region=region, failure=str(error))
                known[region] = Known(jobs, now + FIRST_PAUSE)
            store.save_jobs(key, region, known[region])
    return known


def _turn(images: Mapping[str, Image], known: Known) -> list[str]:
    """The jobs to ask for now: of those that have not ended, those asked for longest ago."""
    seen = known.jobs
    left = [uuid for uuid in images if uuid not in seen or not seen[uuid].job.done]
    return sorted(left, key=lambda uuid: seen[uuid].seen_at if uuid in seen else 0)[:JOBS_A_POLL]


def _read(account: Account, region: str, uuids: list[str]) -> list[Job]:
    calls = [uuids[at : at + JOBS_A_CALL] for at in range(0, len(uuids), JOBS_A_CALL)]
    return [job for part in calls for job in read_jobs(account, region, part)]


def _jobs_of(images: Mapping[str, Image], known: Known, read_at: float) -> dict[str, Progress]:
    """The list itself is the first that is seen of a job."""
    return {
        uuid: known.jobs.get(uuid) or first_seen(image.job, read_at)
        for uuid, image in images.items()
        if image.job
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
