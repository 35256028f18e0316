"""How long one stays signed in."""

from __future__ import annotations

import pytest
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from pytest_django.asserts import assertContains

from dashboard.audit.trail import Actor
from dashboard.people import sessions, teams
from dashboard.people.models import User
from tests.integration.conftest import PASSWORD

pytestmark = pytest.mark.backend

HOUR, DAY = 3600, 86_400


class Hours:
    now = 1_900_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Hours:
    hours = Hours()
    monkeypatch.setattr(sessions, "clock", hours)
    return hours


@pytest.fixture
def console(person: User) -> None:
    teams.set_role(teams.create("Blue", by=Actor("x")), person, "console", by=Actor("x"))


def is_in(client: Client) -> bool:
    return client.get("/teams/").status_code == 200


def test_who_uses_it_stays(browser: Client, time: Hours) -> None:
    for _ in range(13):
        assert is_in(browser)
        time.now += 23 * HOUR
    assert is_in(browser)


def test_who_is_away_for_a_day_signs_in_again_and_is_told_why(browser: Client, time: Hours) -> None:
    browser.get("/teams/")
    time.now += DAY + HOUR

    response = browser.get("/teams/")
    assert response["Location"] == "/accounts/login/?next=/teams/"
    assertContains(browser.get(response["Location"]), "because you were inactive for too long")
    form = {"login": "person", "password": PASSWORD, "next": "/teams/"}
    assert browser.post("/accounts/login/", form)["Location"] == "/teams/"
    assert is_in(browser)


def test_after_two_weeks_everyone_signs_in_again(browser: Client, time: Hours) -> None:
    for _ in range(30):
        browser.get("/teams/")
        time.now += 12 * HOUR

    assert not is_in(browser)


def test_a_fragment_after_the_end_sends_the_page_to_sign_in(browser: Client, time: Hours) -> None:
    browser.get("/teams/")
    time.now += 2 * DAY

    answer = browser.get("/images/", headers={"hx-request": "true"})
    assert answer.status_code == 403
    assert answer["HX-Redirect"].startswith("/accounts/login/")


def test_a_console_stays_for_months(browser: Client, console: None, time: Hours) -> None:
    for _ in range(18):
        assert is_in(browser)
        time.now += 20 * DAY
    time.now += 10 * DAY
    assert not is_in(browser)


def test_a_console_that_is_made_an_admin_has_an_admins_session(
    browser: Client, console: None, time: Hours, person: User
) -> None:
    browser.get("/teams/")
    teams.set_role(person.memberships.get().team, person, "admin", by=Actor("x"))
    time.now += 2 * DAY

    assert not is_in(browser)


def test_the_store_forgets_it_too(browser: Client, time: Hours) -> None:
    browser.get("/teams/")

    age = browser.session.get_expiry_age()
    assert DAY <= age <= DAY + HOUR


def test_it_costs_no_query_and_no_cookie_a_request(
    browser: Client, time: Hours, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    browser.get("/accounts/password/change/")
    time.now += 60
    # The session, who is signed in, their roles and tokens, whose marks are in the navigation; and
    # how many API keys they have, which is the page's own question.
    with django_assert_num_queries(5):
        response = browser.get("/accounts/password/change/")
    assert "sessionid" not in response.cookies


def test_signing_out_ends_it_for_good(browser: Client, person: User) -> None:
    browser.get("/teams/")
    key = browser.cookies["sessionid"].value
    browser.post("/accounts/logout/")
    stale = Client()
    stale.cookies["sessionid"] = key

    assert not is_in(stale)
    owners = [session.get_decoded().get(SESSION_KEY) for session in Session.objects.all()]
    assert str(person.pk) not in owners


def test_the_refresher_deletes_sessions_that_have_ended_and_no_others(
    browser: Client, stranger: User
) -> None:
    other = Client()
    other.force_login(stranger)
    ended = Session.objects.filter(pk=other.cookies["sessionid"].value)
    assert ended.update(expire_date=timezone.now()) == 1
    call_command("refresh")

    assert not ended.exists()
    assert is_in(browser)
