"""What is cached is never shown when it is no longer so."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from dashboard.audit.trail import Actor
from dashboard.people import teams
from dashboard.people.models import Membership, Role, Team, User
from dashboard.saved_views.models import SavedView
from dashboard.tokens.models import Token
from images.fragments import cached
from images.sandbox import Fault, Sandbox
from images.search.bitsets import BoundedCache
from images.services import store
from tests.integration.conftest import PASSWORD, Clock, Keep, read_again
from tests.integration.images.pages import FRAGMENT, Page
from tests.integration.masking import CHANGING

pytestmark = pytest.mark.backend

BY = Actor("test")
SOON = timezone.now().date() + timedelta(days=3)
LIST = "/images/"
MASKED = re.compile(rf"{CHANGING}|\w+-[0-9a-f]{{32}}")


@pytest.fixture
def token(person: User, cloud: Sandbox, keep: Keep) -> Token:
    """In a team of which the person is an admin."""
    blue = teams.create("Blue", by=BY)
    teams.set_role(blue, person, Role.ADMIN, by=BY)
    return keep(person, cloud.token, team=blue)


Change = Callable[[User, Token, Client, Sandbox, Keep, Clock], object]


def set_password(person: User, *_others: Any) -> None:
    person.set_password(PASSWORD)
    person.save()


def of_the_token(**fields: Any) -> Change:
    return lambda person, token, *_others: Token.objects.filter(pk=token.pk).update(**fields)


def of_the_person(**fields: Any) -> Change:
    return lambda person, *_others: User.objects.filter(pk=person.pk).update(**fields)


def role(role: Role) -> Change:
    return lambda person, *_others: Membership.objects.update(role=role)


def cookie(name: str, value: str) -> Change:
    def choose(person: User, token: Token, browser: Client, *_others: Any) -> None:
        browser.cookies[name] = value

    return choose


def a_failing_region(
    person: User, token: Token, browser: Client, cloud: Sandbox, keep: Keep, clock: Clock
) -> None:
    clock.now += 61
    cloud.misbehave(Fault("html", endpoint="cimg/list", region="gz"))
    read_again(cloud.token)


def another_token(
    person: User, token: Token, browser: Client, cloud: Sandbox, keep: Keep, *_others: Any
) -> Token:
    return keep(person, cloud.token, label="Another")


# What happens -> how the list shows it.
CHANGES: dict[str, tuple[Change, str]] = {
    "a password is set": (set_password, "Change password"),
    "made an administrator": (of_the_person(is_superuser=True), "Administration"),
    "made a console": (role(Role.CONSOLE), ""),
    "another name": (of_the_person(username="renamed"), "renamed"),
    "another token": (another_token, "Another"),
    "the token has another label": (of_the_token(label="Golden"), "Golden"),
    "the token ends soon": (of_the_token(expires_on=SOON), "expires on"),
    "no longer an admin": (role(Role.VIEWER), ""),
    "the team has another name": (
        lambda person, token, *_others: Team.objects.update(name="Green"),
        "",
    ),
    "another language": (cookie("django_language", "zh-hans"), "镜像"),
    "another theme": (cookie("theme", "dark"), 'data-theme="dark"'),
    "a region fails": (a_failing_region, "not be read"),
}


@pytest.mark.parametrize("path", [LIST, "/overview/"])
@pytest.mark.parametrize("what", CHANGES)
def test_a_page_shows_at_once_what_a_process_that_just_started_shows(
    browser: Client,
    person: User,
    token: Token,
    cloud: Sandbox,
    keep: Keep,
    clock: Clock,
    what: str,
    path: str,
) -> None:
    change, shown = CHANGES[what]
    person.set_unusable_password()
    person.save()
    browser.force_login(person)
    for headers in ({}, FRAGMENT):
        for _ in range(2):
            browser.get(path, headers=headers)
    before = browser.get(path).content.decode()

    change(person, token, browser, cloud, keep, clock)
    if what == "a password is set":  # which ends every session
        browser.force_login(person)
    kept = [looked_at(browser, path, headers) for headers in ({}, FRAGMENT)]
    store.forget()

    assert kept == [looked_at(browser, path, headers) for headers in ({}, FRAGMENT)]
    if path == LIST and shown:
        assert shown not in before
        assert shown in kept[0]


def looked_at(browser: Client, path: str, headers: dict[str, str]) -> str:
    response = browser.get(path, headers=headers)
    assert response.status_code == 200
    return MASKED.sub("", response.content.decode())


def test_what_is_around_the_list_is_what_is_around_other_pages(
    browser: Client, person: User, token: Token
) -> None:
    for each in (Role.ADMIN, Role.VIEWER, Role.CONSOLE, None):
        if each:
            Membership.objects.update(role=each)
        else:
            User.objects.update(is_superuser=True)
        tops = [
            Page(browser.get(path)).one("header", _class="masthead")
            for path in (LIST, LIST, "/overview/")
        ]
        links = [[link.attributes["href"] for link in top.all("a")] for top in tops]
        assert links[0] == links[1] == links[2]
        assert tops[0].text == tops[2].text


def test_a_message_is_shown_once(browser: Client, token: Token) -> None:
    browser.get(LIST)
    browser.post(f"{LIST}refresh/")  # Asked a moment ago, which it says.

    pages = [browser.get(LIST).content.decode() for _ in range(2)]
    assert ["Refreshed just now" in page for page in pages] == [True, False]


def test_a_saved_view_is_offered_at_once(browser: Client, person: User, token: Token) -> None:
    browser.get(LIST)
    browser.get("/views/menu/", headers=FRAGMENT)
    SavedView.objects.create(owner=person, name="Mine", query="os=CentOS")

    assert "Mine" in browser.get("/views/menu/", headers=FRAGMENT).content.decode()


def test_forms_of_a_cached_page_can_be_sent(person: User, token: Token) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(person)
    for page in [Page(browser.get(LIST)) for _ in range(2)]:
        form = page.one("form", id="refresh")
        secret = form.one("input", name="csrfmiddlewaretoken").attributes["value"]
        sent = {"csrfmiddlewaretoken": secret}
        assert browser.post(f"{LIST}refresh/", sent).status_code == 302


def test_what_changes_by_itself_cannot_be_cached(person: User) -> None:
    for changing in (person, [1], ("a", {"b": 1}), frozenset([person])):
        with pytest.raises(TypeError, match=r"may change while it is cached|unhashable"):
            cached(BoundedCache(1_000), str, changing)
