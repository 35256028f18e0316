"""The audit log: what was done to people, tokens, teams, roles and links. It only ever grows.

Entries are numbered from 1, without a gap, by their `id`. Each holds an HMAC over itself and the
HMAC before it, under AUDIT_KEYS, which the database does not hold: who can write every table, but
has no key, can neither change nor remove, move or add an entry without `manage.py verify_audit`
noticing. An end that was cut off shows because `head_file` keeps the last entry elsewhere.
`triggers` has the database refuse everything but adding. Nothing secret goes in: labels and
last four, never more.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import UTC

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from dashboard.audit import head_file
from dashboard.audit.head_file import START, Head
from dashboard.audit.models import Action as Action
from dashboard.audit.models import AuditEntry
from dashboard.people.models import Team, User

log = structlog.get_logger("dashboard.audit")

# Any number that nothing else locks under: writers wait for each other, or the chain would fork.
LOCK = 7_241_530_118
FIELDS = (
    *("actor", "actor_id", "action", "team_id", "team", "subject", "owner", "owner_id"),
    *("address", "result"),
)
BATCH = 1000


@dataclass(frozen=True)
class Actor:
    """Who does something: a name, the address it is done from, "" on the machine itself, and the
    number of the account, None where it is no person."""

    name: str
    address: str = ""
    id: int | None = None


# Who is no person has a blank in its name, which no user name can have.
COMMAND = Actor("manage.py (command)")


@dataclass(frozen=True)
class Verified:
    """The entries up to `head` follow from one another. `broken` is the first one that does not: it
    was changed, or what stood before it is gone."""

    head: Head
    broken: AuditEntry | None = None


def record(
    by: Actor,
    action: Action,
    *,
    team: Team | None = None,
    subject: str = "",
    owner: User | None = None,
    result: str = "done",
) -> None:
    """Write one entry. Call it in the transaction of what it tells of, if that has one."""
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
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        before = last()
        entry.pk = before.number + 1
        entry.digest = digest(entry, before, keys()[0])
        entry.save(force_insert=True)
        transaction.on_commit(lambda: _committed(entry, before), robust=True)


def _committed(entry: AuditEntry, before: Head) -> None:
    """Tell the outside how far the log has come: the log of events, and this machine's own file."""
    head = Head(entry.pk, entry.digest)
    log.info("audit entry", action=str(entry.action), head=str(head))
    head_file.keep(head, lambda known: known == before or contains(known))


def keys() -> list[str]:
    """What entries are signed under, the newest key first; it signs."""
    return [key.strip() for key in settings.AUDIT_KEYS.split(",")]


def digest(entry: AuditEntry, before: Head, key: str) -> str:
    """Return what the entry's own digest has to be, after the entry `before`."""
    at = entry.at.astimezone(UTC).isoformat()
    facts = [before.digest, entry.pk, at, *(getattr(entry, name) for name in FIELDS)]
    return hmac.digest(key.encode(), json.dumps(facts).encode(), hashlib.sha256).hex()


def last() -> Head:
    """Return the newest entry that the database holds."""
    found = AuditEntry.objects.order_by("-id").values_list("id", "digest").first()
    return Head(*found) if found else START


def contains(head: Head) -> bool:
    """Return whether that entry is still there. Of its digest the beginning is enough."""
    entries = AuditEntry.objects.filter(pk=head.number, digest__startswith=head.digest)
    return head.number == 0 or entries.exists()


def verify() -> Verified:
    """Follow the chain from the oldest entry on. Where a key has signed, no older one does again:
    who learned a key that was replaced cannot use it any more."""
    head, usable = START, keys()
    for entry in AuditEntry.objects.order_by("id").iterator(chunk_size=BATCH):
        fitting = [
            place
            for place, key in enumerate(usable)
            if hmac.compare_digest(entry.digest.encode(), digest(entry, head, key).encode())
        ]
        if entry.pk != head.number + 1 or not fitting:
            return Verified(head, entry)
        head, usable = Head(entry.pk, entry.digest), usable[: fitting[0] + 1]
    return Verified(head)
