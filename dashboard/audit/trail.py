"""The audit log: what was done to people, tokens, teams, roles and links.

Entries are only ever added. They are numbered from 1, without a gap, by their `id`. Each holds an
HMAC over itself and the previous entry's HMAC, under AUDIT_KEYS, which the database does not hold:
whoever can write every table, but has no key, can neither change nor remove, move or add an entry
without `manage.py verify_audit` noticing. An end that was cut off is noticed because `head_file`
remembers the last entry outside of the database. `triggers` makes the database refuse everything
but adding. The oldest entries can be moved to a file, see `archive`: then a later entry names the
last of them, and what is left follows from that. No secret is recorded: of a token only its label
and last four characters.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC
from itertools import chain, islice
from typing import cast

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from dashboard.audit import head_file
from dashboard.audit.head_file import START, Head
from dashboard.audit.models import Action as Action
from dashboard.audit.models import AuditEntry
from dashboard.people.models import Team, User

log = structlog.get_logger("dashboard.audit")

# An arbitrary number that no other lock uses. Writers wait for each other, or the chain would fork.
LOCK = 7_241_530_118
FIELDS = (
    *("actor", "actor_id", "action", "team_id", "team", "subject", "owner", "owner_id"),
    *("address", "result"),
)
BATCH = 1000


@dataclass(frozen=True)
class Actor:
    """Who does something.

    `address` is the IP address it is done from, "" on the machine itself. `id` is the account's,
    None where the actor is no person.
    """

    name: str
    address: str = ""
    id: int | None = None


# The name of an actor that is no person has a space, which no user name can have.
COMMAND = Actor("manage.py (command)")


@dataclass(frozen=True)
class Verified:
    """The result of `verify`: all entries behind `after` and up to `head` are valid.

    `broken` is the first entry that is not: it was changed, or what preceded it is missing. `keys`
    are those that may sign what follows.
    """

    after: Head
    head: Head
    keys: Sequence[str]
    broken: AuditEntry | None = None

    @property
    def count(self) -> int:
        return self.head.number - self.after.number


def record(
    by: Actor,
    action: Action,
    *,
    team: Team | None = None,
    subject: str = "",
    owner: User | None = None,
    result: str = "done",
) -> None:
    """Write one entry, in the transaction of the change that it records, if there is one."""
    entry = AuditEntry(
        at=timezone.now().replace(microsecond=0),
        actor=by.name[:150],
        actor_id=by.id,
        action=action,
        team_id=team.pk if team else None,
        team=team.name if team else "",
        subject=subject[:200],
        owner=owner.get_username() if owner else "",
        owner_id=owner.pk if owner else None,
        address=by.address[:45],
        result=result[:40],
    )
    with transaction.atomic():
        write_alone()
        before = last()
        entry.pk = before.number + 1
        entry.digest = digest(entry, before, keys()[0])
        entry.save(force_insert=True)
        transaction.on_commit(lambda: _committed(entry, before), robust=True)


def write_alone() -> None:
    """Have no other process write until this transaction ends. SQLite has one writer anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def _committed(entry: AuditEntry, before: Head) -> None:
    """Publish the new head outside of the database: in the event log and in this machine's file."""
    head = Head(entry.pk, entry.digest)
    log.info("audit entry", action=str(entry.action), head=str(head))
    head_file.keep(head, lambda known: known == before or contains(known))


def keys() -> list[str]:
    """Return the keys of the audit log, newest first; new entries are signed with the first."""
    return [key.strip() for key in settings.AUDIT_KEYS.split(",")]


def digest(entry: AuditEntry, before: Head, key: str) -> str:
    """Return the digest that the entry must have if it follows `before`."""
    at = entry.at.astimezone(UTC).isoformat()
    facts = [before.digest, entry.pk, at, *(getattr(entry, name) for name in FIELDS)]
    return hmac.digest(key.encode(), json.dumps(facts).encode(), hashlib.sha256).hex()


def last() -> Head:
    """Return the newest entry that the database holds."""
    found = AuditEntry.objects.order_by("-id").values_list("id", "digest").first()
    return Head(*found) if found else START


def beginning() -> Head:
    """Return the entry that the oldest in the database follows: START, or the last archived one.

    It is true if `verify` finds nothing broken.
    """
    oldest = AuditEntry.objects.order_by("id").values_list("id", flat=True).first()
    return START if oldest is None else _before(oldest)


def _before(number: int) -> Head:
    """Return the entry before, as the entry says with which it was archived; START if none does."""
    archiving = AuditEntry.objects.filter(
        action=Action.AUDIT_ARCHIVE, subject__startswith=f"{number - 1}:"
    ).first()
    try:
        return head_file.read(archiving.subject.partition(" ")[0]) if archiving else START
    except head_file.Unreadable:
        return START


def contains(head: Head) -> bool:
    """Return whether the entry is in the log, or archived; its digest may be the start of it.

    Of an archived one only the last is known by its digest.
    """
    entries = AuditEntry.objects.filter(pk=head.number, digest__startswith=head.digest)
    if head.number == 0 or entries.exists():
        return True
    archived = beginning()
    if head.number == archived.number:
        return archived.digest.startswith(head.digest)
    return head.number < archived.number


def verify() -> Verified:
    """Verify the chain from the oldest entry on."""
    after, entries = entries_from_the_oldest(AuditEntry.objects.all())
    return verify_chain(entries, after)


def entries_from_the_oldest(rows: QuerySet[AuditEntry]) -> tuple[Head, Iterator[AuditEntry]]:
    """Return the entry that the oldest one follows, and the rows in order, as of one moment."""
    while True:
        after = beginning()
        reading = cast(
            Generator[AuditEntry, None, None], rows.order_by("id").iterator(chunk_size=BATCH)
        )
        # From the first row on the database shows what was there then, whoever archives meanwhile.
        first = list(islice(reading, 1))
        if beginning() == after:
            return after, chain(first, reading)
        reading.close()


def verify_chain(entries: Iterable[AuditEntry], after: Head) -> Verified:
    """Verify that the entries follow `after`, and one another.

    Once a key has signed an entry, no older key is accepted for a later one: whoever learned a key
    that was replaced cannot use it any more.
    """
    head, usable = after, keys()
    for entry in entries:
        fitting = [
            place
            for place, key in enumerate(usable)
            if hmac.compare_digest(entry.digest.encode(), digest(entry, head, key).encode())
        ]
        if entry.pk != head.number + 1 or not fitting:
            return Verified(after, head, usable, entry)
        head, usable = Head(entry.pk, entry.digest), usable[: fitting[0] + 1]
    return Verified(after, head, usable)
