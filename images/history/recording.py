"""What changed in the cloud, found and kept with each list that is read.

Beside the changes lies what they led to: what was last known of each region, and since when what of
it needs attention. The next list is compared with that, and all is written at once or not at all.
So nothing is told twice or left out, whoever reads, is killed, or lost what it held; and while this
database is away nothing is told until it is back.

Changes are kept for 30 days, and of each key no more than the newest 20,000.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from images.history import worries
from images.history.changes import (
    RENAMED,
    Change,
    Known,
    bounded,
    decode_known,
    doubts,
    encode_known,
    find,
    listed,
)
from images.history.feed import BATCH, KEPT
from images.history.models import Change as Row
from images.history.models import Published, Visit, Watch
from images.search.spelling import folded
from images.services.signals import Reading
from images.services.snapshots import Unconfirmed

KEPT_A_KEY = 20_000
MOST_CHANGES = 2_000  # of one region in one reading
LONGEST = 255


def record(sender: Any, key: str, reading: Reading, **named: Any) -> Unconfirmed | None:
    """Keep what a reading changed, or what of it is to be confirmed; then that is returned."""
    if reading.whole and _is_as_before(key, reading):
        return None
    with transaction.atomic():
        watch = _locked(key, reading)
        known, unconfirmed = _read(watch.known), _read(watch.unconfirmed)
        if known is None:
            _begin(watch, reading)
        elif not _is_overtaken(watch, reading):
            unconfirmed = _compare(watch, reading, known, unconfirmed)
        if known is None or unconfirmed is None:
            return None
        vanished, others = doubts(reading.region, known, unconfirmed)
        at = watch.read_at.timestamp() if watch.read_at else reading.at
        return Unconfirmed(at, vanished, others, len(known.images))


def over() -> tuple[QuerySet[Any], ...]:
    """Return what is older than is kept."""
    oldest = timezone.now() - KEPT
    return (
        Row.objects.filter(at__lt=oldest),
        Watch.objects.filter(read_at__lt=oldest),
        Visit.objects.filter(seen_at__lt=oldest),
        Published.objects.filter(asked_at__lt=oldest.timestamp()),
    )


def _is_as_before(key: str, reading: Reading) -> bool:
    """Whether the list is the one that was last told, as it mostly is: then nothing is decoded."""
    same = Watch.objects.filter(key=key, region=reading.region, version=reading.version)
    told = same.filter(known__isnull=False, worries__isnull=False, unconfirmed=None)
    return bool(told.update(read_at=_moment(reading.at)))


def _locked(key: str, reading: Reading) -> Watch:
    """Return the region's row, locked for this transaction."""
    rows = Watch.objects.select_for_update().filter(key=key, region=reading.region)
    watch = rows.first()
    if watch is None:
        new = Watch(key=key, region=reading.region, since=_moment(reading.at))
        Watch.objects.bulk_create([new], ignore_conflicts=True)
        watch = rows.get()
    return watch


def _is_overtaken(watch: Watch, reading: Reading) -> bool:
    """Return whether another reading was kept since this one began.

    Which of them is newer nobody knows. The next one will tell.
    """
    if watch.read_at is None:
        return False
    return _moment(reading.began_at) < watch.read_at <= _moment(reading.at)


def _begin(watch: Watch, reading: Reading) -> None:
    """There is nothing to compare with: of what came before nothing is known."""
    watch.since = _moment(reading.at)
    _save(watch, reading, listed(reading.images, whole=reading.whole), None)


def _compare(
    watch: Watch, reading: Reading, known: Known, unconfirmed: Known | None
) -> Known | None:
    """Keep what is different from what was known; what of it is to be confirmed is returned."""
    now = listed(reading.images, whole=reading.whole)
    found = find(reading.region, known, unconfirmed, now)
    at = _moment(reading.at)
    if found.known.whole and not known.whole:
        watch.since = at
    changes = bounded(found.changes, MOST_CHANGES)
    if changes:
        rows = [_row(watch.key, at, change) for change in changes]
        Row.objects.bulk_create(rows, batch_size=BATCH, ignore_conflicts=True)
        _trim(watch.key, at - KEPT)
    _save(watch, reading, None if found.known == known else found.known, found.unconfirmed)
    return found.unconfirmed


def _save(watch: Watch, reading: Reading, known: Known | None, unconfirmed: Known | None) -> None:
    """With what is known now, None where that is as it was."""
    # Two lists with the same images differ where only one of them is whole.
    watch.version = reading.version if reading.whole else ""
    watch.read_at = _moment(reading.at)
    watch.unconfirmed = unconfirmed and encode_known(unconfirmed)
    fields = ["version", "read_at", "since", "unconfirmed"]
    if unconfirmed is None:
        watch.worries = worries.encode(worries.noted(worries.decode(watch.worries), reading))
        fields.append("worries")
    if known:
        watch.known = encode_known(known)
        fields.append("known")
    watch.save(update_fields=fields)


def _trim(key: str, oldest: datetime) -> None:
    rows = Row.objects.filter(key=key)
    rows.filter(at__lt=oldest).delete()
    beyond = rows.order_by("-at", "-id")[KEPT_A_KEY:].values("pk")
    Row.objects.filter(pk__in=list(beyond.values_list("pk", flat=True))).delete()


def _row(key: str, at: datetime, change: Change) -> Row:
    return Row(
        key=key,
        region=change.region,
        at=at,
        kind=change.kind,
        uuid=change.uuid,
        image_id=_kept(change.id),
        name=_kept(change.name),
        before=_kept(change.before),
        after=_kept(change.after),
        count=change.count,
        searched=_searched(change),
    )


def _searched(change: Change) -> str:
    """Return the ids and the name, and the one before where that is another."""
    earlier = [change.before] if change.kind == RENAMED else []
    return "\n".join(
        folded(_kept(each)) for each in (change.name, change.uuid, change.id, *earlier)
    )


def _read(data: bytes | memoryview | None) -> Known | None:
    return None if data is None else decode_known(bytes(data))


def _kept(text: str) -> str:
    """Return what every database takes of a text."""
    readable = text.encode(errors="replace").decode()
    return readable.replace("\0", "\N{REPLACEMENT CHARACTER}")[:LONGEST]


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
