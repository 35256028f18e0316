"""What a page asks by itself while it is open: how far its jobs are, and whether there is news.

The address holds what the page shows, in short: when that is no longer what there is, the page gets
a new list instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b

from django.urls import reverse

from images.cloud.records import Image
from images.search.query import run
from images.services import jobs
from images.services.progress import Progress
from images.services.running import Place, running_images
from images.views.opening import Opened

Going = tuple[Image, Progress | None]
"""An image with a running job, and how far that is as far as is known."""


def shown(opened: Opened) -> list[Image]:
    """The images of the rows that have a running job."""
    running, images = running_images(opened.inventory.index), opened.inventory.images
    if not running:
        return []
    rows = [images[position] for position in run(opened.inventory.index, opened.query).rows]
    return [image for image in rows if (image.region, image.uuid) in running]


def is_running(image: Image | None) -> bool:
    return image is not None and image.job is not None and image.job.state == "running"


def running(opened: Opened, panel: Image | None) -> list[Image]:
    """The images that the page shows with a job under way; `panel` is the open one."""
    return [*shown(opened), *([panel] if panel and is_running(panel) else [])]


def address(opened: Opened, watched: Iterable[Image]) -> str:
    """Where to ask about a page that shows these jobs."""
    path = reverse("images:news", args=(as_of(opened), in_short(opened, watched)))
    return path + opened.suffix


def as_of(opened: Opened) -> int:
    """Grows with every refresh."""
    return int(opened.inventory.head.asked_at * 1000)


def in_short(opened: Opened, watched: Iterable[Image]) -> str:
    """The same for the same lists, as sure as they were, and the same jobs, in whatever order and
    however often."""
    places = sorted({f"{image.region}/{image.uuid}" for image in watched})
    versions = [
        f"{state.id}@{state.head.version}{'?' if state.unconfirmed else ''}"
        for state in opened.inventory.regions
    ]
    return blake2b(" ".join([*versions, *places]).encode(), digest_size=8).hexdigest()


def under_way(opened: Opened, images: Sequence[Image]) -> list[Going]:
    """How far their jobs are just now, for which the cloud may be asked."""
    progress = jobs.progress(opened.credential, opened.inventory) if images else {}
    return _going(images, progress)


def as_known(opened: Opened, images: Sequence[Image]) -> list[Going]:
    """How far their jobs were when anyone asked last."""
    return _going(images, jobs.known(opened.credential, opened.inventory))


def _going(images: Sequence[Image], progress: Mapping[Place, Progress]) -> list[Going]:
    return [(image, progress.get((image.region, image.uuid))) for image in images]


def stalled(running: Sequence[Going]) -> list[Image]:
    """Those whose job no longer moves."""
    return [image for image, progress in running if progress and progress.stalled_minutes]
