"""What someone should look at: images that are broken or may be lost, and what is worth tidying.

Pure functions over an index; what was found is cached with it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from heapq import nsmallest

from images.bounds import Bound
from images.cloud.records import Image
from images.insights import check_meaning, status_meaning
from images.reports.coverage import Coverage, rows
from images.search.gathered import run, selected, unordered
from images.search.gathered_index import Found, GatheredIndex
from images.search.query import FacetValue, ImageQuery, changed, selecting
from images.search.spelling import composed
from images.verdict import verdict

# What is wrong with an image, the worst first: what is happening before what stays as it is.
FAILED, JOB_FAILED, STALLED, AT_RISK = "failed", "job-failed", "stalled", "at-risk"
CHECK_FAILED = "check-failed"
WORRIES = (FAILED, JOB_FAILED, STALLED, AT_RISK, CHECK_FAILED)
# The reasons of a verdict that somebody should look into. That a job has stalled is not known of
# the image, but of what was seen of its job.
WORRY_OF = {
    "status-failed": FAILED,
    "job-failed": JOB_FAILED,
    "storages-none": AT_RISK,
    "storages-down": AT_RISK,
    "storages-some-down": AT_RISK,
    "check-failed": CHECK_FAILED,
}
# What is only untidy.
ENDED, REPEATED, UNCHECKED = "support-ended", "repeated", "unchecked"
OLD, ALONE = "old", "one-region"
KINDS = (*WORRIES, ENDED, REPEATED, UNCHECKED, OLD, ALONE)
OLD_DAYS = 730
LISTED = 50  # images of a group, and as many as a query takes one by one
CACHED_BYTES = 200  # of one image or name in a group, about


@dataclass(frozen=True)
class Repeat:
    """A name that `count` images of one region of an account have."""

    account: str
    region: str
    name: str
    count: int


@dataclass(frozen=True)
class Group:
    """Images that need attention for one of KINDS: `count` of them, of ALONE so many names.

    `images` are the first LISTED. `query` selects just these; None where no query can. Of OLD ones,
    the largest of which come first, `bytes` is the size of all.
    """

    kind: str
    count: int
    images: tuple[Image, ...]
    query: ImageQuery | None
    repeats: tuple[Repeat, ...] = ()
    bytes: int = 0

    @property
    def serious(self) -> bool:
        return self.kind in WORRIES


def groups(
    index: GatheredIndex,
    query: ImageQuery,
    today: date,
    compared: Coverage,
    stalled: Sequence[Image] = (),
) -> tuple[Group, ...]:
    """Return the groups with any image, the worst first.

    `stalled` are images that the query selects whose job no longer moves.
    """
    key = ("attention", selecting(query), today, compared.regions)
    found: tuple[Group, ...] | None = index.cache.get(key)
    if found is None:
        found = tuple(_groups(index, selecting(query), today, compared))
        listed = sum(len(group.images) + len(group.repeats) for group in found)
        index.cache.put(key, found, CACHED_BYTES * listed)
    moving = (*found, _picked(STALLED, selecting(query), stalled))
    return tuple(sorted((group for group in moving if group.count), key=_rank))


def worry(image: Image) -> str:
    """Return the worst of WORRIES that the image itself shows, "" for none."""
    return _worst(verdict(image).reasons)


@lru_cache(maxsize=1024)
def _worst(reasons: tuple[str, ...]) -> str:
    worries = {WORRY_OF.get(reason) for reason in reasons}
    return next((kind for kind in WORRIES if kind in worries), "")


def old_before(today: date) -> int:
    """Milliseconds: what was created earlier is very old."""
    midnight = datetime(today.year, today.month, today.day, tzinfo=UTC)
    return int((midnight - timedelta(days=OLD_DAYS)).timestamp() * 1000)


def _groups(
    index: GatheredIndex, query: ImageQuery, today: date, compared: Coverage
) -> Iterable[Group]:
    facets = run(index, query).facets
    images = selected(index, query)
    if failed := _meaning("failed", status_meaning, facets["status"], query.chosen("status")):
        yield _asked(FAILED, index, changed(query, status=failed))
    jobs = [each for each in images if each.job and "job-failed" in verdict(each).reasons]
    yield _picked(JOB_FAILED, query, jobs)
    storages = query.chosen("storage")
    if not storages or "at-risk" in storages:
        yield _asked(AT_RISK, index, changed(query, storage=("at-risk",)))
    if failed := _meaning("failed", check_meaning, facets["check"], query.chosen("check")):
        yield _asked(CHECK_FAILED, index, changed(query, check=failed))
    if unchecked := _meaning("none", check_meaning, facets["check"], query.chosen("check")):
        yield _asked(UNCHECKED, index, changed(query, check=unchecked))
    support = query.chosen("support")
    if not support or "ended" in support:
        yield _asked(ENDED, index, changed(query, support=("ended",)))
    yield _repeated(query, unordered(index, query))
    bounds = (Bound(old_before(today)), query.created_before)
    before = min(bound for bound in bounds if bound is not None)
    old = replace(query, created_before=before, sort="-size")
    sizes = sum(image.size or 0 for image in selected(index, selecting(old)))
    yield replace(_asked(OLD, index, old), bytes=sizes)
    alone = rows(index, compared, 0, min(compared.alone, LISTED))
    first = tuple(image for row in alone for [image, *_others] in row.images.values())
    yield Group(ALONE, compared.alone, first, None)


def _meaning(
    meaning: str,
    meaning_of: Callable[[str], str],
    values: Iterable[FacetValue],
    chosen: tuple[str, ...],
) -> tuple[str, ...]:
    """Return the values of a facet that mean this, of those that the query selects."""
    return tuple(
        each.value
        for each in values
        if meaning_of(each.value) == meaning and (each.selected or not (each.excluded or chosen))
    )


def _asked(kind: str, index: GatheredIndex, query: ImageQuery) -> Group:
    """Return the images that a query selects, in its order."""
    found = run(index, query)
    first = tuple(index.images[position] for position in found.rows[:LISTED])
    return Group(kind, found.total, first, query)


def _picked(kind: str, query: ImageQuery, images: Sequence[Image], count: int = 0) -> Group:
    """Return the first of these images, or all, which no query selects together."""
    count = count or len(images)
    places = tuple(f"{image.region}/{image.uuid}" for image in images[: LISTED + 1])
    one_by_one = replace(query, image=places) if count <= LISTED else None
    return Group(kind, count, tuple(images[:LISTED]), one_by_one)


def _repeated(query: ImageQuery, found: Iterable[Found]) -> Group:
    same: defaultdict[tuple[str, str, str], list[Image]] = defaultdict(list)
    for account, image in found:
        if image.name:
            same[account, image.region, composed(image.name)].append(image)
    several = {place: found for place, found in same.items() if len(found) > 1}
    most = nsmallest(LISTED, several, key=lambda place: (-len(several[place]), place[::-1]))
    first = [image for place in most for image in several[place]]
    group = _picked(REPEATED, query, first, sum(map(len, several.values())))
    return replace(group, repeats=tuple(Repeat(*each, len(several[each])) for each in most))


def _rank(group: Group) -> int:
    return KINDS.index(group.kind)
