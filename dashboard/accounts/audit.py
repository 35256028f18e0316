"""The audit log: what was done to tokens, teams, roles and links. It only ever grows.

Each entry holds a digest over itself and the digest before it, so that an entry that was changed,
taken out or put in later shows: `manage.py verify_audit`. PostgreSQL, which can, refuses every
change besides. Nothing secret goes in: labels and last four, never more.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from django.db import connection, transaction
from django.utils import timezone

from dashboard.accounts.models import AuditEntry, Team

START = "0" * 64
# Any number that nothing else locks under: writers wait for each other, or the chain would fork.
LOCK = 7_241_530_118
FIELDS = ("actor", "action", "team_id", "team", "subject", "owner", "address", "result")
BATCH = 1000


@dataclass(frozen=True)
class Actor:
    """Who does something: a name, and the address it is done from, "" on the machine itself."""

    name: str
    address: str = ""


@dataclass(frozen=True)
class Verified:
    """`count` entries follow from one another, the last with the digest `head`. `broken` is the
    first one that does not: it was changed, or what stood before it is gone."""

    count: int
    head: str
    broken: AuditEntry | None = None


def record(
    by: Actor,
    action: str,
    *,
    team: Team | None = None,
    subject: str = "",
    owner: str = "",
    result: str = "done",
) -> None:
    """Write one entry. Call it in the transaction of what it tells of, if that has one."""
    entry = AuditEntry(
        at=timezone.now().replace(microsecond=0),
        actor=by.name[:150],
        action=action,
        team_id=team.pk if team else None,
        team=team.name if team else "",
        subject=subject[:200],
        owner=owner[:150],
        address=by.address[:45],
        result=result[:40],
    )
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        before = AuditEntry.objects.order_by("-id").values_list("digest", flat=True).first()
        entry.digest = digest(entry, before or START)
        entry.save(force_insert=True)


def digest(entry: AuditEntry, before: str) -> str:
    """What the entry's own digest has to be, after an entry with the digest `before`."""
    facts = [before, int(entry.at.timestamp()), *(getattr(entry, name) for name in FIELDS)]
    return hashlib.sha256(json.dumps(facts, ensure_ascii=True).encode()).hexdigest()


def verify() -> Verified:
    """Follow the chain from the oldest entry on."""
    count, head = 0, START
    for entry in AuditEntry.objects.order_by("id").iterator(chunk_size=BATCH):
        if entry.digest != digest(entry, head):
            return Verified(count, head, entry)
        count, head = count + 1, entry.digest
    return Verified(count, head)


def holds(known: str) -> bool:
    """Whether the entry with this digest, which an earlier `verify` gave, is still there."""
    return known == START or AuditEntry.objects.filter(digest=known).exists()
