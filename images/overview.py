"""What an inventory looks like from across the room: counts, what needs attention, what is running.

Pure functions over an index; what was found is kept with it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from heapq import nsmallest

from images.cloud.records import Image
from images.index import Index
from images.insights import status_kind, storage_state
from images.query import ImageQuery, matching

# What is wrong with an image, the worst first.
FAILED, JOB_FAILED, STALLED, AT_RISK = "failed", "job-failed", "stalled", "at-risk"
WORRIES = (FAILED, JOB_FAILED, STALLED, AT_RISK)
WORST = 20  # more than a screen has room for
REPEATED_KEPT = 10
KEPT_BYTES = 200  # of one worry, running image or status, about


@dataclass(frozen=True)
class Worry:
    """An image that needs attention, and why (one of WORRIES)."""

    image: Image
    why: str


@dataclass(frozen=True)
class Overview:
    """`statuses` are (status as the cloud spells it or None, how many), bad ones first, then the
    commonest; `worries` the WORST images that need attention, the worst first, of `worried` in all;
    `running` those with a job under way; `bytes` the size of all by region; `repeated` the names
    that several images of one region have, with how many, the commonest first."""

    total: int
    statuses: tuple[tuple[str | None, int], ...]
    worried: int
    worries: tuple[Worry, ...]
    running: tuple[Image, ...]
    bytes: dict[str, int]
    repeated: tuple[tuple[str, int], ...]


def overview(index: Index, query: ImageQuery) -> Overview:
    """Of the images that the query selects, whatever it says of sorting and paging."""
    query = replace(query, sort="name", page=1, size=50, columns=(), density="")
    found: Overview | None = index.memo.get(("overview", query))
    if found is None:
        found = _overview([index.images[position] for position in matching(index, query)])
        size = KEPT_BYTES * (len(found.worries) + len(found.running) + len(found.statuses))
        index.memo.put(("overview", query), found, size)
    return found


def with_stalled(found: Overview, stalled: Iterable[Image]) -> Overview:
    """What was found and, of the images running there, those whose job no longer moves."""
    more = [image for image in stalled if _why(image) != FAILED]
    if not more:
        return found
    places = {(image.region, image.uuid) for image in more}
    others = [each for each in found.worries if (each.image.region, each.image.uuid) not in places]
    return replace(
        found,
        worried=found.worried + sum(not _why(image) for image in more),
        worries=_worst([*others, *(Worry(image, STALLED) for image in more)]),
    )


def _overview(images: list[Image]) -> Overview:
    statuses = Counter(image.status for image in images).most_common()
    worries = [Worry(image, why) for image in images if (why := _why(image))]
    running = [image for image in images if image.job and image.job.state == "running"]
    return Overview(
        total=len(images),
        statuses=tuple(sorted(statuses, key=lambda each: status_kind(each[0]) != "bad")),
        worried=len(worries),
        worries=_worst(worries),
        running=tuple(running),
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


def _worst(worries: Iterable[Worry]) -> tuple[Worry, ...]:
    return tuple(nsmallest(WORST, worries, key=_rank))


def _rank(worry: Worry) -> tuple[int, str, str, str]:
    image = worry.image
    return WORRIES.index(worry.why), (image.name or "").lower(), image.region, image.uuid
