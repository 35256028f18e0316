"""An image as exports and the API have it."""

from __future__ import annotations

import json
from typing import Any

from images.cloud.reading import Problems, read_image
from images.os_support import release_of, support_state
from images.verdict import verdict


def judged(sent: dict[str, Any], region: str, account: object) -> dict[str, Any]:
    """What the cloud sent of an image that this region of an account lists, and what we add."""
    image = read_image(region, json.dumps(sent).encode(), Problems())
    assert image is not None
    found = verdict(image)
    added = {"grade": found.grade, "reasons": list(found.reasons)}
    release = release_of(image.os_family, image.os_version)
    ends = (release.standard_end, release.extended_end) if release else (None, None)
    standard, extended = (end.isoformat() if end else None for end in ends)
    return {
        **sent,
        "account": str(account),
        "region": region,
        "verdict": added,
        "support": support_state(image.os_family, image.os_version),
        "supportEnd": standard,
        "extendedSupportEnd": extended,
    }
