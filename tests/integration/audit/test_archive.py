"""The oldest entries of the audit log can be moved to a file, and both still show what was done."""

# ruff: noqa: S608  (our own table)

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings as current
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client
from pytest_django import Settings

from dashboard.audit import archive, head_file, trail
from dashboard.audit.models import Action, AuditEntry
from dashboard.audit.triggers import TABLE
from dashboard.people import teams
from dashboard.people.models import User
from tests.integration.audit import audited
from tests.integration.audit.audited import COLUMNS, Tampering, change, put, remove, rows, sql
from tests.integration.audit.audited import verify as verify_audit

pytestmark = pytest.mark.backend

COUNT = 6
FIRST_DAY = datetime(2026, 1, 1, 12, tzinfo=UTC)
BY = trail.Actor("ann", "192.0.2.7", 7)
NEW_KEY = "a newer key of thirty-two letters!"
SOMETIME = "2999-01-01"


@pytest.fixture
def log(db: None) -> list[audited.Row]:
    """One entry a day, from the first of January."""
    for _ in range(COUNT):
        note()
    return rows()


def note() -> None:
    """Write an entry of the next day, as the dashboard would have then."""
    before = trail.last()
    entry = AuditEntry(pk=before.number + 1, actor="ann", action=Action.TEAM_CREATE, result="done")
    entry.at = FIRST_DAY + timedelta(days=before.number)
    entry.digest = trail.digest(entry, before, trail.keys()[0])
    put({column: getattr(entry, column) for column in COLUMNS})


def archive_audit(before: str, file: Path) -> str:
    out = StringIO()
    call_command("archive_audit", "--before", before, str(file), stdout=out)
    return out.getvalue()


def numbers() -> list[int]:
    return [row["id"] for row in rows()]


def test_what_is_old_is_in_the_file_and_the_rest_is_whole(
    log: list[audited.Row], tmp_path: Path
) -> None:
    file = tmp_path / "january.jsonl"
    assert f"3 entries moved to {file}." in archive_audit("2026-01-04", file)

    assert numbers() == [4, 5, 6, 7]
    assert "4 entries, whole after the 3 that are archived." in verify_audit()
    assert verify_audit(str(file)) == f"{file}: entries 1 to 3, whole.\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    kept = [json.loads(line) for line in file.read_text().splitlines()][1:]
    assert [(each["id"], each["actor"], each["digest"]) for each in kept] == [
        (row["id"], row["actor"], row["digest"]) for row in log[:3]
    ]
    last = AuditEntry.objects.get(pk=7)
    assert (last.actor, last.action) == (trail.COMMAND.name, Action.AUDIT_ARCHIVE)
    assert last.subject == f"3:{log[2]['digest']} january.jsonl"


def test_it_goes_on_archive_by_archive(log: list[audited.Row], tmp_path: Path) -> None:
    files = [tmp_path / f"{number}.jsonl" for number in range(3)]
    for file, before in zip(files, ("2026-01-03", "2026-01-06", SOMETIME), strict=True):
        archive_audit(before, file)
        teams.create(f"After {file.name}", by=BY)
        assert "entries, whole after" in verify_audit()

    said = verify_audit(*map(str, files))
    assert [line.rpartition(": ")[2] for line in said.splitlines()] == [
        "entries 1 to 2, whole.",
        "entries 3 to 5, whole.",
        "entries 6 to 10, whole.",
    ]
    assert numbers() == [11, 12]
    for others in (files[::-1], [files[0], files[2]]):
        with pytest.raises(CommandError, match="and the file before ends with"):
            verify_audit(*map(str, others))


def test_the_database_refuses_as_before(log: list[audited.Row], tmp_path: Path) -> None:
    archive_audit("2026-01-04", tmp_path / "file")
    there = rows()
    for statement in (f"DELETE FROM {TABLE}", f"UPDATE {TABLE} SET actor = 'bob'"):
        with pytest.raises(DatabaseError, match="only grows"), transaction.atomic():
            sql(statement)

    assert rows() == there


def test_where_nothing_is_as_old_nothing_is_written(log: list[audited.Row], tmp_path: Path) -> None:
    assert "Nothing is as old as that." in archive_audit("2026-01-01", tmp_path / "file")
    assert rows() == log
    assert not (tmp_path / "file").exists()


@pytest.mark.parametrize("day", ["yesterday", "2026-02-30", "1"])
def test_what_is_no_day_is_refused(day: str, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="is not a day such as"):
        archive_audit(day, tmp_path / "file")


def test_a_file_that_is_there_is_left_as_it_is(log: list[audited.Row], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("something else")
    with pytest.raises(CommandError, match=r"is there already\. Nothing was written or removed"):
        archive_audit(SOMETIME, tmp_path / "file")

    assert (tmp_path / "file").read_text() == "something else"
    assert rows() == log


def test_a_file_that_cannot_be_written_removes_nothing(
    log: list[audited.Row], tmp_path: Path
) -> None:
    with pytest.raises(CommandError, match=r"No such file or directory\. Nothing was removed"):
        archive_audit(SOMETIME, tmp_path / "nowhere" / "file")
    assert rows() == log


def test_killed_before_anything_was_removed_it_is_done_again_to_another_file(
    log: list[audited.Row], tmp_path: Path
) -> None:
    """What is written by then is a file, whole or cut off, and the log as it was."""
    archive.write(tmp_path / "first", head_file.Head(COUNT, log[-1]["digest"]))
    (tmp_path / "cut").write_bytes((tmp_path / "first").read_bytes()[:-100])
    with pytest.raises(CommandError, match="is there already"):
        archive_audit(SOMETIME, tmp_path / "first")
    archive_audit(SOMETIME, tmp_path / "again")

    assert numbers() == [COUNT + 1]
    for name in ("first", "again"):
        assert "entries 1 to 6, whole." in verify_audit(str(tmp_path / name))
    with pytest.raises(CommandError, match="Line 7 is no entry"):
        verify_audit(str(tmp_path / "cut"))


def test_ended_between_two_steps_the_log_is_whole_and_the_rest_is_moved_later(
    log: list[audited.Row], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "STEP", 2)
    fail_from(COUNT + 2)
    with pytest.raises(DatabaseError, match="the disk is full"):
        archive_audit(SOMETIME, tmp_path / "first")
    fail_no_more()
    assert numbers() == [3, 4, 5, 6, 7]
    assert verify_audit(str(tmp_path / "first")).endswith("entries 1 to 6, whole.\n")
    assert "entries, whole" in verify_audit()

    archive_audit(SOMETIME, tmp_path / "second")
    teams.create("Later", by=BY)
    assert "entries, whole after the" in verify_audit()
    assert "whole." in verify_audit(str(tmp_path / "second"))


def fail_from(number: int) -> None:
    """Have the database refuse every entry from a number on."""
    if connection.vendor == "sqlite":
        sql(
            f"CREATE TRIGGER full_disk BEFORE INSERT ON {TABLE} WHEN NEW.id >= {number}"
            " BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"
        )
        return
    sql(
        "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'the disk is full'; END $$"
    )
    sql(
        f"CREATE TRIGGER full_disk BEFORE INSERT ON {TABLE} FOR EACH ROW"
        f" WHEN (NEW.id >= {number}) EXECUTE FUNCTION full_disk()"
    )


def fail_no_more() -> None:
    if connection.vendor == "sqlite":
        sql("DROP TRIGGER full_disk")
    else:
        sql("DROP FUNCTION full_disk() CASCADE")


def test_a_log_that_was_tampered_with_is_not_archived(
    log: list[audited.Row], tmp_path: Path
) -> None:
    audited.lift_the_triggers()
    change(5, actor="bob")
    with pytest.raises(CommandError, match=r"Entry 5 .* does not follow"):
        archive_audit("2026-01-03", tmp_path / "file")

    assert numbers() == [1, 2, 3, 4, 5, 6]
    assert not (tmp_path / "file").exists()


def claim(number: int, digest: str, key: str) -> None:
    """Put an entry at the end that says what was archived, as somebody would without our key."""
    head = trail.last()
    entry = AuditEntry(
        pk=head.number + 1, at=FIRST_DAY, actor=trail.COMMAND.name, action=Action.AUDIT_ARCHIVE
    )
    entry.subject, entry.result = f"{number}:{digest} file", "done"
    entry.digest = trail.digest(entry, head, key)
    put({column: getattr(entry, column) for column in COLUMNS})


def digest_of(number: int) -> str:
    return AuditEntry.objects.get(pk=number).digest


def claimed_and_removed(key: str = "") -> None:
    claim(5, digest_of(5), key)
    sql(f"DELETE FROM {TABLE} WHERE id <= 5")


def claimed_in_the_entry_there_is() -> None:
    change(7, subject=f"5:{digest_of(5)} file")
    sql(f"DELETE FROM {TABLE} WHERE id <= 5")


def everything_claimed() -> None:
    claim(7, digest_of(7), "")
    sql(f"DELETE FROM {TABLE} WHERE id <= 7")


def the_others_removed() -> None:
    """What is left names its beginning, but does not follow it."""
    sql(f"DELETE FROM {TABLE} WHERE id < 7")


AFTER_THE_ARCHIVE: dict[str, Tampering] = {
    "the next one removed": lambda: remove(4),
    "the one in the middle removed": lambda: remove(5),
    "what says that it was archived removed": lambda: remove(7),
    "all but that removed": the_others_removed,
    "all removed": audited.empty,
    "more removed, with an entry that claims it": claimed_and_removed,
    "the same under a guess": lambda: claimed_and_removed("audit"),
    "the same under SECRET_KEY": lambda: claimed_and_removed(current.SECRET_KEY),
    "more removed, and the true entry changed": claimed_in_the_entry_there_is,
    "all removed, with an entry that claims it": everything_claimed,
    "the claimed number changed": lambda: change(7, subject=f"2:{'0' * 64} file"),
    "the claimed digest changed": lambda: change(7, subject=f"3:{'0' * 64} file"),
    "the claim made unreadable": lambda: change(7, subject="3:nothing"),
}


@pytest.mark.parametrize("name", AFTER_THE_ARCHIVE)
def test_it_shows_that(log: list[audited.Row], tmp_path: Path, name: str) -> None:
    archive_audit("2026-01-04", tmp_path / "file")
    verify_audit()
    audited.lift_the_triggers()
    AFTER_THE_ARCHIVE[name]()

    with pytest.raises(CommandError, match=r"does not follow|missing at the end"):
        verify_audit()


Edit = Callable[[list[bytes]], list[bytes]]
EDITS: dict[str, Edit] = {
    "nothing left": lambda lines: [],
    "no entry left": lambda lines: lines[:1],
    "its first line removed": lambda lines: lines[1:],
    "the first entry removed": lambda lines: [lines[0], *lines[2:]],
    "one removed": lambda lines: [*lines[:3], *lines[4:]],
    "the last removed": lambda lines: lines[:-1],
    "half of the last removed": lambda lines: [*lines[:-1], lines[-1][:40]],
    "two swapped": lambda lines: [*lines[:2], lines[3], lines[2], *lines[4:]],
    "one twice": lambda lines: [*lines, lines[-1]],
    "an actor changed": lambda lines: [*lines[:2], lines[2].replace(b"ann", b"bob"), *lines[3:]],
    "a field added": lambda lines: [*lines[:2], lines[2].replace(b"{", b'{"by":1,', 1), *lines[3:]],
    "no JSON": lambda lines: [*lines, b"\xff\n"],
    "cut off at its beginning, and said so": lambda lines: [
        said_to_follow(lines[0], json.loads(lines[1])["digest"]),
        *lines[2:],
    ],
}


def said_to_follow(line: bytes, digest: str) -> bytes:
    return json.dumps(json.loads(line) | {"after": f"1:{digest}"}).encode() + b"\n"


@pytest.mark.parametrize("name", EDITS)
def test_a_file_that_is_not_as_it_was_written_is_noticed(
    log: list[audited.Row], tmp_path: Path, name: str
) -> None:
    file = tmp_path / "file"
    archive_audit("2026-01-05", file)
    file.write_bytes(b"".join(EDITS[name](file.read_bytes().splitlines(keepends=True))))

    with pytest.raises(CommandError, match=str(file)):
        verify_audit(str(file))


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No such file"):
        verify_audit(str(tmp_path / "nothing"))


def test_files_need_the_keys_they_were_signed_with(
    log: list[audited.Row], tmp_path: Path, settings: Settings
) -> None:
    old, file = settings.AUDIT_KEYS, tmp_path / "file"
    archive_audit(SOMETIME, file)
    settings.AUDIT_KEYS = f"{NEW_KEY},{old}"
    assert "entries 1 to 6, whole." in verify_audit(str(file))

    archive_audit(SOMETIME, tmp_path / "the entry about it")
    settings.AUDIT_KEYS = NEW_KEY
    assert "1 entries, whole after the 7 that are archived" in verify_audit()
    with pytest.raises(CommandError, match="AUDIT_KEYS lacks its key"):
        verify_audit(str(file))


def test_a_machine_that_saw_only_what_is_archived_now_misses_nothing(
    log: list[audited.Row], tmp_path: Path, settings: Settings
) -> None:
    here = settings.VAR_DIR
    verify_audit()
    settings.VAR_DIR = tmp_path / "another machine"
    note()
    archive_audit(SOMETIME, tmp_path / "file")
    settings.VAR_DIR = here

    assert "1 entries, whole after the 7 that are archived" in verify_audit()
    said = verify_audit("--since", f"3:{log[2]['digest'][:32]}")
    assert "Entry 3, which --since names, is archived" in said


def test_the_last_page_says_where_the_older_entries_are(
    browser: Client, person: User, log: list[audited.Row], tmp_path: Path
) -> None:
    User.objects.filter(pk=person.pk).update(is_superuser=True)
    said = "Older entries were moved to an archive file."
    assert said not in browser.get("/audit/").text
    archive_audit("2026-01-04", tmp_path / "file")

    assert said in browser.get("/audit/").text


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_others_go_on_writing_meanwhile(tmp_path: Path) -> None:
    for number in range(20):
        teams.create(f"Before {number}", by=BY)
    with ThreadPoolExecutor(4) as threads:
        writing = [threads.submit(in_thread, write_eight, str(number)) for number in range(2)]
        archiving = [
            threads.submit(in_thread, archive_audit, SOMETIME, tmp_path / f"{number}.jsonl")
            for number in range(2)
        ]
        for each in (*writing, *archiving):
            each.result()

    assert "entries, whole after" in verify_audit()
    assert head_file.kept() == trail.last()
    archived = set[int]()
    for file in tmp_path.glob("*.jsonl"):
        assert "whole." in verify_audit(str(file))
        archived |= {json.loads(line)["id"] for line in file.read_text().splitlines()[1:]}
    assert archived | set(numbers()) == set(range(1, trail.last().number + 1))


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_who_archives_while_another_does_writes_a_file_that_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "STEP", 1)
    for number in range(60):
        teams.create(f"Before {number}", by=BY)
    until = trail.last()
    with ThreadPoolExecutor(1) as thread:
        other = thread.submit(in_thread, archive_audit, SOMETIME, tmp_path / "other.jsonl")
        mine = 0
        while not other.done():
            archive.write(tmp_path / f"{mine}.jsonl", until)
            mine += 1
        other.result()

    for file in tmp_path.glob("*.jsonl"):
        assert "whole." in verify_audit(str(file))
    assert "entries, whole after" in verify_audit()


def write_eight(name: str) -> None:
    for number in range(8):
        teams.create(f"Team {name}.{number}", by=BY)


def in_thread(act: Callable[..., object], *arguments: object) -> None:
    try:
        act(*arguments)
    finally:
        connection.close()
