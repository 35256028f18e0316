"""Whole listings: every region, and every image of one region, however the pages behave.

Sources: the vendor's region/list and storage/cimg/list documents. Neither `count` nor `limit` is
trusted: a listing ends only at a page that brings nothing new.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

from images.cloud.answers import items, request_id
from images.cloud.client import KIB, MIB, SMALL_ANSWER_BYTES, Account, Limits, call
from images.cloud.errors import (
    AnswerTooLarge,
    BadRequest,
    CloudError,
    OutOfTime,
    TooLarge,
    Unavailable,
    Unreadable,
)
from images.cloud.pages import (
    PAGE_LIMIT,
    SMALL_PAGE_LIMIT,
    Page,
    begins_with,
    fetch_page,
    items_of,
)
from images.cloud.reading import Problems, read_image, read_region
from images.cloud.records import Image, Region, Sharing, weight

PAGES_AT_ONCE = 4
MOST_AGAIN = 5  # pages that are read again because they do not join the one before
MAX_REGIONS = 100
MAX_IMAGE_BYTES = 64 * KIB  # of one image as JSON; one that is real takes one or two thousand


@dataclass(frozen=True)
class Listing:
    """Every image of one region, each `cimgUuid` once, in the cloud's order.

    `weight` is what they take in memory, `problems` counts what could not be read, `moved` says
    that images came or went while we read (twice), so one may be missing; `seconds` and `calls`
    are what it cost. `page_limit` is how many images the cloud may be asked for at once.
    """

    images: list[Image]
    weight: int
    problems: Problems
    request_id: str
    moved: bool
    seconds: float
    calls: int
    page_limit: int


_Fetch = Callable[[list[int]], list[Page]]


@dataclass
class _Walk:
    """One reading of all pages, within the limits.

    `position` is the index after the last item held, `seen` and `size` are of all that came.
    """

    limits: Limits
    images: dict[str, Image] = field(default_factory=dict)
    problems: Problems = field(default_factory=Problems)
    request_id: str = ""
    position: int = 0
    page: list[bytes] = field(default_factory=list)
    full: bool = True
    count: int | None = None
    calls: int = 0
    seen: int = 0
    size: int = 0
    moved: bool = False
    again: int = 0
    sharing: Sharing = field(default_factory=Sharing)


def list_regions(account: Account) -> tuple[list[Region], int]:
    """Return every region this token may see, and how many entries were no region.

    It is POST /dicloud/i/region/list; each region has its zones.
    """
    answer = call(
        account,
        "POST",
        "/dicloud/i/region/list",
        at_most=SMALL_ANSWER_BYTES,
        json={"condition": {"product": "dc2"}},
    )
    entries = items(answer, MAX_REGIONS)
    problems = Problems()
    regions = [read_region(entry, problems) for entry in entries]
    found: dict[str, Region] = {}
    for region in filter(None, regions):
        found.setdefault(region.id.casefold(), region)
    if entries and not found:
        raise Unreadable("no region could be read", request_id=request_id(answer))
    return list(found.values()), problems["item"]


def may_list_images(account: Account, region: str) -> str:
    """Return the `requestId` of a listing of one image, the cheapest proof that one may list."""
    page = fetch_page(account, region, start=0, limit=1, at_most=SMALL_ANSWER_BYTES)
    items_of(page, start=0)
    return page.request_id


def list_images(account: Account, region: str, page_limit: int = PAGE_LIMIT) -> Listing:
    """POST /dicloud/i/storage/cimg/list until it is whole; a listing that moved is read again.

    A cloud that refuses pages of `page_limit` images is asked for small ones.
    """
    started = time.monotonic()
    with ThreadPoolExecutor(PAGES_AT_ONCE, thread_name_prefix=f"pages-{region}") as pool:

        def fetch(starts: list[int]) -> list[Page]:
            ask = partial(fetch_page, account, region, limit=page_limit)
            return list(pool.map(ask, starts))

        try:
            walk = _walk(account.limits, region, fetch)
        except CloudError as error:
            if page_limit <= SMALL_PAGE_LIMIT or not _may_be_too_much(error):
                raise
            page_limit = SMALL_PAGE_LIMIT
            walk = _walk(account.limits, region, fetch)
        if walk.moved:
            walk = _settle(walk, region, fetch)
    if walk.problems["item"] and not walk.images:
        raise Unreadable("none of the images could be read", request_id=walk.request_id)
    return Listing(
        images=list(walk.images.values()),
        weight=_weight(walk),
        problems=walk.problems,
        request_id=walk.request_id,
        moved=walk.moved,
        seconds=time.monotonic() - started,
        calls=walk.calls,
        page_limit=page_limit,
    )


def _may_be_too_much(error: CloudError) -> bool:
    """Return whether the cloud may have answered so because it was asked for too many at once."""
    refused = isinstance(error, BadRequest | Unavailable) and not error.passing
    return isinstance(error, AnswerTooLarge) or (refused and error.errno is not None)


def _settle(first: _Walk, region: str, fetch: _Fetch) -> _Walk:
    """Read once more, page after page.

    What is inserted meanwhile then only moves images to a page that is still to come. When that
    moved too, hold what either saw: rather one too many, said to be uncertain, than one too few.
    """
    try:
        again = _walk(first.limits, region, fetch, at_once=1)
    except OutOfTime:
        return first  # It lacks only what moved, and says so.
    again.calls += first.calls
    if again.moved:
        again.images = {**first.images, **again.images}
        again.seen = max(again.seen, len(again.images))
        _check_extent(again)
    return again


def _walk(limits: Limits, region: str, fetch: _Fetch, at_once: int = PAGES_AT_ONCE) -> _Walk:
    """Read pages, `at_once` of them side by side, each overlapping the one before by one item.

    The overlap shows what `count` cannot be trusted to: when the shared item is another one,
    something was inserted or removed between the two calls.
    """
    walk = _Walk(limits)
    [first] = fetch([0])
    step = _take(walk, region, first, start=0, overlap=0, full=0)
    overlap = 1 if step > 1 else 0
    stride = step - overlap
    while stride:
        width = min(at_once, _width(walk, stride))
        starts = [walk.position - overlap + stride * n for n in range(width)]
        for place, (start, page) in enumerate(zip(starts, fetch(starts), strict=True)):
            if start != walk.position - overlap:
                break  # The page before was shorter than asked for: plan anew from where it ended.
            joins = not (place and overlap) or begins_with(page, walk.page[-1])
            if not joins and walk.again < MOST_AGAIN:
                walk.moved, walk.again = True, walk.again + 1
                break  # It may have been answered before the page before it: read it after that.
            if not _take(walk, region, page, start=start, overlap=overlap, full=step):
                return walk
    return walk


def _width(walk: _Walk, stride: int) -> int:
    """How many pages to ask for at once. `count` is a hint, dropped once a page disproves it."""
    if walk.count is None:
        return PAGES_AT_ONCE if walk.full else 1
    return max(1, min(PAGES_AT_ONCE, -(-(walk.count - walk.position) // stride)))


def _take(walk: _Walk, region: str, page: Page, *, start: int, overlap: int, full: int) -> int:
    """Add one page to the walk; return how many items it brought that were not held yet."""
    walk.calls += 1
    read = []
    walk.request_id = page.request_id or walk.request_id
    raws = fresh = items_of(page, start, overlap)
    if raws == walk.page:
        return 0  # The cloud does not heed `start`: it would send this page for ever.
    if overlap:
        same = begins_with(page, walk.page[-1])
        walk.moved = walk.moved or not same
        fresh = raws[1:] if same else raws
    walk.page = raws
    brought = 0
    walk.seen += len(fresh)
    walk.size += sum(map(len, fresh))
    _check_extent(walk)
    for raw in fresh:
        image = _read(region, raw, walk.problems)
        if image and image.uuid in walk.images:
            walk.moved = True
            continue
        brought += 1
        if image:
            walk.images[image.uuid] = image
            read.append(image)
    walk.sharing.share(read)
    if raws:
        _note_extent(walk, page, start + len(raws), full=len(raws) >= max(full, 1))
    return brought


def _read(region: str, raw: bytes, problems: Problems) -> Image | None:
    if len(raw) > MAX_IMAGE_BYTES:
        problems["item"] += 1
        return None
    return read_image(region, raw, problems)


def _weight(walk: _Walk) -> int:
    """Return what the images take in memory; raise TooLarge if it is more than it should."""
    found = walk.sharing.weight + sum(map(weight, walk.images.values()))
    if found > walk.limits.weight(len(walk.images)):
        raise TooLarge(f"a region whose images take more than {walk.limits.image // KIB} KiB each")
    return found


def _check_extent(walk: _Walk) -> None:
    if walk.seen > walk.limits.images:
        raise TooLarge(f"a region with more than {walk.limits.images} images")
    if walk.size > walk.limits.size:
        raise TooLarge(f"a region whose list takes more than {walk.limits.size // MIB} MiB")


def _note_extent(walk: _Walk, page: Page, position: int, *, full: bool) -> None:
    first, disproved = walk.position == 0, walk.count is not None and position > walk.count
    if first:
        walk.count = page.count if type(page.count) is int else None
    elif disproved:
        walk.count = None
    walk.full = full
    walk.position = position
