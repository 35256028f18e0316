"""What an inventory looks like from across the room: counts, what needs attention, what is running.

Pure functions over an index; what was found is kept with it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from images.cloud.records import Image
from images.index import Index
from images.insights import status_kind, storage_state
from images.query import ImageQuery, matching

# What is wrong with an image, the worst first.
FAILED, JOB_FAILED, STALLED, AT_RISK = "failed", "job-failed", "stalled", "at-risk"
REPEATED_KEPT = 10
WORRIES = (FAILED, JOB_FAILED, STALLED, AT_RISK)


@dataclass(frozen=True)
class Worry:
    """An image that needs attention, and why (one of WORRIES)."""

    image: Image
    why: str


@dataclass(frozen=True)
class Overview:
    """`statuses` are (status as the cloud spells it or None, how many), the commonest first;
    `worries` every image that needs attention, the worst first; `running` those with a job under
    way; `bytes` the size of all by region; `repeated` the names that several images of one region
    have, with how many, the commonest first."""

    total: int
    statuses: tuple[tuple[str | None, int], ...]
    worries: tuple[Worry, ...]
    running: tuple[Image, ...]
    bytes: dict[str, int]
    repeated: tuple[tuple[str, int], ...]


def overview(index: Index, query: ImageQuery) -> Overview:
    """Of the images that the query selects, whatever it says of sorting and paging."""
    question = ("overview", replace(query, sort="name", page=1, size=50, columns=()))
    found: Overview | None = index.memo.get(question)
    if found is None:
        images = [index.images[position] for position in matching(index, query)]
        found = _overview(images)
        index.memo.put(question, found, 200 * (len(found.worries) + len(found.running) + 10))
    return found


def with_stalled(worries: tuple[Worry, ...], stalled: Mapping[str, Image]) -> tuple[Worry, ...]:
    """The worries and those about jobs that no longer move (image by the job's uuid)."""
    return _sorted([*worries, *(Worry(image, STALLED) for image in stalled.values())])


def _overview(images: list[Image]) -> Overview:
    statuses = Counter(image.status for image in images)
    worries = [Worry(image, why) for image in images if (why := _why(image))]
    running = [image for image in images if image.job and image.job.state == "running"]
    return Overview(
        total=len(images),
        statuses=tuple(statuses.most_common()),
        worries=_sorted(worries),
        running=tuple(sorted(running, key=_name)),
        bytes=_bytes(images),
        repeated=_repeated(images),
    )


def _bytes(images: list[Image]) -> dict[str, int]:
    sums: Counter[str] = Counter()
    for image in images:
        sums[image.region] += image.size or 0
    return dict(sums)


def _repeated(images: list[Image]) -> tuple[tuple[str, int], ...]:
    """At most REPEATED_KEPT of them."""
    places = Counter((image.region, image.name) for image in images if image.name)
    most: dict[str, int] = {}
    for (_region, name), count in places.items():
        if count > 1:
            most[name] = max(count, most.get(name, 0))
    return tuple(sorted(most.items(), key=lambda each: (-each[1], each[0]))[:REPEATED_KEPT])


def _why(image: Image) -> str:
    if status_kind(image.status) == "bad":
        return FAILED
    if image.job and image.job.state == "failed":
        return JOB_FAILED
    return AT_RISK if storage_state(image) == "at-risk" else ""


def _sorted(worries: list[Worry]) -> tuple[Worry, ...]:
    return tuple(sorted(worries, key=lambda each: (WORRIES.index(each.why), _name(each.image))))


def _name(image: Image) -> tuple[str, str]:
    return (image.name or "").lower(), image.uuid
