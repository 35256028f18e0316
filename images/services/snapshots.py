"""What is kept of an inventory: a small head, and a large body per region.

The head names the version of each region's body; whoever holds that version decoded needs only the
head to know that it is current. Pure: `images.services` does the storing, `images.cloud.packing`
makes the bodies.
"""

from __future__ import annotations

import msgspec

from images.cloud.errors import CloudError, OutOfTime, Unavailable
from images.cloud.pages import PAGE_LIMIT
from images.cloud.records import Region

# Kinds of failure that are the token's, where the whole cloud or every region answers so.
REFUSALS = frozenset({"refused", "forbidden"})
# Kinds of failure that say nothing but that no answer came in time.
SILENCE = frozenset({OutOfTime.kind, Unavailable.kind})
# Seconds until a failed attempt is repeated: the first time, after a refusal, and at most.
FIRST_PAUSE, FIRST_PAUSE_REFUSED, LONGEST_PAUSE = 15.0, 60.0, 900.0


class Failure(msgspec.Struct, frozen=True, array_like=True):
    """Why the last attempt failed, `times` in a row.

    `since`, `at` and `again_at` are Unix seconds: when the first attempt failed for this reason,
    when the last did, and when the next is due. `since` is 0 where an older release noted it.
    """

    kind: str
    errmsg: str
    errno: int | None
    request_id: str
    http_status: int | None
    at: float
    again_at: float
    times: int
    since: float = 0.0


class Unconfirmed(msgspec.Struct, frozen=True, array_like=True):
    """The newest list of a region, which a second reading has to confirm: it is too different.

    It was read at `at` (Unix seconds), lacks `vanished` of the `of` images that were known, and has
    `others` that are not as they were.
    """

    at: float
    vanished: int
    others: int
    of: int


class RegionHead(msgspec.Struct, frozen=True, array_like=True):
    """One region: its last good snapshot (if `version`), and the failure since then (if any).

    `fetched_at` in Unix seconds, `seconds` and `calls` are what the fetch cost, `size` and `weight`
    the bytes it takes encoded and in the memory of who holds it, `problems` counts unreadable
    fields by the vendor's name, `moved` says that the listing changed while it was read. While a
    newer list is `unconfirmed` the snapshot is still the one before, unless there is none.
    `page_limit` is how many images the cloud may be asked for at once.
    """

    region: Region
    version: str = ""
    fetched_at: float = 0.0
    seconds: float = 0.0
    calls: int = 0
    count: int = 0
    size: int = 0
    request_id: str = ""
    problems: dict[str, int] = {}
    moved: bool = False
    failure: Failure | None = None
    unconfirmed: Unconfirmed | None = None
    weight: int = 0
    page_limit: int = PAGE_LIMIT

    @property
    def is_whole(self) -> bool:
        """Whether the list lacks nothing: what moved or could not be read may be missing."""
        return not self.moved and not self.problems.get("item")


class Head(msgspec.Struct, frozen=True, array_like=True):
    """Everything but the images, of one token: what a request reads to know what it may show.

    `regions_at` is when the region list was read, `asked_at` when the cloud was last asked for
    anything and had answered or failed (Unix seconds). `failure` is the region list's, `unreadable`
    how many of its entries were no region.
    """

    regions: tuple[RegionHead, ...] = ()
    regions_at: float = 0.0
    asked_at: float = 0.0
    failure: Failure | None = None
    unreadable: int = 0


def is_refused(head: Head) -> bool:
    """Whether the list of regions was refused: each region would be, in the same words."""
    return head.failure is not None and head.failure.kind in REFUSALS


def is_slow(head: Head) -> bool:
    """Whether the last reading waited for a cloud that did not answer, for any of the lists."""
    return any(map(is_silence, [head.failure, *(entry.failure for entry in head.regions)]))


def is_silence(outcome: object) -> bool:
    """Whether what came of asking is a failure that says only that no answer came in time."""
    if not isinstance(outcome, Failure):
        return False
    return outcome.kind in SILENCE and outcome.errno is None


def failure_of(error: CloudError, *, now: float, before: Failure | None, longest: float) -> Failure:
    """Return what to remember of a failed attempt.

    The pause before the next doubles each time: up to `longest` seconds, or after a refusal, which
    hardly passes soon, up to LONGEST_PAUSE. It is no shorter than the cloud asked for, within
    LONGEST_PAUSE.
    """
    refusal = error.kind in REFUSALS
    again = before is not None and (before.kind in REFUSALS) is refusal
    times = before.times + 1 if before and again else 1
    first, longest = (FIRST_PAUSE_REFUSED, LONGEST_PAUSE) if refusal else (FIRST_PAUSE, longest)
    pause = min(first * 2.0 ** min(times - 1, 10), longest)
    pause = min(max(pause, error.retry_after or 0.0), LONGEST_PAUSE)
    return Failure(
        kind=error.kind,
        errmsg=error.errmsg,
        errno=error.errno,
        request_id=error.request_id,
        http_status=error.http_status,
        at=now,
        again_at=now + pause,
        times=times,
        since=(before.since or before.at) if before and before.kind == error.kind else now,
    )


def without_refusals(head: Head, now: float) -> Head:
    """Return the head as if nothing had been refused; a forgotten one, if it knows no list."""
    if not any(entry.version for entry in head.regions):
        return Head(asked_at=now)
    regions = tuple(
        msgspec.structs.replace(entry, failure=_unless_refusal(entry.failure))
        for entry in head.regions
    )
    failure = _unless_refusal(head.failure)
    return msgspec.structs.replace(head, regions=regions, failure=failure, asked_at=now)


def is_forgotten(head: Head) -> bool:
    """Whether it only takes the place of another, and knows nothing itself."""
    return not head.regions_at and head.failure is None


def _unless_refusal(failure: Failure | None) -> Failure | None:
    return None if failure and failure.kind in REFUSALS else failure


def without_older_than(head: Head, oldest: float) -> Head:
    """Return the head without the snapshots that were read before `oldest`.

    They are too old to be shown at all.
    """
    if all(entry.fetched_at >= oldest or not entry.version for entry in head.regions):
        return head
    regions = tuple(
        entry
        if entry.fetched_at >= oldest
        else RegionHead(region=entry.region, failure=entry.failure, unconfirmed=entry.unconfirmed)
        for entry in head.regions
    )
    return msgspec.structs.replace(head, regions=regions)


def encode_head(head: Head) -> bytes:
    return msgspec.msgpack.encode(head)
