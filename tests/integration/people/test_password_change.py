from __future__ import annotations

import pytest
from django.test import Client
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from dashboard.api_keys import keys
from dashboard.audit.models import AuditEntry
from dashboard.audit.trail import Actor
from dashboard.people.models import User

pytestmark = [pytest.mark.backend, pytest.mark.django_db(databases="__all__")]

URL = "/accounts/password/change/"
OLD, NEW = "a sentence nobody guesses", "another one, just as long"


def test_a_password_is_changed(browser: Client, person: User) -> None:
    elsewhere = Client()
    elsewhere.force_login(person)
    assertContains(browser.get(URL), 'autocomplete="new-password"')

    response = browser.post(URL, {"oldpassword": OLD, "password1": NEW, "password2": NEW})
    assertRedirects(response, URL, fetch_redirect_response=False)
    assertContains(browser.get(URL), "Your password was changed.")
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


FORM = {"oldpassword": OLD, "password1": NEW, "password2": NEW}


def opens(secret: str) -> bool:
    asks = {"Authorization": f"Bearer {secret}"}
    return Client().get("/api/v1/tokens", headers=asks).status_code == 200


def key_of(user: User, label: str) -> str:
    return keys.make(user, label, days=7, by=Actor("test"))[1]


def test_who_has_no_keys_is_not_asked_about_them(browser: Client) -> None:
    assertNotContains(browser.get(URL), "revoke_keys")


@pytest.mark.parametrize("revoked", [False, True])
def test_keys_end_with_the_old_password_where_that_is_wanted(
    browser: Client, person: User, stranger: User, revoked: bool
) -> None:
    mine, theirs = [key_of(person, name) for name in ("a", "b")], key_of(stranger, "c")
    page = browser.get(URL)
    assertContains(page, "Also revoke the 2 API keys, which would otherwise keep working")
    assertNotContains(page, 'id="id_revoke_keys" checked')

    browser.post(URL, FORM | ({"revoke_keys": "on"} if revoked else {}))
    assert [opens(key) for key in mine] == [not revoked] * 2
    assert opens(theirs)
    noted = AuditEntry.objects.filter(action="key.revoke", actor="person").count()
    assert noted == (2 if revoked else 0)


def test_keys_stay_where_the_password_does(browser: Client, person: User) -> None:
    key = key_of(person, "a")
    page = browser.post(URL, FORM | {"oldpassword": "wrong", "revoke_keys": "on"})

    assertContains(page, 'id="id_revoke_keys" checked')
    assert opens(key)


@pytest.mark.parametrize("revoked", [False, True])
def test_an_administrator_who_sets_a_password_is_asked_too(
    client: Client, person: User, revoked: bool
) -> None:
    key = key_of(person, "a")
    client.force_login(User.objects.create_superuser("boss"))
    url = f"/admin/people/user/{person.pk}/password/"
    label = "Also revoke the 1 API key, which would otherwise keep working"
    assertContains(client.get(url), label)

    form = {"usable_password": "true", "password1": NEW, "password2": NEW, "set-password": "x"}
    client.post(url, form | ({"revoke_keys": "on"} if revoked else {}))
    person.refresh_from_db()
    assert person.check_password(NEW)
    assert opens(key) is not revoked
    assert AuditEntry.objects.filter(action="key.revoke", actor="boss").exists() is revoked
