"""Which images are in which regions: a row for each name and OS, a cell for each region.

The same image is one of the same name and OS family, as in the panel of an image. Pure functions
over an index; what was found is kept with it, as positions: 100,000 images take half a megabyte.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from images.cloud.records import Image
from images.index import Index
from images.query import ImageQuery, matching, selecting

# Which rows: all of them, those that some region lacks, those in one region only.
ALL, LACKING, ALONE = "all", "missing", "one"


@dataclass(frozen=True)
class Coverage:
    """`regions` are those that were compared, all of which could be read. The rows in the fewest
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


def coverage(index: Index, query: ImageQuery, regions: Sequence[str]) -> Coverage:
    """Of the images that the query selects; `regions` are those that could be read."""
    question = ("coverage", selecting(query), tuple(regions))
    found: Coverage | None = index.memo.get(question)
    if found is None:
        found = _coverage(index, selecting(query), tuple(regions))
        index.memo.put(question, found, 4 * (len(found.positions) + len(found.starts)))
    return found


def rows(index: Index, found: Coverage, first: int, last: int) -> list[Row]:
    """The rows from `first` on, `last` not among them."""
    return [_row(index, found, number) for number in range(first, min(last, found.total))]


def _coverage(index: Index, query: ImageQuery, regions: tuple[str, ...]) -> Coverage:
    images = index.images
    same: defaultdict[tuple[str, str | None], list[int]] = defaultdict(list)
    selected = matching(index, query)
    for position in selected:
        image = images[position]
        if image.name:
            same[image.name, image.os_family].append(position)
    # Sorting keeps what is equal as it came: by name.
    spread = [(len({images[each].region for each in group}), group) for group in same.values()]
    spread.sort(key=lambda each: each[0])
    positions, starts = array("I"), array("I", [0])
    for _number, group in spread:
        positions.extend(group)
        starts.append(len(positions))
    several = len(regions) > 1
    return Coverage(
        regions=regions,
        positions=positions,
        starts=starts,
        alone=sum(number == 1 for number, _group in spread) if several else 0,
        lacking=sum(number < len(regions) for number, _group in spread) if several else 0,
        nameless=len(selected) - len(positions),
    )


def _row(index: Index, found: Coverage, number: int) -> Row:
    images: defaultdict[str, list[Image]] = defaultdict(list)
    group = found.positions[found.starts[number] : found.starts[number + 1]]
    for position in group:
        images[index.images[position].region].append(index.images[position])
    first = index.images[group[0]]
    return Row(first.name or "", first.os_family or "", dict(images))
