"""How the regions of a token stand in the cache: nothing is asked, decoded or counted."""

from __future__ import annotations

from dataclasses import dataclass

from images.services import fetching, store
from images.services.snapshots import RegionHead


@dataclass(frozen=True)
class Standing:
    """`age` in seconds and `size` in bytes are of what can be shown, None and 0 where there is
    nothing. `failing` is the kind of the last failure, "" when it worked; `region` "" stands for
    the list of regions. Of the `running` jobs `stalled` have not moved for long; None is not known.
    """

    region: str
    failing: str
    age: float | None = None
    images: int = 0
    size: int = 0
    running: int | None = None
    stalled: int | None = None


def standings(cache_key: str) -> list[Standing]:
    head = store.peek_head(cache_key, fetching.clock())
    if head is None:
        return []
    whole = Standing("", head.failure.kind if head.failure else "")
    return [whole, *(_standing(cache_key, entry) for entry in head.regions)]


def _standing(cache_key: str, entry: RegionHead) -> Standing:
    known = store.load_jobs(cache_key, entry.region.id)
    going = None if known is None else [each for each in known.jobs.values() if not each.job.done]
    return Standing(
        region=entry.region.id,
        failing=entry.failure.kind if entry.failure else "",
        age=max(0.0, fetching.clock() - entry.fetched_at) if entry.version else None,
        images=entry.count,
        size=entry.size,
        running=None if going is None else len(going),
        stalled=None if going is None else sum(each.stalled_minutes > 0 for each in going),
    )
