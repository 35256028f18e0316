"""What follows from single facts of an image; what follows from all of them says `verdict`."""

from __future__ import annotations

from images.cloud.records import Image

# Only Ready is documented; the others are what such systems say.
STATUSES = {
    "ready": "ready",
    "available": "ready",
    "creating": "not-yet",
    "importing": "not-yet",
    "deleting": "deleting",
    "failed": "failed",
    "error": "failed",
    "disabled": "disabled",
}
STATUS_KINDS = {
    "ready": "ok",
    "not-yet": "busy",
    "deleting": "busy",
    "failed": "bad",
    "disabled": "off",
}
# Only uncheck is documented.
CHECKS = {
    "uncheck": "none",
    "unchecked": "none",
    "checked": "passed",
    "checkfailed": "failed",
    "failed": "failed",
}

STORAGE_STATES = ("ok", "at-risk", "unknown")


def storage_state(image: Image) -> str:
    """Return one of STORAGE_STATES, by what the cloud says of the image's backup storages.

    "ok": at least one, all enabled and connected. "at-risk": any that is not, or none at all.
    "unknown": none is known to be down, but the cloud did not say that all are up.
    """
    if image.storages is None:
        return "unknown"
    if image.storages_down or not image.storages:
        return "at-risk"
    return "unknown" if image.storages_unknown else "ok"


def is_astray(image: Image) -> bool:
    """Whether the regions of the image are known, and the one that lists it is none of them."""
    if image.regions is None or image.region in image.regions:
        return False
    return image.region.casefold() not in map(str.casefold, image.regions)


def status_meaning(status: str | None) -> str:
    """Return a value of STATUSES, "unfamiliar" for any other status, "unknown" for none."""
    return STATUSES.get(status.lower(), "unfamiliar") if status else "unknown"


def check_meaning(check_state: str | None) -> str:
    """Return a value of CHECKS, "unfamiliar" for any other word, "unknown" for none."""
    return CHECKS.get(check_state.lower(), "unfamiliar") if check_state else "unknown"


def status_kind(status: str | None) -> str:
    """Return how a status by itself looks: ok, busy, bad, off, or plain when nobody knows it."""
    return STATUS_KINDS.get(status_meaning(status), "plain")
