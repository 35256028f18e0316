"""A command that asks the cloud for one image."""

from __future__ import annotations

import json
import shlex

from django.conf import settings

from images.cloud.records import Image


def curl(image: Image) -> str:
    """Return the command, as far as the cloud can be asked for one image: by its name.

    The token stays out; it is read from the environment.
    """
    asked: dict[str, object] = {"regionId": image.region, "start": 0, "limit": 100}
    if image.name:
        asked["condition"] = {"names": [image.name]}
    address = f"{settings.DIDIYUN_API_URL}/dicloud/i/storage/cimg/list"
    return (
        f"curl -sS {shlex.quote(address)} \\\n"
        '  -H "Authorization: Bearer $DIDIYUN_TOKEN" \\\n'
        "  -H 'Content-Type: application/json' \\\n"
        f"  -d {shlex.quote(json.dumps(asked, ensure_ascii=False))}"
    )
