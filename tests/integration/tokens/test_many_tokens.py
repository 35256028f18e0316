"""Pages of very many tokens: a page at a time, searched, those in trouble first."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains

from dashboard.audit.trail import Actor
from dashboard.people import teams
from dashboard.people.models import Role, Team, User
from dashboard.tokens import vault
from dashboard.tokens.models import State, Token
from images.sandbox import Sandbox
from tests.integration.images.pages import Page

pytestmark = pytest.mark.backend

BY = Actor("test")
Keep = Callable[..., Token]


def store(owner: User, team: Team, numbers: range) -> None:
    """Tokens "Account 1" and so on; of each hundred one is refused."""
    rows = []
    for number in numbers:
        row_id = uuid.uuid4()
        rows.append(
            Token(
                id=row_id,
                owner=owner,
                team=team,
                label=f"Account {number}",
                sealed=vault.seal(f"{number:064d}", row_id),
                last_four=f"{number:04d}",
                state=State.REFUSED if number % 100 == 0 else State.VALID,
                changed_at=timezone.now(),
            )
        )
    Token.objects.bulk_create(rows)


@pytest.fixture
def blue(person: User, stranger: User) -> Team:
    """A team of both, with twenty tokens of the person's and forty of the stranger's."""
    team = teams.create("Blue", by=BY)
    for user in (person, stranger):
        teams.set_role(team, user, Role.ADMIN, by=BY)
    store(person, team, range(1, 21))
    store(stranger, team, range(100, 140))
    return team


def labels(browser: Client, address: str) -> list[str]:
    """Those of a page, in its order, of both tables."""
    page = browser.get(address)
    assert page.status_code == 200
    ids = re.findall(r'data-token="([^"]+)"', page.content.decode())
    names = {str(token.pk): token.label for token in Token.objects.all()}
    return [names[each] for each in ids]


@pytest.mark.parametrize("address", ["/tokens/", "/teams/blue/"])
def test_two_thousand_cost_no_more_queries_than_sixty_and_no_long_page(
    browser: Client, person: User, stranger: User, blue: Team, address: str
) -> None:
    browser.get(address)
    with CaptureQueriesContext(connection) as few:
        browser.get(address)
    store(person, blue, range(200, 680))
    store(stranger, blue, range(1000, 2460))

    with CaptureQueriesContext(connection) as many:
        page = browser.get(address)

    assert len(many) == len(few)
    assert len(page.content) < 200_000


def test_those_in_trouble_come_first_and_pages_lead_to_all_of_them(
    browser: Client, person: User, stranger: User, blue: Team
) -> None:
    store(stranger, blue, range(200, 301))
    found: list[str] = []
    for number in (1, 2, 3, 4):
        found += labels(browser, f"/teams/blue/?page={number}")

    assert found[:3] == ["Account 100", "Account 200", "Account 300"]
    assert found[3:5] == ["Account 1", "Account 2"]
    assert sorted(found) == sorted(Token.objects.values_list("label", flat=True))
    assertContains(browser.get("/teams/blue/?page=2"), "Page 2 of 4")
    # Whoever is behind the last page, which had more tokens once, is on the last one.
    assertContains(browser.get("/teams/blue/?page=99"), "Page 4 of 4")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=account+7", ["Account 7", "Account 17", "Account 107", "Account 117"]),
        ("q=ACCOUNT+0107", ["Account 107"]),
        ("q=stranger+12&state=valid", [f"Account {number}" for number in (112, *range(120, 130))]),
        ("state=refused", ["Account 100"]),
        ("q=blue+19", ["Account 19", "Account 119"]),
        ("q=nothing+of+the+kind", []),
    ],
)
def test_words_and_state_find_some_of_them(
    browser: Client, blue: Team, query: str, found: list[str]
) -> None:
    for address in (f"/teams/blue/?{query}", f"/tokens/?{query}"):
        shown = labels(browser, address)
        assert set(found) <= set(shown)
        assert [label for label in shown if label in found] == found
    if not found:
        assertContains(browser.get(f"/tokens/?{query}"), "Nothing matches these filters")


def test_each_table_has_pages_of_its_own_which_keep_the_filter(
    browser: Client, person: User, stranger: User, blue: Team
) -> None:
    store(person, blue, range(200, 260))
    store(stranger, blue, range(300, 360))

    page = browser.get("/tokens/?q=account&page=2")

    assertContains(page, 'href="?q=account&amp;page=1"')
    assertContains(page, 'href="?q=account&amp;page=2&amp;shared=2"')
    assert len(labels(browser, "/tokens/?q=account&page=2&shared=2")) == 30 + 50


def test_a_state_that_there_is_not_is_named_and_does_not_filter(
    browser: Client, blue: Team
) -> None:
    page = browser.get("/teams/blue/?state=odd")

    assertContains(page, "odd is not one of the available choices")
    assertContains(page, "data-token", 50)


def test_a_few_tokens_need_no_filter(browser: Client, person: User, keep: Keep) -> None:
    keep(person, "a" * 64)

    assertNotContains(browser.get("/tokens/"), "filter-line")


def test_the_list_costs_no_query_an_account_and_its_menu_has_some(
    browser: Client, person: User, blue: Team, cloud: Sandbox, keep: Keep
) -> None:
    main = keep(person, cloud.token, "Main", team=blue)
    browser.get("/images/")
    with CaptureQueriesContext(connection) as few:
        browser.get("/images/")
    store(person, blue, range(200, 220))
    browser.get("/images/")
    with CaptureQueriesContext(connection) as many:
        page = Page(browser.get("/images/"))

    assert len(many) == len(few)
    menu = page.one("details", _class="menu accounts")
    entries = menu.all("a", _class="account")
    assert len(entries) == 12
    assert "69 more, in the filter “Account”" in menu.text
    # Those in trouble first: all but the one that works are refused.
    assert {each.attributes["data-account-state"] for each in entries} == {"failed"}
    assert {row.attributes["data-account"] for row in page.rows} == {str(main.pk)}


def test_the_menu_has_nobody_elses_and_a_label_stays_text(
    browser: Client, person: User, stranger: User, cloud: Sandbox, keep: Keep
) -> None:
    keep(stranger, "a" * 64, "Theirs")
    keep(person, cloud.token, "<b>Mine</b>")
    keep(person, "b" * 64, "Other")
    page = Page(browser.get("/images/"))

    menu = page.one("details", _class="menu accounts")
    named = {each.one("bdi").text for each in menu.all("a", _class="account")}
    assert named == {"<b>Mine</b>", "Other"}
    assert "Theirs" not in page.text
    assert not page.one(id="images").all("b")
