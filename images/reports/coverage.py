"""Which images are in which regions: a row for each name and OS, a cell for each region.

The same image is one of the same name and OS family, as in the panel of an image. Pure functions
over an index; what was found is cached with it, as positions: 100,000 images take half a megabyte.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from images.cloud.records import Image
from images.search.gathered import positions
from images.search.gathered_index import GatheredIndex
from images.search.query import ImageQuery, selecting
from images.search.spelling import composed, natural

# Which rows: all of them, those that some region lacks, those in one region only.
ALL, LACKING, ALONE = "all", "missing", "one"


@dataclass(frozen=True)
class Coverage:
    """Which images, by name and OS, are in which of the regions.

    `regions` are those that were compared, all of which could be read. The rows in the fewest
    regions come first, then by name: the first `alone` rows are in one region only, the first
    `lacking`, with these, not in all. `nameless` images cannot be compared.

    `positions` are those of the images, row after row; row i begins at `starts[i]`.
    """

    regions: tuple[str, ...]
    positions: array[int]
    starts: array[int]
    alone: int
    lacking: int
    nameless: int

    @property
    def total(self) -> int:
        return len(self.starts) - 1

    def count(self, which: str) -> int:
        return {ALL: self.total, LACKING: self.lacking, ALONE: self.alone}[which]


@dataclass(frozen=True)
class Row:
    """One image, in whichever regions it is: region -> its images there, usually one."""

    name: str
    os_family: str
    images: dict[str, list[Image]]


def coverage(index: GatheredIndex, query: ImageQuery, regions: Sequence[str]) -> Coverage:
    """Of the images that the query selects; `regions` are those that could be read."""
    key = ("coverage", selecting(query), tuple(regions))
    found: Coverage | None = index.cache.get(key)
    if found is None:
        found = _coverage(index, selecting(query), tuple(regions))
        index.cache.put(key, found, 4 * (len(found.positions) + len(found.starts)))
    return found


def rows(index: GatheredIndex, found: Coverage, first: int, last: int) -> list[Row]:
    """Return the rows from `first` on, `last` not among them."""
    return [_row(index, found, number) for number in range(first, min(last, found.total))]


def _coverage(index: GatheredIndex, query: ImageQuery, regions: tuple[str, ...]) -> Coverage:
    same: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    nameless = 0
    for position in positions(index, query):
        image = index.images[position]
        if image.name:
            same[composed(image.name), image.os_family or ""].append(position)
        else:
            nameless += 1
    images = index.images
    spread = {key: len({images[each].region for each in group}) for key, group in same.items()}
    ordered = sorted(same, key=lambda key: (spread[key], natural(key[0]), key))
    rows, starts = array("I"), array("I", [0])
    for key in ordered:
        rows.extend(same[key])
        starts.append(len(rows))
    several = len(regions) > 1
    return Coverage(
        regions=regions,
        positions=rows,
        starts=starts,
        alone=sum(number == 1 for number in spread.values()) if several else 0,
        lacking=sum(number < len(regions) for number in spread.values()) if several else 0,
        nameless=nameless,
    )


def _row(index: GatheredIndex, found: Coverage, number: int) -> Row:
    images: defaultdict[str, list[Image]] = defaultdict(list)
    group = found.positions[found.starts[number] : found.starts[number + 1]]
    for position in group:
        images[index.images[position].region].append(index.images[position])
    first = index.images[group[0]]
    return Row(first.name or "", first.os_family or "", dict(images))
