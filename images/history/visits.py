"""When a person looked at the images of a token before: what came since then is new to them.

A visit goes on until nothing is asked for half an hour. It is noted once a minute, so that looking
costs one short query; what came in the last minute of a visit may count as new in the next.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db.models import Q

from dashboard.stamps import by_the_way
from images.history.models import Visit

VISIT_ENDS_AFTER = timedelta(minutes=30)
NOTED_EVERY = timedelta(minutes=1)

# Every look at a list asks this. Written out, because composing it takes five times as long as
# asking it does.
VISIT = f"SELECT * FROM {Visit._meta.db_table} WHERE user_id = %s AND key = %s"  # noqa: S608


def before(user_id: int, key: str, now: float, *, looks: bool) -> int | None:
    """Return the end of the visit before this one (Unix milliseconds), None in the first.

    `looks` says that the person asked for this, not a page that is open somewhere.
    """
    visit = _visit(user_id, key)
    moment = datetime.fromtimestamp(now, UTC)
    if visit is None:
        if looks:
            new = Visit(user_id=user_id, key=key, seen_at=moment)
            with by_the_way():
                Visit.objects.bulk_create([new], ignore_conflicts=True)
        return None
    if looks and moment - visit.seen_at > NOTED_EVERY:
        ended = moment - visit.seen_at > VISIT_ENDS_AFTER
        since = visit.seen_at if ended else visit.since
        # Of two requests at once the first begins the visit.
        same = Q(user_id=user_id, key=key, seen_at=visit.seen_at)
        with by_the_way():
            Visit.objects.filter(same).update(since=since, seen_at=moment)
        visit.since = since
    return None if visit.since is None else int(visit.since.timestamp() * 1000) + 1


def _visit(user_id: int, key: str) -> Visit | None:
    return next(iter(Visit.objects.raw(VISIT, [user_id, key])), None)
