"""One region as one account sees it: its images in listing order, and the jobs among them.

A place on the shelf holds an image in one of three forms: its index (never asked for yet), its
finished JSON, or a `Busy` image, whose job moves with the clock. The cloud's lock guards a shelf.
"""

import json
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, NamedTuple

from images.sandbox.inventory import SAMPLE, Image, encode, encoded_image, regions_of


class Plan(NamedTuple):
    """A job that is under way when the sandbox starts, on the image at `place` of `region`."""

    region: str
    place: int
    type: str
    progress: float  # percent, at the start
    seconds: float | None = None  # from there to 100 %; None: it never moves again
    reason: str = ""  # why it failed


# Places avoid the images that are seen in two regions.
PLANS = (
    Plan("bj", 3, "CreateCIMG", 12.5, 600),
    Plan("bj", 5, "ImportCIMG", 41.0),
    Plan("bj", 11, "DeleteCIMG", 70.0, 90),
    Plan("bj", 19, "ChangeCIMGName", 50.0, 30),
    Plan("bj", 31, "ImportCIMG", 63.0, reason="磁盘格式不支持: qcow3"),
    Plan("gz", 2, "CreateCIMG", 88.0, 45),
    Plan("gz", 14, "ImportCIMG", 3.0, 1800),
    Plan("gz", 21, "CreateCIMG", 20.0, reason="backup storage is full"),
    Plan("gz", 33, "DeleteCIMG", 0.0, reason="镜像正在被使用"),
    Plan("sh", 4, "ImportCIMG", 55.5, 300),
    Plan("sh", 12, "ChangeCIMGName", 0.0, reason="<b>name</b> is taken"),
)
# (status while the job runs, status once it failed); it is Ready once the job succeeded.
STATUS_OF_JOB = {
    "CreateCIMG": ("Creating", "Failed"),
    "ImportCIMG": ("Importing", "Failed"),
    "DeleteCIMG": ("Deleting", "Ready"),
    "ChangeCIMGName": ("Ready", "Ready"),
}


@dataclass(frozen=True)
class Job:
    """Something being done to an image. `began` is in the seconds of the sandbox's clock."""

    uuid: str
    image_uuid: str
    plan: Plan
    began: float

    def progress(self, now: float) -> float:
        """Percent done, 0 to 100."""
        done = self.plan.progress
        if self.plan.seconds is not None:
            done += (100 - done) * (now - self.began) / self.plan.seconds
        return round(min(100.0, done), 1)

    def at(self, now: float) -> dict[str, Any]:
        """Return the job in the vendor's shape."""
        progress = self.progress(now)
        shown = {
            "done": bool(self.plan.reason) or progress >= 100,
            "jobUuid": self.uuid,
            "progress": progress,
            "resourceUuid": self.image_uuid,
            "success": progress >= 100,
            "type": self.plan.type,
            "uuid": self.uuid,
        }
        return shown | {"result": self.plan.reason} if self.plan.reason else shown


@dataclass(eq=False)
class Busy:
    """An image with a job. Compared by identity: it is looked up by place."""

    image: Image
    job: Job

    def at(self, now: float) -> bytes:
        return encode(self.image | {"job": self.job.at(now)}).encode()


class Shelf:
    """`count` images of `region` for the account `key`, by position in the listing, from 0."""

    def __init__(self, key: str, region: str, count: int, began: float) -> None:
        self.key = key
        self.region = region
        self.added = 0
        self.slots: list[int | bytes | Busy] = list(range(count))
        self.jobs: list[Job] = []
        self.busy: list[Busy] = []
        for plan in PLANS:
            if plan.region == region and plan.place < count:
                self._start(plan, began)

    def _start(self, plan: Plan, began: float) -> None:
        image: Image = json.loads(self._encoded(plan.place, began))
        image_uuid = image["cimgUuid"]
        job_uuid = blake2b(image_uuid.encode(), digest_size=16).hexdigest()
        image["status"] = STATUS_OF_JOB[plan.type][bool(plan.reason)]
        busy = Busy(image, Job(job_uuid, image_uuid, plan, began))
        self.slots[plan.place] = busy
        self.busy.append(busy)
        self.jobs.append(busy.job)

    def _encoded(self, place: int, now: float) -> bytes:
        slot = self.slots[place]
        if isinstance(slot, Busy):
            return slot.at(now)
        if isinstance(slot, int):
            slot = encoded_image(self.key, regions_of(self.region, slot), slot)
            self.slots[place] = slot
        return slot

    def put_sample_first(self) -> None:
        """Make the vendor's own example the first image, value for value."""
        if self.slots:
            self.slots[0] = encode(SAMPLE).encode()

    def page(self, start: int, stop: int | None, now: float) -> list[bytes]:
        """Return the JSON of the images from `start` up to `stop`."""
        self.settle(now)
        found = self.slots[start:stop]
        return [
            slot if type(slot) is bytes else self._encoded(place, now)
            for place, slot in enumerate(found, start)
        ]

    def images(self, now: float) -> list[Image]:
        """All images, decoded: the caller may keep and change them."""
        return [json.loads(raw) for raw in self.page(0, None, now)]

    def settle(self, now: float) -> None:
        """Take jobs that came to 100 % from their images, and deleted images from the shelf."""
        for busy in [busy for busy in self.busy if busy.job.progress(now) >= 100]:
            place = self.slots.index(busy)
            if busy.job.plan.type == "DeleteCIMG":
                self.remove(place)
            else:
                self.busy.remove(busy)
                self.slots[place] = encode(busy.image | {"status": "Ready"}).encode()

    def place_of(self, uuid: str, now: float) -> int:
        """Return the position of the image `uuid`; raise KeyError when it is not there."""
        needle = f'"cimgUuid":"{uuid}"'.encode()
        for place, raw in enumerate(self.page(0, None, now)):
            if needle in raw:
                return place
        raise KeyError(uuid)

    def add(self, place: int, fields: Image) -> Image:
        """Put a new image at `place`, Ready unless `fields` say otherwise."""
        self.added += 1
        fresh = encoded_image(f"{self.key}/added", (self.region,), self.added)
        image: Image = json.loads(fresh) | {"status": "Ready"} | fields
        self.slots.insert(place, encode(image).encode())
        return image

    def remove(self, place: int) -> None:
        slot = self.slots.pop(place)
        if isinstance(slot, Busy):
            self.busy.remove(slot)

    def change(self, place: int, fields: Image, now: float) -> None:
        """Set some fields anew. A job goes on, unless `fields` bring their own."""
        slot = self.slots[place]
        if isinstance(slot, Busy) and "job" not in fields:
            slot.image |= fields
            return
        image = json.loads(self._encoded(place, now)) | fields
        self.remove(place)
        self.slots.insert(place, encode(image).encode())
