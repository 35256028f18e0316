"""Which release of a system an image has, and until when that is supported."""

from __future__ import annotations

import csv
import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from images import os_support
from images.management.commands import renew_os_support
from images.os_support import OLD_TABLE, TABLE, Release, release_of

LABELLED = Path(__file__).with_name("os_spellings.tsv").read_text().splitlines()
ROWS = [tuple(row[:4]) for row in csv.reader(LABELLED[1:], delimiter="\t", quoting=csv.QUOTE_NONE)]


@pytest.mark.parametrize(("family", "version", "system", "release"), ROWS)
def test_what_clouds_write_is_matched_or_unknown(
    family: str, version: str, system: str, release: str
) -> None:
    found = release_of(family, version)
    assert (found[:2] if found else ("unknown", "unknown")) == (system, release)


@pytest.mark.parametrize(
    ("family", "version"),
    [
        (None, None),
        ("CentOS", None),
        ("CentOS", "7 8"),
        ("CentOS", "7.9 hardened"),
        ("CentOS", "7" * 5000),
        ("CentOS7", ""),
        ("CentOS", "Ubuntu 20.04"),
        ("Ubuntu", "20.04 R2"),
        ("Ubuntu", "20.04 Stream"),
        ("RHEL", "7 SP1"),
        ("FreeBSD", "13.9"),
        ("SLES", "15"),
        ("Windows", "Windows"),
        ("\0", "\ud800"),
    ],
)
def test_nothing_is_guessed(family: str | None, version: str | None) -> None:
    assert release_of(family, version) is None


def test_the_version_may_say_it_better_than_the_family() -> None:
    found = release_of("CentOS", "CentOS Stream 9")
    assert found
    assert found.system == "CentOS Stream"


@given(st.text(max_size=30), st.text(max_size=30))
def test_any_text_is_read(family: str, version: str) -> None:
    release_of(family, version)


DAY = date(2026, 6, 30)
A_DAY, HALF_A_YEAR = timedelta(days=1), timedelta(days=180)


@pytest.mark.parametrize(
    ("today", "extended_end", "state"),
    [
        (DAY - HALF_A_YEAR - A_DAY, None, "ok"),
        (DAY - HALF_A_YEAR, None, "ends-soon"),
        (DAY, None, "ends-soon"),
        (DAY + A_DAY, None, "ended"),
        (DAY + A_DAY, DAY + A_DAY, "extended"),
        (DAY + 2 * A_DAY, DAY + A_DAY, "ended"),
    ],
)
def test_support_ends_after_its_last_day(
    today: date, extended_end: date | None, state: str
) -> None:
    assert Release("Made", "1", DAY, extended_end).state(today) == state


def test_without_a_date_it_is_unknown() -> None:
    assert Release("Made", "1", None, None).state(DAY) == "unknown"


def test_a_table_is_old_after_half_a_year() -> None:
    assert not TABLE.is_old(TABLE.as_of + OLD_TABLE)
    assert TABLE.is_old(TABLE.as_of + OLD_TABLE + A_DAY)


COLLECTED = {
    "as_of": "2027-01-31",
    "source": "made",
    "licence": "none",
    "systems": [
        {
            "system": "Made",
            "spellings": ["made", "Made"],
            "release": release,
            "standard_end": "2030-01-31",
            "extended_end": None,
        }
        for release in ("1", "2")
    ],
}


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A table of one release, which the command would write anew."""
    here = tmp_path / "table.json"
    here.write_text(json.dumps({"systems": {"Made": {"releases": {"1": [None, None]}}}}))
    monkeypatch.setattr(renew_os_support, "TABLE", here)
    return here


def test_the_table_is_renewed_from_what_was_collected(table: Path, tmp_path: Path) -> None:
    (tmp_path / "collected.json").write_text(json.dumps(COLLECTED))
    call_command("renew_os_support", tmp_path / "collected.json")
    written = json.loads(table.read_text())
    assert written["as_of"] == "2027-01-31"
    assert written["systems"]["Made"] == {
        "spellings": ["Made", "made"],
        "releases": {"1": ["2030-01-31", None], "2": ["2030-01-31", None]},
    }


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        json.dumps(COLLECTED | {"systems": []}),
        json.dumps(COLLECTED | {"as_of": "soon"}),
    ],
)
def test_a_file_that_is_none_changes_nothing(table: Path, tmp_path: Path, text: str) -> None:
    before = table.read_text()
    (tmp_path / "collected.json").write_text(text)
    with pytest.raises(CommandError):
        call_command("renew_os_support", tmp_path / "collected.json")
    assert table.read_text() == before


def test_the_table_is_as_the_command_writes_it() -> None:
    here = Path(os_support.__file__).with_name("table.json")
    assert renew_os_support.written(json.loads(here.read_text())) == here.read_text()
