"""The audit log grows, and shows when anything else was done to it."""

# ruff: noqa: S608  (our own table)

from __future__ import annotations

import hashlib
import json
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.conf import settings as current
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import Settings

from dashboard.audit import head_file, trail, triggers
from dashboard.audit.models import Action, AuditEntry
from dashboard.audit.trail import Actor
from dashboard.people import oidc, teams
from dashboard.people.models import User
from tests.dashboards import ROOT
from tests.integration.audit import audited
from tests.integration.audit.audited import (
    COLUMNS,
    OTHERS,
    Tampering,
    change,
    put,
    put_back,
    remove,
    rows,
    sql,
    swap,
    verify,
)

pytestmark = pytest.mark.backend

Capture = Callable[..., AbstractContextManager[Any]]
Write = Callable[..., None]

BY = Actor("ann", "192.0.2.7", 7)
COUNT = 6
TABLE = triggers.TABLE
OLD, NEW = "an older key of thirty-two letters", "a newer key of thirty-two letters!"


@pytest.fixture
def write(django_capture_on_commit_callbacks: Capture) -> Write:
    """Writes entries, each in a transaction of its own as far as it can tell."""

    def write(*names: str) -> None:
        for name in names:
            with django_capture_on_commit_callbacks(execute=True):
                teams.create(name, by=BY)

    return write


@pytest.fixture
def log(write: Write) -> list[audited.Row]:
    write(*(f"Team {number}" for number in range(1, COUNT + 1)))
    return rows()


@pytest.fixture
def unguarded(log: list[audited.Row]) -> list[audited.Row]:
    """As whoever owns the table can have it."""
    audited.lift_the_triggers()
    return log


def is_whole(count: int = COUNT) -> None:
    assert f"{count} entries, whole." in verify()


# As it should be


def test_every_action_is_noted_by_something() -> None:
    code = "".join(
        path.read_text("utf-8")
        for folder in ("dashboard", "images")
        for path in (ROOT / folder).rglob("*.py")
    )

    assert [each for each in Action.names if f"Action.{each}" not in code] == []


def test_an_entry_says_who_did_what_from_where(log: list[audited.Row]) -> None:
    first = AuditEntry.objects.get(pk=1)

    assert (first.actor, first.actor_id, first.address) == ("ann", 7, "192.0.2.7")
    assert (first.action, first.team, first.result) == ("team.create", "Team 1", "done")
    is_whole()


def test_nothing_noted_is_whole_too() -> None:
    is_whole(0)


def test_an_account_that_is_deleted_stays_in_it_by_name_and_number(
    person: User, write: Write
) -> None:
    number = person.pk
    team = teams.create("Blue", by=BY)
    teams.set_role(team, person, "admin", by=BY)
    person.delete()
    teams.delete(team, by=BY)

    entry = AuditEntry.objects.get(action=Action.MEMBER_ADD)
    assert (entry.subject, entry.owner, entry.owner_id) == ("person: admin", "person", number)
    is_whole(3)


@pytest.mark.parametrize("actor", [trail.COMMAND, oidc.BY], ids=lambda actor: actor.name)
def test_nobody_can_be_called_what_is_no_person(actor: Actor, db: None) -> None:
    with pytest.raises(ValidationError) as refused:
        User(username=actor.name, password="x").full_clean()
    assert set(refused.value.message_dict) == {"username"}
    assert actor.id is None


def test_what_was_rolled_back_is_not_missed(log: list[audited.Row]) -> None:
    with transaction.atomic():
        teams.create("Never", by=BY)
        transaction.set_rollback(True)
    is_whole()


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_many_who_write_at_once_make_one_chain() -> None:
    def write(number: int) -> None:
        try:
            for each in range(8):
                teams.create(f"Team {number}.{each}", by=BY)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(write, range(4)))

    is_whole(32)
    assert head_file.kept() == trail.last()


# What the database refuses

REFUSED: dict[str, str] = {
    "change": f"UPDATE {TABLE} SET actor = 'bob' WHERE id = 3",
    "change all": f"UPDATE {TABLE} SET actor = 'bob'",
    "move": f"UPDATE {TABLE} SET id = 99 WHERE id = 3",
    "remove": f"DELETE FROM {TABLE} WHERE id = 6",
    "empty": f"DELETE FROM {TABLE}",
    "add in its place": f"INSERT INTO {TABLE} SELECT * FROM {TABLE} WHERE id = 3",
}
ONLY_THERE = {
    "postgresql": {
        "truncate": f"TRUNCATE {TABLE}",
        "truncate with others": f"TRUNCATE {TABLE}, people_team CASCADE",
        "add or change": f"""
            INSERT INTO {TABLE} SELECT * FROM {TABLE} ON CONFLICT (id) DO UPDATE SET actor = 'bob'
        """,
        "merge": f"""
            MERGE INTO {TABLE} USING {TABLE} AS same ON same.id = {TABLE}.id
            WHEN MATCHED THEN DELETE
        """,
        "as a replica": f"SET LOCAL session_replication_role = replica; DELETE FROM {TABLE}",
    },
    "sqlite": {
        "replace": f"INSERT OR REPLACE INTO {TABLE} SELECT * FROM {TABLE} WHERE id = 3",
        "replace by digest": f"""
            REPLACE INTO {TABLE} ({", ".join(COLUMNS)})
            SELECT 99, {", ".join(OTHERS)} FROM {TABLE} WHERE id = 3
        """,
        "change or ignore": f"UPDATE OR IGNORE {TABLE} SET actor = 'bob'",
    },
}


@pytest.mark.parametrize(
    "name", [*REFUSED, *sorted({n for each in ONLY_THERE.values() for n in each})]
)
def test_the_database_refuses_to(log: list[audited.Row], name: str) -> None:
    statements = REFUSED | ONLY_THERE[connection.vendor]
    if name not in statements:
        pytest.skip("this database has no such statement")
    with pytest.raises(DatabaseError, match=r"only grows|duplicate key"), transaction.atomic():
        sql(statements[name])

    assert rows() == log
    is_whole()


def test_triggers_that_are_gone_are_told_and_put_back(unguarded: list[audited.Row]) -> None:
    with pytest.raises(CommandError, match=f"{COUNT} entries, whole. But the database would let"):
        verify()
    call_command("migrate", verbosity=0)

    with pytest.raises(DatabaseError, match="only grows"), transaction.atomic():
        sql(f"DELETE FROM {TABLE}")
    is_whole()


# What shows although the database let it happen


def forged(number: int, before: str, key: str, **values: Any) -> audited.Row:
    """An entry with a digest as somebody would make it who has read the program but has no key."""
    entry = AuditEntry(pk=number, at=AuditEntry.objects.get(pk=1).at, actor="bob", result="done")
    entry.action = Action.TOKEN_DELETE
    for name, value in values.items():
        setattr(entry, name, value)
    entry.digest = trail.digest(entry, head_file.Head(number - 1, before), key)
    return {column: getattr(entry, column) for column in COLUMNS}


def digest_of(number: int) -> str:
    return AuditEntry.objects.get(pk=number).digest


def chained_anew(key: str) -> None:
    """Entry 3 is another one, and all behind it follow from it, under a key that is not ours."""
    change(3, actor="bob")
    for number in range(3, COUNT + 1):
        entry = AuditEntry.objects.get(pk=number)
        before = head_file.Head(number - 1, digest_of(number - 1))
        change(number, digest=trail.digest(entry, before, key))


def chained_without_a_key() -> None:
    """As the log was chained before it had one."""
    change(3, actor="bob")
    for number in range(3, COUNT + 1):
        entry = AuditEntry.objects.get(pk=number)
        facts = [digest_of(number - 1), *(getattr(entry, name) for name in trail.FIELDS)]
        change(number, digest=hashlib.sha256(json.dumps(facts).encode()).hexdigest())


def moved_up() -> None:
    """One is taken out and the others close ranks."""
    remove(3)
    for number in range(4, COUNT + 1):
        change(number, id=number - 1)


def in_other_order() -> None:
    whole = rows()
    numbers = [row["id"] for row in whole]
    put_back([row | {"id": number} for row, number in zip(whole, numbers[::-1], strict=True)])


TAMPERINGS: dict[str, Tampering] = {
    "first removed": lambda: remove(1),
    "middle removed": lambda: remove(3),
    "last removed": lambda: remove(COUNT),
    "last three removed": lambda: sql(f"DELETE FROM {TABLE} WHERE id > 3"),
    "first three removed": lambda: sql(f"DELETE FROM {TABLE} WHERE id <= 3"),
    "all but one removed": lambda: sql(f"DELETE FROM {TABLE} WHERE id <> 3"),
    "emptied": audited.empty,
    "truncated": audited.truncate,
    "an older copy put back": lambda: put_back(rows()[:4]),
    "one removed, the others moved up": moved_up,
    "two swapped": lambda: swap(2, 3),
    "first and last swapped": lambda: swap(1, COUNT),
    "turned round": in_other_order,
    "copied to the end": lambda: put(rows()[2] | {"id": COUNT + 1, "digest": "copy"}),
    "copied to the end with another's digest": lambda: put(
        rows()[2] | {"id": COUNT + 1, "digest": digest_of(3)[::-1]}
    ),
    "put before the first": lambda: put(rows()[0] | {"id": 0, "digest": "before"}),
    "forged at the end": lambda: put(forged(COUNT + 1, digest_of(COUNT), "")),
    "forged at the end under SECRET_KEY": lambda: put(
        forged(COUNT + 1, digest_of(COUNT), current.SECRET_KEY)
    ),
    "forged further on": lambda: put(forged(99, digest_of(COUNT), "")),
    "chained anew under no key": lambda: chained_anew(""),
    "chained anew under a guess": lambda: chained_anew("audit"),
    "chained anew under SECRET_KEY": lambda: chained_anew(current.SECRET_KEY),
    "chained anew as before": chained_without_a_key,
    "all anew": lambda: put_back([forged(1, head_file.START.digest, "")]),
} | {
    f"{column} of {number} changed": lambda column=column, number=number: change(
        number, **{column: audited.other(rows()[number - 1][column])}
    )
    for column in COLUMNS
    for number in (1, 3, COUNT)
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_it_shows_that(unguarded: list[audited.Row], name: str) -> None:
    try:
        with transaction.atomic():
            TAMPERINGS[name]()
    except DatabaseError:  # a number or digest that is there twice
        with transaction.atomic():
            change(1, id=1_000)
            change(3, id=1)
    assert rows() != unguarded

    with pytest.raises(CommandError, match=r"does not follow|missing at the end|not the one"):
        verify()


@pytest.mark.parametrize("left", range(COUNT))
def test_it_shows_that_an_older_copy_was_put_back_and_written_on(
    unguarded: list[audited.Row], write: Write, left: int
) -> None:
    """Also when it has become as long as it was, or longer, and all of it fits together."""
    put_back(unguarded[:left])
    missing = COUNT - left
    with pytest.raises(CommandError, match=f"{missing} .* missing at the end: .*ends with {left}"):
        verify()

    for number in range(missing + 2):
        write(f"Later {number}")
        with pytest.raises(CommandError, match=r"missing at the end|not the one that this machine"):
            verify()


def test_a_number_says_what_is_missing_also_to_who_noted_it_elsewhere(
    unguarded: list[audited.Row], write: Write
) -> None:
    """Such as from the log of events, where this machine's own file is gone as well."""
    head = str(trail.last())
    write("Another")
    put_back(unguarded[:3])
    head_file.path().unlink()
    with pytest.raises(CommandError, match="3 entries are missing at the end: --since names"):
        verify("--since", head)
    write("One", "Two", "Three")
    with pytest.raises(CommandError, match="Entry 6 is not the one that --since names"):
        verify("--since", head)


def test_what_an_earlier_run_said_is_found_again(log: list[audited.Row], write: Write) -> None:
    head = verify().split()[-1]
    write("Another")

    assert verify("--since", head).endswith(f"Head: {trail.last()}\n")


@pytest.mark.parametrize("text", ["6", "6:xyz", "6:abc", "six:0123456789abcdef"])
def test_what_is_no_head_is_refused(text: str) -> None:
    with pytest.raises(CommandError, match="is not a number, a colon and a digest"):
        verify("--since", text)


Steps = list[tuple[str, int, int]]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["remove", "change", "swap", "copy", "cut", "restore", "move"]),
        st.integers(1, COUNT + 2),
        st.integers(0, len(COLUMNS) - 1),
    ),
    min_size=1,
    max_size=4,
)


def take(step: tuple[str, int, int], older: list[audited.Row]) -> None:
    what, number, place = step
    there = {row["id"]: row for row in rows()}
    if what == "restore":
        put_back(older[:number])
    elif what == "cut":
        sql(f"DELETE FROM {TABLE} WHERE id > %s", [number])
    elif number not in there:
        return
    elif what == "remove":
        remove(number)
    elif what == "change":
        change(number, **{COLUMNS[place]: audited.other(there[number][COLUMNS[place]])})
    elif what == "move":
        change(number, id=place + 3)
    elif what == "copy":
        put(there[number] | {"id": max(there) + 1, "digest": f"{place}"})
    elif what == "swap" and place + 1 in there and place + 1 != number:
        swap(number, place + 1)


@hypothesis_settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
def test_whatever_is_done_in_whatever_order_shows(
    unguarded: list[audited.Row], steps: Steps
) -> None:
    with transaction.atomic():
        for step in steps:
            try:
                with transaction.atomic():
                    take(step, unguarded)
            except DatabaseError:  # a number or digest that is there twice
                continue
        tampered, found = rows() != unguarded, trail.verify()
        kept = head_file.kept()
        transaction.set_rollback(True)
        is_good = not found.broken and kept is not None and found.head == kept
    assert is_good is not tampered


# The key


def test_a_new_key_signs_and_the_old_one_verifies(
    unguarded: list[audited.Row], write: Write, settings: Settings
) -> None:
    settings.AUDIT_KEYS = f"{NEW},{settings.AUDIT_KEYS}"
    write("Under the new key")
    triggers.ensure("default")
    is_whole(COUNT + 1)


def test_who_learned_an_old_key_can_no_longer_use_it(write: Write, settings: Settings) -> None:
    settings.AUDIT_KEYS = OLD
    write("One", "Two", "Three")
    settings.AUDIT_KEYS = f"{NEW}, {OLD}"
    write("Four")
    is_whole(4)
    audited.lift_the_triggers()

    with transaction.atomic():
        put(forged(5, digest_of(4), OLD))
        with pytest.raises(CommandError, match=r"Entry 5 .* does not follow"):
            verify()
        transaction.set_rollback(True)
    change(2, actor="bob")
    for number in (2, 3):
        entry = AuditEntry.objects.get(pk=number)
        before = head_file.Head(number - 1, digest_of(number - 1))
        change(number, digest=trail.digest(entry, before, OLD))
    with pytest.raises(CommandError, match=r"Entry 4 .* does not follow"):
        verify()


def test_without_its_key_nothing_fits(log: list[audited.Row], settings: Settings) -> None:
    settings.AUDIT_KEYS = NEW
    with pytest.raises(CommandError, match=r"Entry 1 .* AUDIT_KEYS lacks its key"):
        verify()


def test_another_secret_key_changes_nothing(log: list[audited.Row], settings: Settings) -> None:
    settings.SECRET_KEY = "another one"
    is_whole()


# The head that is kept elsewhere


def test_the_file_of_this_machine_is_for_its_owner_alone(log: list[audited.Row]) -> None:
    assert stat.S_IMODE(head_file.path().stat().st_mode) == 0o600
    assert head_file.kept() == trail.last()


def test_two_machines_notice_what_each_has_written(
    write: Write, settings: Settings, tmp_path: Any
) -> None:
    """And after verifying, what the other had written by then."""
    machines = [tmp_path / "one", tmp_path / "two"]
    for number in range(COUNT):
        settings.VAR_DIR = machines[number % 2]
        write(f"Team {number}")
    whole = rows()
    audited.lift_the_triggers()

    remove(COUNT)
    settings.VAR_DIR = machines[1]
    with pytest.raises(CommandError, match=r"1 entry is missing at the end"):
        verify()
    put(whole[-1])
    triggers.ensure("default")
    settings.VAR_DIR = machines[0]
    assert head_file.kept() == head_file.Head(COUNT - 1, digest_of(COUNT - 1))
    is_whole()
    audited.lift_the_triggers()
    remove(COUNT)
    with pytest.raises(CommandError, match=r"1 entry is missing at the end"):
        verify()


def test_a_machine_that_has_seen_nothing_yet_says_so(log: list[audited.Row]) -> None:
    head_file.path().unlink()

    assert "from now on; whether the end was cut off before, it cannot tell" in verify()
    assert "cannot tell" not in verify()


@pytest.mark.parametrize("content", ["invalid\n", "12:\n", "\0" * 86])
def test_a_file_that_makes_no_sense_is_told_and_stops_nobody(
    log: list[audited.Row], write: Write, content: str
) -> None:
    head_file.path().write_text(content)
    write("Another")

    with pytest.raises(CommandError, match="is damaged"):
        verify()


def test_after_a_restored_backup_the_shorter_log_is_accepted_and_that_is_written(
    unguarded: list[audited.Row], write: Write, django_capture_on_commit_callbacks: Capture
) -> None:
    before = head_file.kept()
    put_back(unguarded[:4])
    triggers.ensure("default")
    with pytest.raises(CommandError, match="2 entries are missing"):
        verify()

    with django_capture_on_commit_callbacks(execute=True):
        assert "5 entries, whole." in verify("--accept")
    last = AuditEntry.objects.get(pk=5)
    assert (last.actor, last.action) == (trail.COMMAND.name, Action.AUDIT_ACCEPT)
    assert last.subject == f"{before} → 4:{digest_of(4)[:32]}"
    write("Another")
    is_whole(6)


def test_what_was_changed_cannot_be_accepted(unguarded: list[audited.Row]) -> None:
    change(2, actor="bob")
    with pytest.raises(CommandError, match="does not follow"):
        verify("--accept")


def test_each_entry_is_told_to_the_log_of_events(
    write: Write, caplog: pytest.LogCaptureFixture
) -> None:
    """With how many there are, so that whoever collects it can tell what is missing."""
    caplog.set_level("INFO", "dashboard.audit")
    write("Blue")

    told: list[Any] = [each.msg for each in caplog.records if each.name == "dashboard.audit"]
    assert [(each["event"], each["head"]) for each in told] == [("audit entry", str(trail.last()))]
