"""The images with a running job."""

from __future__ import annotations

from collections.abc import Mapping

from images.cloud.records import Image
from images.search.index import Index

Place = tuple[str, str]
"""The region and the uuid of an image."""


def running_images(index: Index) -> Mapping[Place, Image]:
    """The images with a running job, found once for an index."""
    found: dict[Place, Image] | None = index.cache.get("running jobs")
    if found is None:
        busy = [image for image in index.images if image.job and image.job.state == "running"]
        found = {(image.region, image.uuid): image for image in busy}
        index.cache.put("running jobs", found, 200 * len(found))
    return found
