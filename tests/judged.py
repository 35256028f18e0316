"""An image as exports and the API have it."""

from __future__ import annotations

import json
from typing import Any

from images.cloud.reading import Problems, read_image
from images.verdict import verdict


def judged(sent: dict[str, Any], region: str) -> dict[str, Any]:
    """What the cloud sent of an image that this region lists, and what we add."""
    image = read_image(region, json.dumps(sent).encode(), Problems())
    assert image is not None
    found = verdict(image)
    added = {"grade": found.grade, "reasons": list(found.reasons)}
    return {**sent, "region": region, "verdict": added}
