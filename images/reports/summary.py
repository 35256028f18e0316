"""What an inventory looks like from across the room: counts, what needs attention, what is running.

Pure functions over an index; what was found is cached with it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from images.cloud.records import Image
from images.insights import status_kind
from images.reports.attention import worry
from images.search.gathered import run, selected
from images.search.gathered_index import GatheredIndex
from images.search.query import FacetValue, ImageQuery, selecting
from images.search.spelling import natural

CACHED_BYTES = 200  # of one running image or status, about


@dataclass(frozen=True)
class Overview:
    """What an inventory looks like from across the room.

    `statuses` are (status as the cloud spells it or None, how many), bad ones first, then the
    commonest; `worried` how many need attention; `running` those with a job under way; `bytes` the
    size of all by region, but of the `unsized`, of which it is not known.
    """

    total: int
    statuses: tuple[tuple[str | None, int], ...]
    worried: int
    running: tuple[Image, ...]
    bytes: dict[str, int]
    unsized: int


def overview(index: GatheredIndex, query: ImageQuery) -> Overview:
    """Of the images that the query selects, whatever it says of sorting and paging."""
    query = selecting(query)
    found: Overview | None = index.cache.get(("overview", query))
    if found is None:
        found = _overview(selected(index, query))
        size = CACHED_BYTES * (len(found.running) + len(found.statuses))
        index.cache.put(("overview", query), found, size)
    return found


def with_stalled(found: Overview, stalled: Iterable[Image]) -> Overview:
    """Return what was found, with those of its running images whose job no longer moves."""
    more = sum(not worry(image) for image in stalled)
    return replace(found, worried=found.worried + more) if more else found


def counts(index: GatheredIndex, query: ImageQuery) -> dict[str, list[FacetValue]]:
    """Return how many of the images that the query selects have each value of each facet.

    Unlike those of a list, they lack the values that the query does not choose.
    """
    return {
        name: [
            each for each in values if each.selected or not (each.excluded or query.chosen(name))
        ]
        for name, values in run(index, selecting(query)).facets.items()
    }


def _overview(images: list[Image]) -> Overview:
    statuses = Counter(image.status for image in images).most_common()
    running = [image for image in images if image.job and image.job.state == "running"]
    running.sort(key=_place)
    return Overview(
        total=len(images),
        statuses=tuple(sorted(statuses, key=lambda each: status_kind(each[0]) != "bad")),
        worried=sum(bool(worry(image)) for image in images),
        running=tuple(running),
        bytes=_bytes(images),
        unsized=sum(image.size is None for image in images),
    )


def _bytes(images: list[Image]) -> dict[str, int]:
    sums: Counter[str] = Counter()
    for image in images:
        sums[image.region] += 0 if image.size is None else image.size
    return dict(sums)


def _place(image: Image) -> tuple[str, str, str]:
    """By name."""
    return natural(image.name or ""), image.region, image.uuid
