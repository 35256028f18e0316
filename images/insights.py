"""What follows from an image's facts, for whoever has to decide about it."""

from __future__ import annotations

from images.cloud.records import Image

STORAGE_STATES = ("ok", "at-risk", "unknown")


def storage_state(image: Image) -> str:
    """One of STORAGE_STATES: may this image be lost, by what the cloud says of its backup storages?

    "ok": at least one, all Enabled and Connected. "at-risk": any that is not, or none at all.
    "unknown": the cloud did not say.
    """
    if image.storages is None:
        return "unknown"
    return "at-risk" if image.storages_down or not image.storages else "ok"
