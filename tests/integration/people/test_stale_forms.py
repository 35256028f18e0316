"""Forms in a tab that was opened before its person signed in or out in another one."""

from __future__ import annotations

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from dashboard.audit.models import AuditEntry
from dashboard.audit.trail import Actor
from dashboard.people import teams
from dashboard.people.models import Role, User
from tests.integration.conftest import PASSWORD
from tests.integration.images.pages import Page
from tests.integration.people.test_second_factor import LOGIN, secret

__all__ = ["secret"]

pytestmark = pytest.mark.backend

DOOR = "/accounts/login/"
TOKEN = "csrfmiddlewaretoken"


class Tabs:
    """One browser; each form is kept as its tab shows it, until it is sent."""

    def __init__(self) -> None:
        self.client = Client(enforce_csrf_checks=True)

    def open(self, address: str) -> dict[str, str]:
        """The hidden fields of the form of a page."""
        page = Page(self.client.get(address, follow=True))
        [form] = page.one("main").all("form", _class="form")
        hidden = [each.attributes for each in form.all("input", type="hidden")]
        return {each["name"]: each["value"] for each in hidden}

    def send(
        self, address: str, form: dict[str, str], came_from: str = "", **more: str
    ) -> tuple[str, Page]:
        """The page that comes, and its address."""
        headers = {"referer": came_from} if came_from else {}
        answer = self.client.post(address, form | more, follow=True, headers=headers)
        return answer.request["PATH_INFO"], Page(answer)

    def sign_in(self) -> None:
        self.send(DOOR, self.open(DOOR), **LOGIN)

    def sign_out(self) -> None:
        self.send("/accounts/logout/", self.open("/accounts/logout/"))


@pytest.fixture
def tabs(person: User) -> Tabs:
    return Tabs()


@pytest.mark.parametrize(
    ("wanted", "led"),
    [
        ("/tokens/", "/tokens/"),
        ("", "/images/"),
        ("https://elsewhere.example/", "/images/"),
        ("//elsewhere.example/", "/images/"),
    ],
)
def test_who_has_signed_in_meanwhile_is_led_to_the_page_that_was_wanted(
    tabs: Tabs, wanted: str, led: str
) -> None:
    second = tabs.open(DOOR)
    tabs.sign_in()
    known = AuditEntry.objects.count()

    address, page = tabs.send(DOOR, second, **LOGIN, next=wanted)
    assert (address, page.status) == (led, 200)
    assert AuditEntry.objects.count() == known


def test_nobody_is_signed_in_as_somebody_else_by_a_form_that_is_refused(
    tabs: Tabs, person: User, stranger: User
) -> None:
    second = tabs.open(DOOR)
    tabs.sign_in()

    address, page = tabs.send(DOOR, second, login="stranger", password=PASSWORD)
    assert (address, page.status) == ("/images/", 200)
    assert tabs.client.session["_auth_user_id"] == str(person.pk)


def test_a_second_step_of_an_earlier_tab_leads_on(tabs: Tabs, secret: str) -> None:
    tabs.send(DOOR, tabs.open(DOOR), **LOGIN)
    first, second = (tabs.open("/accounts/2fa/authenticate/") for _ in range(2))
    codes = Authenticator.objects.get(type="recovery_codes").wrap()
    tabs.send("/accounts/2fa/authenticate/", first, code=codes.get_unused_codes()[0])

    address, page = tabs.send("/accounts/2fa/authenticate/", second, code="000000")
    assert (address, page.status) == ("/images/", 200)


def test_who_signed_out_meanwhile_is_led_to_the_door(tabs: Tabs) -> None:
    tabs.sign_in()
    second = tabs.open("/accounts/logout/")
    tabs.sign_out()

    assert tabs.send("/accounts/logout/", second)[0] == DOOR


def test_who_signed_in_anew_meanwhile_is_asked_about_signing_out(tabs: Tabs) -> None:
    tabs.sign_in()
    second = tabs.open("/accounts/logout/")
    tabs.sign_out()
    tabs.sign_in()

    address, page = tabs.send("/accounts/logout/", second)
    assert (address, page.one("h1").text) == ("/accounts/logout/", "Sign out?")


def test_who_proves_who_they_are_in_an_earlier_tab_is_asked_again(tabs: Tabs) -> None:
    tabs.sign_in()
    asked = "/accounts/reauthenticate/?next=/accounts/2fa/"
    second = tabs.open(asked)
    tabs.sign_out()
    tabs.sign_in()

    address, page = tabs.send(asked, second, password=PASSWORD)
    assert (address, page.status) == ("/accounts/reauthenticate/", 200)
    assert page.one("main").one("input", name="next").attributes["value"] == "/accounts/2fa/"


def test_an_invitation_is_accepted_by_who_has_signed_in_meanwhile(tabs: Tabs) -> None:
    team = teams.create("Blue", by=Actor("test"))
    _made, key = teams.invite(team, Role.VIEWER, by=Actor("test"))
    second = tabs.open(f"/invitations/{key}/")
    tabs.sign_in()

    address, page = tabs.send(f"/invitations/{key}/", second, username="eve")
    assert (address, page.one("h1").text) == (f"/invitations/{key}/", "Join “Blue”?")
    assert not team.memberships.exists()


@pytest.mark.parametrize(
    ("came_from", "offered"),
    [
        ("http://testserver/views/?query=q%3Dweb", "http://testserver/views/?query=q%3Dweb"),
        ("https://elsewhere.example/", "/"),
        ("", "/"),
    ],
)
def test_the_page_of_any_other_form_is_offered_again(
    tabs: Tabs, person: User, came_from: str, offered: str
) -> None:
    tabs.sign_in()
    second = tabs.open("/views/?query=q%3Dweb")
    tabs.sign_out()
    tabs.sign_in()

    _address, page = tabs.send("/views/", second, came_from, name="Web")
    assert (page.status, page.one("h1").text) == (403, "Please try again")
    assert page.one("main").one("a", _class="button primary").attributes["href"] == offered
    assert not person.views.exists()


def test_who_is_signed_in_nowhere_is_told_and_offered_the_page_again(tabs: Tabs) -> None:
    second = tabs.open(DOOR)
    tabs.sign_in()
    tabs.sign_out()

    _address, page = tabs.send(DOOR, second, f"http://testserver{DOOR}?next=/tokens/", **LOGIN)
    assert (page.status, page.one("h1").text) == (403, "Please try again")
    again = page.one("main").one("a", _class="button primary").attributes["href"]
    assert tabs.send(DOOR, tabs.open(again), **LOGIN)[0] == "/tokens/"


def test_who_takes_no_cookies_is_told_and_not_led_in_a_circle(tabs: Tabs) -> None:
    form = tabs.open(DOOR)
    tabs.client.cookies.clear()

    _address, page = tabs.send(DOOR, form, **LOGIN)
    assert page.status == 403
    assert "allow cookies" in page.one("main").text
