from __future__ import annotations

import pytest
from django.test import Client
from pytest_django.asserts import assertContains, assertRedirects

pytestmark = pytest.mark.django_db(databases="__all__")

URL = "/accounts/logout/"


def test_a_person_signs_out(browser: Client) -> None:
    response = browser.post(URL)

    assertRedirects(response, "/accounts/login/", fetch_redirect_response=False)
    assertContains(browser.get("/accounts/login/"), "You are signed out.")
    assert "_auth_user_id" not in browser.session


def test_a_link_asks_first(browser: Client) -> None:
    assertContains(browser.get(URL), "Sign out?")
    assert "_auth_user_id" in browser.session


def test_who_is_not_signed_in_is_not_asked_to_sign_in_for_it(anonymous: Client) -> None:
    assertRedirects(anonymous.get(URL), "/accounts/login/")
    assertRedirects(anonymous.post(URL), "/accounts/login/")
