from __future__ import annotations

import re

import pytest
from django.test import Client
from pytest_django import Settings
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from dashboard.people.models import User

pytestmark = [pytest.mark.backend, pytest.mark.django_db(databases="__all__")]

URL = "/accounts/login/"
PASSWORD = "a sentence nobody guesses"


def test_a_person_signs_in(anonymous: Client, person: User) -> None:
    page = anonymous.get(URL)
    assert re.findall(r'name="(login|password)"', page.content.decode()) == ["login", "password"]

    response = anonymous.post(URL, {"login": "person", "password": PASSWORD})
    assertRedirects(response, "/", fetch_redirect_response=False)
    assert anonymous.session["_auth_user_id"] == str(person.pk)
    assert not response.cookies.get("messages")


def test_it_goes_back_to_the_page_that_was_wanted(anonymous: Client, person: User) -> None:
    wanted = anonymous.get("/tokens/")
    assertRedirects(wanted, f"{URL}?next=/tokens/")
    assertContains(anonymous.get(wanted["Location"]), 'name="next" value="/tokens/"')

    form = {"login": "person", "password": PASSWORD, "next": "/tokens/"}
    assert anonymous.post(URL, form)["Location"] == "/tokens/"


def test_it_does_not_lead_out_of_the_site(anonymous: Client, person: User) -> None:
    for away in ("https://elsewhere.example/", "//elsewhere.example/", "javascript:alert(1)"):
        form = {"login": "person", "password": PASSWORD, "next": away}
        assert anonymous.post(URL, form)["Location"] == "/"
        anonymous.logout()


def test_a_signed_in_person_has_nothing_to_do_here(browser: Client) -> None:
    assertRedirects(browser.get(URL), "/", fetch_redirect_response=False)


def test_a_wrong_password_is_said_and_not_shown(anonymous: Client, person: User) -> None:
    page = anonymous.post(URL, {"login": "person", "password": "a wrong sentence"})

    assertContains(page, "not correct")
    assertContains(page, 'value="person"')
    assertNotContains(page, "a wrong sentence")
    assert "_auth_user_id" not in anonymous.session
    chinese = anonymous.post(
        URL, {"login": "x", "password": "y"}, headers={"Accept-Language": "zh"}
    )
    assertContains(chinese, "用户名或密码不正确。")


def test_an_unknown_name_is_told_the_same_as_a_wrong_password(
    anonymous: Client, person: User
) -> None:
    pages = [
        anonymous.post(URL, {"login": name, "password": "x"}).content.decode()
        for name in ("person", "nobody")
    ]
    errors = [re.findall(r'role="alert">([^<]+)', page) for page in pages]
    assert errors[0] == errors[1] != []


def test_an_inactive_account_does_not_come_in(anonymous: Client, person: User) -> None:
    User.objects.update(is_active=False)

    assertContains(anonymous.post(URL, {"login": "person", "password": PASSWORD}), "not correct")
    assert "_auth_user_id" not in anonymous.session
    assertContains(anonymous.get("/accounts/inactive/"), "not active")


def test_an_account_switched_off_is_out_at_once(browser: Client) -> None:
    User.objects.update(is_active=False)

    assertRedirects(browser.get("/tokens/"), f"{URL}?next=/tokens/")


@pytest.mark.parametrize("form", [{}, {"login": "person"}, {"login": "\0", "password": "\0"}])
def test_an_incomplete_form_is_shown_again(anonymous: Client, form: dict[str, str]) -> None:
    assertContains(anonymous.post(URL, form), 'aria-invalid="true"')


def test_there_is_no_sign_up(anonymous: Client) -> None:
    form = {"username": "new", "password1": PASSWORD, "password2": PASSWORD}

    assertContains(anonymous.get("/accounts/signup/"), "no sign-up")
    assertContains(anonymous.post("/accounts/signup/", form), "no sign-up")
    assert not User.objects.exists()


def test_after_ten_wrong_passwords_even_the_right_one_must_wait(
    anonymous: Client, person: User
) -> None:
    for _ in range(10):
        anonymous.post(URL, {"login": "person", "password": "wrong"})

    page = anonymous.post(URL, {"login": "person", "password": PASSWORD})
    assertContains(page, "Too many failed login attempts")
    assert "_auth_user_id" not in anonymous.session


def test_whoever_guesses_does_not_lock_the_person_out_elsewhere(
    anonymous: Client, person: User
) -> None:
    for _ in range(20):
        anonymous.post(URL, {"login": "person", "password": "wrong"}, REMOTE_ADDR="192.0.2.66")

    response = anonymous.post(URL, {"login": "person", "password": PASSWORD})
    assert response["Location"] == "/"


def test_signing_in_begins_a_new_session(anonymous: Client, person: User) -> None:
    """Whoever planted a session before has nothing of the one after."""
    anonymous.get("/accounts/login/?next=/tokens/")
    session = anonymous.session
    session["planted"] = True
    session.save()
    planted = str(session.session_key)
    anonymous.cookies["sessionid"] = planted
    anonymous.post(URL, {"login": "person", "password": PASSWORD})

    assert anonymous.cookies["sessionid"].value != planted
    stale = Client()
    stale.cookies["sessionid"] = planted
    assert stale.get("/tokens/").status_code == 302


def test_too_many_attempts_from_one_place_get_a_page_of_ours(
    anonymous: Client, settings: Settings
) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"login": "1/m/ip"}
    anonymous.post(URL, {"login": "person", "password": "wrong"})

    page = anonymous.post(URL, {"login": "person", "password": "wrong"})
    assertContains(page, "Too many attempts", status_code=429)
    assertContains(page, 'class="masthead"', status_code=429)


@pytest.mark.parametrize(("proxies", "status"), [(0, 429), (1, 200)])
def test_the_word_of_a_proxy_counts_only_where_there_is_one(
    anonymous: Client, settings: Settings, proxies: int, status: int
) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"login": "1/m/ip"}
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    for address in ("198.51.100.1", "198.51.100.2"):
        response = anonymous.post(URL, {"login": "x"}, headers={"X-Forwarded-For": address})

    assert response.status_code == status


def test_behind_a_proxy_an_invented_address_changes_nothing(
    anonymous: Client, settings: Settings
) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"login": "1/m/ip"}
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    for invented in ("203.0.113.1", "203.0.113.2"):
        told = {"X-Forwarded-For": f"{invented}, 198.51.100.1"}
        response = anonymous.post(URL, {"login": "x"}, headers=told)

    assert response.status_code == 429


def test_a_form_sent_after_the_session_ended_leads_back_to_where_it_was(client: Client) -> None:
    response = client.post(
        "/images/refresh/", headers={"referer": "http://testserver/images/?os=CentOS"}
    )
    assert response["Location"] == "/accounts/login/?next=/images/%3Fos%3DCentOS"


def test_an_invalid_address_in_a_header_is_no_error(client: Client) -> None:
    assert client.post("/images/refresh/", headers={"referer": "//["}).status_code == 302
    fragment = client.get("/images/", headers={"hx-request": "true", "hx-current-url": "//["})
    assert fragment.status_code == 403


def test_the_demo_says_what_it_is_and_how_to_sign_in_and_nothing_else_does(
    client: Client, settings: Settings
) -> None:
    page = client.get("/accounts/login/").content.decode()
    assert "emonstration" not in page

    settings.DEMO = ("demo", "secret-word")
    page = client.get("/accounts/login/").content.decode()
    assert "its images are invented" in page
    assert "<code>demo</code> with the password <code>secret-word</code>" in page
    assert 'class="demo"' in page
