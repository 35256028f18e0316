"""What follows from an image's facts, for whoever has to decide about it."""

from __future__ import annotations

from images.cloud.records import Image

# Only Ready is documented; the others are what such systems say, and the rest is neutral.
STATUS_KINDS = {
    "ready": "ok",
    "available": "ok",
    "creating": "busy",
    "importing": "busy",
    "deleting": "busy",
    "failed": "bad",
    "error": "bad",
    "disabled": "off",
}

STORAGE_STATES = ("ok", "at-risk", "unknown")


def storage_state(image: Image) -> str:
    """One of STORAGE_STATES: may this image be lost, by what the cloud says of its backup storages?

    "ok": at least one, all Enabled and Connected. "at-risk": any that is not, or none at all.
    "unknown": the cloud did not say.
    """
    if image.storages is None:
        return "unknown"
    return "at-risk" if image.storages_down or not image.storages else "ok"


def status_kind(status: str | None) -> str:
    """What a status says of the image: ok, busy, bad, off, or plain when that is not known."""
    return STATUS_KINDS.get((status or "").lower(), "plain")
