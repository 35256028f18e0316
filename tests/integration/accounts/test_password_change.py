from __future__ import annotations

import pytest
from django.test import Client
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from dashboard.accounts.models import User

pytestmark = pytest.mark.django_db(databases="__all__")

URL = "/accounts/password/change/"
OLD, NEW = "a sentence nobody guesses", "another one, just as long"


def test_it_works(browser: Client, person: User) -> None:
    elsewhere = Client()
    elsewhere.force_login(person)
    assertContains(browser.get(URL), 'autocomplete="new-password"')

    response = browser.post(URL, {"oldpassword": OLD, "password1": NEW, "password2": NEW})
    assertRedirects(response, URL, fetch_redirect_response=False)
    assertContains(browser.get(URL), "The password is changed.")
    person.refresh_from_db()
    assert person.check_password(NEW)
    assertRedirects(elsewhere.get(URL), f"/accounts/login/?next={URL}")


@pytest.mark.parametrize(
    ("old", "new", "again"),
    [("wrong", NEW, NEW), (OLD, NEW, "not the same"), (OLD, "short", "short"), ("", "", "")],
)
def test_a_bad_one_is_refused_and_not_shown(
    browser: Client, person: User, old: str, new: str, again: str
) -> None:
    page = browser.post(URL, {"oldpassword": old, "password1": new, "password2": again})

    assertContains(page, 'aria-invalid="true"')
    assertNotContains(page, NEW)
    person.refresh_from_db()
    assert person.check_password(OLD)


def test_only_for_who_is_signed_in(anonymous: Client) -> None:
    assertRedirects(anonymous.get(URL), f"/accounts/login/?next={URL}")
