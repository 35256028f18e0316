"""How far the jobs of some images are, for who reads with a token."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from images.cloud.records import Image
from images.context import InventoryContext
from images.services import jobs
from images.services.progress import Place, Progress

Going = tuple[Image, Progress | None]
"""An image with a running job, and how far that is as far as is known."""


def under_way(context: InventoryContext, images: Sequence[Image]) -> list[Going]:
    """How far their jobs are just now, for which the cloud may be asked."""
    progress = jobs.progress(context.credential, context.inventory) if images else {}
    return _going(images, progress)


def as_known(context: InventoryContext, images: Sequence[Image]) -> list[Going]:
    """How far their jobs were when anyone asked last."""
    return _going(images, jobs.progress(context.credential, context.inventory, ask=False))


def _going(images: Sequence[Image], progress: Mapping[Place, Progress]) -> list[Going]:
    return [(image, progress.get((image.region, image.uuid))) for image in images]


def stalled(running: Sequence[Going]) -> list[Image]:
    """Those whose job no longer moves."""
    return [image for image, progress in running if progress and progress.stalled_minutes]
