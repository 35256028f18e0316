"""How far the jobs of some images are, for who reads with a token."""

from __future__ import annotations

from collections.abc import Sequence

from images.cloud.records import Image
from images.context import InventoryContext
from images.services import jobs
from images.services.progress import Progress

Going = tuple[Image, Progress | None]
"""An image with a running job, and how far that is as far as is known."""


def under_way(
    context: InventoryContext, images: Sequence[Image], *, ask: bool = True
) -> list[Going]:
    """Return how far the images' jobs are; with `ask` the cloud may be asked for it."""
    progress = jobs.progress(context.inventory, ask=ask and bool(images))
    return [(image, progress.get((image.region, image.uuid))) for image in images]


def stalled(running: Sequence[Going]) -> list[Image]:
    """Return those whose job no longer moves."""
    return [image for image, progress in running if progress and progress.stalled_minutes]
