"""/teams/<slug>/audit/ and /audit/: what was done, filtered and as CSV."""

from __future__ import annotations

import csv
import re
from html import unescape
from io import StringIO
from typing import NamedTuple

import pytest
from django.test import Client
from pytest_django.asserts import assertContains, assertNotContains

from dashboard.audit import trail
from dashboard.audit.models import Action
from dashboard.audit.trail import Actor
from dashboard.people import teams
from dashboard.people.models import Role, Team, User

pytestmark = pytest.mark.backend

ANN, BOB = Actor("ann", "192.0.2.1"), Actor("=bob()", "192.0.2.2")
URL = "/teams/blue/audit/"


@pytest.fixture
def blue(person: User) -> Team:
    team, red = teams.create("Blue", by=ANN), teams.create("Red", by=ANN)
    teams.set_role(team, person, Role.ADMIN, by=BOB)
    trail.record(
        ANN,
        Action.TOKEN_ADD,
        team=red,
        subject="Theirs ····0000",
        owner=User.objects.create_user("carl"),
    )
    trail.record(
        BOB,
        Action.TOKEN_ADD,
        team=team,
        subject="<b>Ours",
        owner=User.objects.create_user("dora"),
        result="refused",
    )
    return team


def total(page: str) -> int:
    return page.partition("<tbody>")[2].count("<tr>")


def rows(browser: Client, url: str) -> list[dict[str, str]]:
    response = browser.get(url)
    text = b"".join(response.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    return list(csv.DictReader(StringIO(text)))


def test_an_admin_sees_what_was_done_in_their_team(browser: Client, blue: Team) -> None:
    page = browser.get(URL)

    for text in (
        "Team created",
        "Member added",
        "192.0.2.2",
        "dora",
        "&lt;b&gt;Ours",
        "not done: Refused",
    ):
        assertContains(page, text)
    assertNotContains(page, "Theirs")
    assert total(page.content.decode()) == 3


def test_a_superuser_sees_everything(browser: Client, blue: Team, person: User) -> None:
    assert browser.get("/audit/").status_code == 403
    person.is_superuser = True
    person.save()

    assertContains(browser.get("/audit/"), "Theirs")
    assert len(rows(browser, "/audit.csv")) == 5


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("q=ann", 1),
        ("q=DORA", 1),
        ("q=192.0.2.2", 2),
        ("q=nobody", 0),
        ("action=token.add", 1),
        ("since=2020-01-01", 3),
        ("until=2020-01-01", 0),
        ("since=2020-01-01T00:00%2B08:00&until=2999-12-31T00:00-11:00", 3),
        ("since=2999-01-01T00:00 08:00", 0),
        ("since=0001-01-01&until=9999-12-31", 3),
        ("since=0000-01-01&until=2020-01-01T00:00%2B99:99", 3),
        ("since=2999-01-01", 0),
        ("action=invalid&since=invalid", 3),
        ("page=99", 3),
        ("q=%00", 3),
    ],
)
def test_the_file_holds_what_the_page_shows(
    browser: Client, blue: Team, query: str, count: int
) -> None:
    assert total(browser.get(f"{URL}?{query}").content.decode()) == count
    assert len(rows(browser, f"/teams/blue/audit.csv?{query}")) == count


def test_an_invalid_parameter_is_named_on_the_page(browser: Client, blue: Team) -> None:
    assertContains(browser.get(f"{URL}?since=invalid"), 'class="error"')


def test_no_cell_of_the_file_is_a_formula(browser: Client, blue: Team) -> None:
    first = rows(browser, "/teams/blue/audit.csv")[0]

    assert first["actor"] == "'=bob()"
    assert (first["action"], first["owner"], first["result"]) == ("token.add", "dora", "refused")


def test_many_entries_come_page_by_page(browser: Client, blue: Team) -> None:
    for number in range(120):
        trail.record(ANN, Action.TOKEN_ADD, team=blue, subject=f"Number {number:03}.")

    newest = seen(browser, f"{URL}?action=token.add")
    older = seen(browser, f"{URL}{newest.ways['Older']}")
    oldest = seen(browser, f"{URL}{older.ways['Older']}")
    assert newest.numbers == [f"{number:03}" for number in range(119, 69, -1)]
    assert older.numbers == [f"{number:03}" for number in range(69, 19, -1)]
    assert oldest.numbers == [f"{number:03}" for number in range(19, -1, -1)]
    assert (list(newest.ways), list(oldest.ways)) == (["Older"], ["Newer"])
    # What is written meanwhile moves no page.
    trail.record(ANN, Action.TOKEN_ADD, team=blue, subject="Number 120.")
    assert seen(browser, f"{URL}{oldest.ways['Newer']}") == older
    back = seen(browser, f"{URL}{older.ways['Newer']}")
    assert back.numbers[0] == "119"
    assert seen(browser, f"{URL}{back.ways['Newer']}").numbers[0] == "120"


def test_a_text_is_looked_for_some_entries_at_a_time_and_the_page_says_how_far(
    browser: Client, blue: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.audit.paging.SEARCHED", 40)
    for number in range(120):
        trail.record(
            BOB if number % 30 else ANN, Action.TOKEN_ADD, team=blue, subject=f"Number {number:03}."
        )
    said = "Searched back to"

    address, found = f"{URL}?q=192.0.2.1", []
    while True:
        page = browser.get(address).text
        assert "Nothing matches" not in page
        shown = seen(browser, address)
        found += shown.numbers
        assert (said in page) is ("Older" in shown.ways)
        if "Older" not in shown.ways:
            break
        address = f"{URL}{shown.ways['Older']}"
    assert found == ["090", "060", "030", "000"]
    while "Newer" in shown.ways:
        shown = seen(browser, f"{URL}{shown.ways['Newer']}")
        found += shown.numbers
    assert sorted({*found}) == ["000", "030", "060", "090"]
    assert shown.numbers == ["090"]
    assert said not in browser.get(f"{URL}?q=192.0.2.1&since=2999-01-01").text
    assert said not in browser.get(f"{URL}?q=192.0.2.1&until=2000-01-01").text
    assert "Number 119." in browser.get(f"{URL}?q=192.0.2.2&until=2999-01-01").text


@pytest.mark.parametrize(
    "way", ["page=2", "before=x", "after=-1", "before=1&after=99", "after=%00"]
)
def test_a_link_from_before_or_a_wrong_one_leads_to_the_newest(
    browser: Client, blue: Team, way: str
) -> None:
    assert total(browser.get(f"{URL}?{way}").content.decode()) == 3


class Seen(NamedTuple):
    numbers: list[str]
    ways: dict[str, str]


def seen(browser: Client, address: str) -> Seen:
    """What a page lists, and where it leads."""
    page = browser.get(address).content.decode()
    ways = re.findall(r'href="(\?[^"]*)">(Newer|Older)<', page)
    return Seen(re.findall(r"Number (\d+)\.", page), {name: unescape(href) for href, name in ways})
