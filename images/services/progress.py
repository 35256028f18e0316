"""Running jobs of images: how far each is, how fast it moves and whether it still does. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import msgspec

from images.cloud.records import Image, Job
from images.search.gathered_index import GatheredIndex
from images.search.index import Index

STALLED_SECONDS = 120
# An estimate of more than this says nothing but that the job hardly moves.
LONGEST_ESTIMATE = 7 * 86_400

Place = tuple[str, str]
"""The region and the uuid of an image."""


class Progress(msgspec.Struct, frozen=True, array_like=True):
    """One job as it was last seen.

    Times are Unix seconds: `first_at` when it was first seen, then at `first` percent; `moved_at`
    when its progress last changed; `seen_at` now, as far as we know.
    """

    job: Job
    first: float | None
    first_at: float
    moved_at: float
    seen_at: float

    @property
    def left_seconds(self) -> float | None:
        """An estimate at the pace since the job was first seen; None while there is no pace."""
        if self.first is None or self.job.progress is None:
            return None
        gained, seconds = self.job.progress - self.first, self.seen_at - self.first_at
        left = 100 - self.job.progress
        if gained <= 0 or seconds <= 0 or left * seconds > LONGEST_ESTIMATE * gained:
            return None
        return left * seconds / gained

    @property
    def stalled_minutes(self) -> int:
        """Whole minutes without progress, 0 as long as that says nothing."""
        still = self.seen_at - self.moved_at
        stalled = self.job.progress is not None and still >= STALLED_SECONDS
        return int(still // 60) if stalled else 0


class Known(msgspec.Struct, frozen=True, array_like=True):
    """How far the running jobs of one region are, by the uuid of their image.

    A job need not have an id. `again_at` says when to ask the cloud again.
    """

    jobs: dict[str, Progress] = {}
    again_at: float = 0.0


def running_images(index: Index | GatheredIndex) -> Mapping[Place, Image]:
    """Return the images with a running job, found once for an index."""
    found: dict[Place, Image] | None = index.cache.get("running jobs")
    if found is None:
        busy = [image for image in index.images if image.job and image.job.state == "running"]
        found = {(image.region, image.uuid): image for image in busy}
        index.cache.put("running jobs", found, 200 * len(found))
    return found


def running_jobs(index: Index) -> dict[str, dict[str, Job]]:
    """Return the running jobs by region and uuid of their image."""
    found: defaultdict[str, dict[str, Job]] = defaultdict(dict)
    for (region, uuid), image in running_images(index).items():
        if image.job:
            found[region][uuid] = image.job
    return found


def first_seen(job: Job, at: float) -> Progress:
    return Progress(job, job.progress, at, at, at)


def is_same(job: Job, other: Job) -> bool:
    """Whether two jobs of one image are one: by their id, or without one by what is done."""
    if job.uuid or other.uuid:
        return job.uuid == other.uuid
    return job.type == other.type


def seen_again(before: Progress, job: Job, at: float) -> Progress:
    """Return a job as it is seen now.

    One that went back, or of which nothing was known, has its pace counted anew.
    """
    if job.progress is None or before.job.progress is None or job.progress < before.job.progress:
        return first_seen(job, at)
    moved_at = at if job.progress > before.job.progress else before.moved_at
    return msgspec.structs.replace(before, job=job, moved_at=moved_at, seen_at=at)


def listed(known: Known | None, running: Mapping[str, Job], read_at: float) -> Known:
    """Return what is known of a region's jobs after its list was read at `read_at` (Unix seconds).

    `running` are the jobs in the list, by image. One that is known to have ended is left as it is:
    the list is late with it. Where nothing was known any more, or not yet, the list is all there
    is.
    """
    known, jobs = known or Known(), {}
    for uuid, job in running.items():
        before = known.jobs.get(uuid)
        if before is None or not is_same(before.job, job):
            jobs[uuid] = first_seen(job, read_at)
        elif before.job.done or before.seen_at >= read_at:
            jobs[uuid] = before
        else:
            jobs[uuid] = seen_again(before, job, read_at)
    return Known(jobs, known.again_at)
