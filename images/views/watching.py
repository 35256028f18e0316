"""Which running jobs a page shows, and where it asks how far they are.

The address holds what the page shows, in short: when the answer would be about other jobs, the page
gets a new list instead.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

from django.urls import reverse

from images.cloud.records import Image
from images.query import run
from images.services import jobs
from images.views.opening import Opened


def shown(opened: Opened) -> list[Image]:
    """The images of the rows that have a running job."""
    running, images = jobs.running(opened.inventory.index), opened.inventory.images
    if not running:
        return []
    rows = [images[position] for position in run(opened.inventory.index, opened.query).rows]
    return [image for image in rows if (image.region, image.uuid) in running]


def is_running(image: Image | None) -> bool:
    return image is not None and image.job is not None and image.job.state == "running"


def address(opened: Opened, panel: Image | None) -> str:
    """Where to ask; "" when nothing that the page shows is under way. `panel` is the open image."""
    watched = [*shown(opened), *([panel] if panel and is_running(panel) else [])]
    if not watched:
        return ""
    path = reverse("images:jobs", args=(as_of(opened), in_short(watched)))
    return path + opened.suffix


def as_of(opened: Opened) -> int:
    """Grows with every refresh."""
    return int(opened.inventory.head.asked_at * 1000)


def in_short(watched: Iterable[Image]) -> str:
    """The same for the same images, in whatever order and however often."""
    places = sorted({f"{image.region}/{image.uuid}" for image in watched})
    return blake2b(" ".join(places).encode(), digest_size=8).hexdigest()
