"""The audit log grows, and shows when anything else was done to it."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from dashboard.accounts import audit, teams
from dashboard.accounts.audit import Actor
from dashboard.accounts.models import AuditEntry, User

pytestmark = pytest.mark.django_db(databases="__all__")

BY = Actor("ann", "192.0.2.7")


def verify(*arguments: str) -> str:
    out = StringIO()
    call_command("verify_audit", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def three() -> list[AuditEntry]:
    for name in ("Blue", "Green", "红"):
        teams.create(name, by=BY)
    return list(AuditEntry.objects.order_by("id"))


def test_it_works(three: list[AuditEntry]) -> None:
    first = three[0]
    assert (first.actor, first.address, first.action, first.team, first.result) == (
        *("ann", "192.0.2.7", "team.create", "Blue", "done"),
    )
    assert verify().startswith("3 entries, whole.")


def test_nothing_noted_is_whole_too() -> None:
    assert verify().startswith("0 entries, whole.")


def changed(entry: AuditEntry) -> None:
    AuditEntry.objects.filter(pk=entry.pk).update(actor="bob")


def taken_out(entry: AuditEntry) -> None:
    AuditEntry.objects.filter(pk=entry.pk).delete()


def made_anew(entry: AuditEntry) -> None:
    entry.actor = "bob"
    entry.digest = audit.digest(entry, audit.START)
    entry.save()


@pytest.mark.parametrize("harm", [changed, taken_out, made_anew])
def test_what_is_done_to_it_is_refused_or_shows(
    three: list[AuditEntry], harm: Callable[[AuditEntry], None]
) -> None:
    if connection.vendor == "postgresql":
        with pytest.raises(DatabaseError, match="only grows"), transaction.atomic():
            harm(three[1])
        assert verify().startswith("3 entries, whole.")
    else:
        harm(three[1])
        with pytest.raises(CommandError, match="does not follow from the one before it"):
            verify()


def test_what_was_put_in_later_shows(three: list[AuditEntry]) -> None:
    AuditEntry.objects.create(
        id=three[0].pk - 1, at=three[0].at, actor="bob", action="x", result="done", digest="0"
    )

    with pytest.raises(CommandError, match="before it are good"):
        verify()


def test_what_is_not_there_shows_to_who_noted_the_digest(three: list[AuditEntry]) -> None:
    digest = verify().split()[-1]
    teams.create("Yellow", by=BY)
    assert verify("--since", digest).startswith("4 entries, whole.")

    with pytest.raises(CommandError, match="is gone"):
        verify("--since", "f" * 64)


def test_an_account_that_is_deleted_stays_in_it_by_name(person: User) -> None:
    team = teams.create("Blue", by=BY)
    teams.set_role(team, person, "admin", by=BY)
    person.delete()
    teams.delete(team, by=BY)

    assert [entry.subject for entry in AuditEntry.objects.order_by("id")][1] == "person: admin"
    assert verify().startswith("3 entries, whole.")
