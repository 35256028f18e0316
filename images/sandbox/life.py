"""A cloud in which something happens: now and then an image comes, goes, or changes."""

import random
import threading

from images.sandbox.cloud import Cloud
from images.sandbox.inventory import REGION_IDS, Image

# Likelier ones repeated. As many come as go.
HAPPENINGS = ("add", "add", "remove", "remove", "rename", "status", "resize", "storage", "storage")
ANOTHER_STATUS = {"Ready": "Disabled", "Disabled": "Ready", "Failed": "Ready"}


class Life:
    """What happens to a cloud, the same for the same seed as long as nobody else changes it."""

    def __init__(self, cloud: Cloud, seed: int) -> None:
        self.cloud = cloud
        self._random = random.Random(seed)

    def go_on(self, seconds: float, stop: threading.Event) -> None:
        """Something every so many seconds, until `stop`."""
        while not stop.wait(seconds):
            self.happen()

    def happen(self, what: str = "") -> None:
        """Do one thing, or that of `HAPPENINGS`, to the account of the first token.

        An image with a job, or that no storage holds, is left as it is.
        """
        what = what or self._random.choice(HAPPENINGS)
        region = self._random.choice(REGION_IDS)
        images = [
            image
            for image in self.cloud.images(region)
            if "job" not in image and any(each["state"] == "Enabled" for each in stored(image))
        ]
        now = int(self.cloud.clock() * 1000)
        if what == "add" or not images:
            self.cloud.add_image(region, createTime=now, updateTime=now)
            return
        image = self._random.choice(images)
        if what == "remove":
            self.cloud.remove_image(region, image["cimgUuid"])
        else:
            fields = self._otherwise(what, image) | {"updateTime": now}
            self.cloud.change_image(region, image["cimgUuid"], **fields)

    def _otherwise(self, what: str, image: Image) -> Image:
        """Return the fields that are new, for an image that changes."""
        if what == "rename":
            return {"name": f"{image['name'] or 'image'}-{self._random.randint(2, 99)}"}
        if what == "status":
            return {"status": ANOTHER_STATUS.get(image["status"], "Ready")}
        if what == "resize":
            return {"size": image["size"] + self._random.randint(1, 8) * 2**28}
        one = next(each for each in stored(image) if each["state"] == "Enabled")
        other = "Disconnected" if one["status"] == "Connected" else "Connected"
        storages = [{**each, "status": other} if each is one else each for each in stored(image)]
        return {"backupStorages": storages}


def stored(image: Image) -> list[dict[str, str]]:
    storages: list[dict[str, str]] = image.get("backupStorages") or []
    return storages
