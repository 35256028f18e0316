"""What a page asks by itself while it is open: how far its jobs are, and whether there is news.

The address holds what the page shows, in short: when that is no longer what there is, the page gets
a new list instead.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

from django.urls import reverse

from images.cloud.records import Image
from images.context import InventoryContext
from images.search.gathered import run
from images.services.progress import running_images


def shown(context: InventoryContext) -> list[Image]:
    """Return the images of the rows that have a running job."""
    running, images = running_images(context.inventory.index), context.inventory.images
    if not running:
        return []
    rows = [images[position] for position in run(context.inventory.index, context.query).rows]
    return [image for image in rows if (image.region, image.uuid) in running]


def is_running(image: Image | None) -> bool:
    return image is not None and image.job is not None and image.job.state == "running"


def running(context: InventoryContext, panel: Image | None) -> list[Image]:
    """Return the images that the page shows with a job under way; `panel` is the open one."""
    return [*shown(context), *([panel] if panel and is_running(panel) else [])]


def address(context: InventoryContext, watched: Iterable[Image]) -> str:
    """Where to ask about a page that shows these jobs."""
    path = reverse("images:news", args=(as_of(context), in_short(context, watched)))
    return path + context.suffix


def as_of(context: InventoryContext) -> int:
    """Grows with every refresh of any account."""
    return int(sum(context.inventory.readings) * 1000)


def in_short(context: InventoryContext, watched: Iterable[Image]) -> str:
    """Return a digest of the lists, of how sure they are, and of the running jobs.

    In what order the jobs are given, and how often, says nothing. It begins with which accounts
    the lists are of.
    """
    places = sorted({f"{image.region}/{image.uuid}" for image in watched})
    versions = [
        f"{state.id}@{state.head.version}{'?' if state.unconfirmed else ''}"
        for state in context.inventory.regions
    ]
    return accounts_in_short(context) + _digest([*versions, *places], 8)


def accounts_in_short(context: InventoryContext) -> str:
    return _digest([each.id for each in context.inventory.everything], 4)


def _digest(words: list[str], size: int) -> str:
    return blake2b(" ".join(words).encode(), digest_size=size).hexdigest()
