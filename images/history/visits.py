"""When a person looked at the images of an account before: what came since then is new to them.

A visit goes on until nothing is asked for half an hour. It is noted once a minute, so that looking
costs one short query; what came in the last minute of a visit may count as new in the next.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta

from django.db.models import Q

from dashboard.stamps import by_the_way
from images.history.models import Visit

# Every look at a list asks this. Written out, because composing it takes five times as long as
# asking it does.
_VISITS = f"SELECT * FROM {Visit._meta.db_table} WHERE user_id = %%s AND key IN (%s)"  # noqa: S608

VISIT_ENDS_AFTER = timedelta(minutes=30)
NOTED_EVERY = timedelta(minutes=1)


def before(user_id: int, keys: Collection[str], now: float, *, looks: bool) -> dict[str, int]:
    """Return by key the end of the visit before this one (Unix milliseconds), none in the first.

    `looks` says that the person asked for this, not a page that is open somewhere.
    """
    rows = Visit.objects.raw(_VISITS % ", ".join(["%s"] * len(keys)), [user_id, *sorted(keys)])
    known = {visit.key: visit for visit in rows} if keys else {}
    moment = datetime.fromtimestamp(now, UTC)
    if looks:
        new = [key for key in keys if key not in known]
        old = [each for each in known.values() if moment - each.seen_at > NOTED_EVERY]
        with by_the_way():
            _note(user_id, new, old, moment)
    return {
        key: int(visit.since.timestamp() * 1000) + 1
        for key, visit in known.items()
        if visit.since is not None
    }


def _note(user_id: int, new: Iterable[str], old: Iterable[Visit], moment: datetime) -> None:
    """Note that the person looks; of two requests at once the first begins the visit."""
    begun = [Visit(user_id=user_id, key=key, seen_at=moment) for key in new]
    if begun:
        Visit.objects.bulk_create(begun, ignore_conflicts=True)
    alike: defaultdict[tuple[datetime, datetime | None], list[Visit]] = defaultdict(list)
    for visit in old:
        alike[visit.seen_at, visit.since].append(visit)
    for (seen_at, since), visits in alike.items():
        since = seen_at if moment - seen_at > VISIT_ENDS_AFTER else since
        keys = [visit.key for visit in visits]
        same = Q(user_id=user_id, key__in=keys, seen_at=seen_at)
        Visit.objects.filter(same).update(since=since, seen_at=moment)
        for visit in visits:
            visit.since = since
