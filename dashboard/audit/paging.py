"""One page of the audit log.

Nothing is counted, and no page is found by leaving out those before it. No index finds a part of a
text, so a text is looked for in SEARCHED entries at a time, and the page says how far back.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import NamedTuple

from django.db.models import QuerySet
from django.http import QueryDict

from dashboard.audit import trail
from dashboard.audit.models import AuditEntry

PAGE_SIZE = 50
SEARCHED = 20_000
# Machines whose clocks differ write entries that are this far from the order of their times.
OUT_OF_ORDER = 100
ID = re.compile(r"\d{1,18}", re.ASCII)


class Page(NamedTuple):
    """Some entries; `newer` and `older` are the ids that others follow or precede, None if none.

    `searched_to` is the time back to which a text was looked for, None where that is all there is.
    """

    entries: list[AuditEntry]
    newer: int | None
    older: int | None
    searched_to: datetime | None = None


def turned(entries: QuerySet[AuditEntry], params: QueryDict) -> Page:
    """Return the entries `before` an id, those that follow the one `after`, or the newest."""
    before, after = _id(params.get("before")), _id(params.get("after"))
    if after is not None:
        found = list(entries.filter(pk__gt=after).order_by("id")[: PAGE_SIZE + 1])
        if len(found) > PAGE_SIZE:
            shown = found[PAGE_SIZE - 1 :: -1]
            return Page(shown, newer=shown[0].pk, older=shown[-1].pk)
        before = None  # They fit onto the newest page, and it is shown whole.
    if before is not None:
        entries = entries.filter(pk__lt=before)
    return _older(entries, before)


def searched(
    entries: QuerySet[AuditEntry],
    params: QueryDict,
    since: datetime | None,
    until: datetime | None,
) -> Page:
    """Return the same of entries that have a text, which are between these times."""
    before, after = _id(params.get("before")), _id(params.get("after"))
    if after is not None:
        following = entries.filter(pk__gt=after, pk__lte=after + SEARCHED).order_by("id")
        found = list(following[: PAGE_SIZE + 1])
        if len(found) > PAGE_SIZE or after + SEARCHED < trail.last().number:
            shown = found[:PAGE_SIZE][::-1]
            newer = shown[0].pk if len(found) > PAGE_SIZE else after + SEARCHED
            return Page(shown, newer, older=after + 1)
        before = None
    end = _newest(until) + 1 if before is None else before
    oldest = AuditEntry.objects.filter(pk__gte=end - SEARCHED).order_by("id").first()
    page = _older(entries.filter(pk__gte=end - SEARCHED, pk__lt=end), before)
    if page.older or not oldest or _is_all(oldest, since):
        return page
    return page._replace(older=oldest.pk, searched_to=oldest.at)


def _older(entries: QuerySet[AuditEntry], before: int | None) -> Page:
    found = list(entries[: PAGE_SIZE + 1])
    shown = found[:PAGE_SIZE]
    newer = None if before is None else shown[0].pk if shown else before - 1
    return Page(shown, newer, older=shown[-1].pk if len(found) > PAGE_SIZE else None)


def _newest(until: datetime | None) -> int:
    """Return the id of the newest entry from before a time, or a little later."""
    newest = trail.last().number
    if until is None:
        return newest
    entries = AuditEntry.objects.filter(at__lt=until).order_by("-at")
    found = entries.values_list("id", flat=True).first()
    return min(found + OUT_OF_ORDER, newest) if found else 0


def _is_all(oldest: AuditEntry, since: datetime | None) -> bool:
    """Return whether none that are older could be meant."""
    is_first = not AuditEntry.objects.filter(pk=oldest.pk - 1).exists()
    return is_first or (since is not None and oldest.at < since)


def _id(text: str | None) -> int | None:
    return int(text) if text and ID.fullmatch(text) else None
