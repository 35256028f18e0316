"""The oldest entries of the audit log, moved to a file.

The file is whole before anything is removed. Its first line says which entry comes before those in
it and which is the last, signed as entries are; each line after it is an entry as the log had it.

What is removed is named by an entry of the log, in the same transaction: the last one removed, by
its number and digest. So whatever ends this in between leaves a log that can be verified.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

import msgspec
from django.db import connection, transaction

from dashboard.audit import head_file, trail, triggers
from dashboard.audit.head_file import Head
from dashboard.audit.models import Action, AuditEntry

# So many entries are removed in one transaction, for which everyone waits who writes an entry.
STEP = 20_000


class Contents(msgspec.Struct, frozen=True):
    """The first line: each entry as its number, a colon and its digest."""

    after: str
    until: str
    signature: str


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every other line: an entry with all that its digest is made of."""

    id: int
    at: datetime
    actor: str
    actor_id: int | None
    action: str
    team_id: int | None
    team: str
    subject: str
    owner: str
    owner_id: int | None
    address: str
    result: str
    digest: str


class Damaged(Exception):
    """Raised with the reason, as a sentence, for a file that is not whole."""


_encode = msgspec.json.Encoder().encode
_decode_contents = msgspec.json.Decoder(Contents).decode
_decode_line = msgspec.json.Decoder(Line).decode


def last_before(moment: datetime) -> Head | None:
    """Return the last of the oldest entries that are all from before a moment; None if none is."""
    later = AuditEntry.objects.filter(at__gte=moment).order_by("id")
    first = later.values_list("id", flat=True).first()
    entries = AuditEntry.objects.order_by("-id")
    if first is not None:
        entries = entries.filter(pk__lt=first)
    found = entries.values_list("id", "digest").first()
    return Head(*found) if found else None


def write(path: Path, until: Head) -> bool:
    """Write all entries up to one to a new file, onto the disk; raise OSError if that fails.

    Return False, and write none, where somebody else has archived them meanwhile.
    """
    rows = AuditEntry.objects.filter(pk__lte=until.number)
    after, entries = trail.entries_from_the_oldest(rows)
    if after.number >= until.number:
        return False
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(file, "wb") as lines:
            lines.writelines(_lines(after, until, entries))
            lines.flush()
            os.fsync(lines.fileno())
        _sync(path.absolute().parent)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return True


def _lines(after: Head, until: Head, entries: Iterable[AuditEntry]) -> Iterator[bytes]:
    signature = _signature(after, until, trail.keys()[0])
    yield _encode(Contents(_written(after), _written(until), signature)) + b"\n"
    for entry in entries:
        facts = {name: getattr(entry, name) for name in Line.__struct_fields__}
        yield _encode(Line(**facts)) + b"\n"


def _written(head: Head) -> str:
    return f"{head.number}:{head.digest}"


def _signature(after: Head, until: Head, key: str) -> str:
    facts = ["archive", _written(after), _written(until)]
    return hmac.digest(key.encode(), json.dumps(facts).encode(), hashlib.sha256).hex()


def _sync(folder: Path) -> None:
    """Have the file's name on the disk as well."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def verify(path: Path) -> trail.Verified:
    """Return what a file holds; raise Damaged if an entry was changed, added or is missing."""
    with path.open("rb") as lines:
        try:
            contents = _decode_contents(lines.readline())
            after, until = head_file.read(contents.after), head_file.read(contents.until)
        except (msgspec.MsgspecError, head_file.Unreadable):
            raise Damaged("It does not begin as an archive of the audit log.") from None
        found = trail.verify_chain(_entries(lines), after)
    if found.broken:
        raise Damaged(
            f"Entry {found.broken.pk} ({found.broken}) does not follow from the one before it, or "
            "AUDIT_KEYS lacks its key."
        )
    if found.head != until:
        raise Damaged(f"It ends with entry {found.head.number} instead of {until.number}.")
    signatures = [_signature(after, until, key) for key in found.keys]
    if contents.signature not in signatures:
        raise Damaged("Its first line was changed, or AUDIT_KEYS lacks its key.")
    return found


def _entries(lines: Iterable[bytes]) -> Iterator[AuditEntry]:
    for number, line in enumerate(lines, start=2):
        try:
            decoded = _decode_line(line)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise Damaged(f"Line {number} is no entry.") from None
        yield AuditEntry(**msgspec.structs.asdict(decoded))


def remove(until: Head, name: str) -> int:
    """Remove all entries up to one, which are in the file of that name; return how many."""
    removed = 0
    while some := _remove_some(until, name):
        removed += some
    return removed


def _remove_some(until: Head, name: str) -> int:
    with transaction.atomic():
        trail.write_alone()
        oldest = AuditEntry.objects.order_by("id").values_list("id", flat=True).first()
        if oldest is None or oldest > until.number:
            return 0  # Or somebody else has archived them.
        last = AuditEntry.objects.get(pk=min(until.number, oldest + STEP - 1))
        subject = f"{last.pk}:{last.digest} {name}"
        trail.record(trail.COMMAND, Action.AUDIT_ARCHIVE, subject=subject)
        with triggers.lifted(connection):
            return AuditEntry.objects.filter(pk__lte=last.pk).delete()[0]
