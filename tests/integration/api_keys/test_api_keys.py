"""/api-keys/: a person's keys, made and shown once, listed, revoked."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from dashboard import random_keys
from dashboard.api_keys import keys
from dashboard.api_keys.models import ApiKey
from dashboard.audit.models import AuditEntry
from dashboard.audit.trail import Actor
from dashboard.people import teams
from dashboard.people.models import Role, User
from tests.integration.conftest import Keep
from tests.integration.images.pages import Page

pytestmark = pytest.mark.backend

URL = "/api-keys/"
BY = Actor("test")


def test_a_key_is_made_and_shown_once(browser: Client, person: User) -> None:
    page = browser.post(URL, {"label": "Nightly", "scope": "", "days": "30"}, follow=True)
    [secret] = re.findall(r'value="(idk_[\w-]{43})"', page.content.decode())
    key = ApiKey.objects.get()

    assert page.status_code == 200
    assert (key.owner, key.label, key.prefix) == (person, "Nightly", secret[:8])
    assert key.key_hash == random_keys.hash_of(secret)
    assert 29 < (key.expires_at - key.made_at).days + 1 <= 30
    again = browser.get(URL).content.decode()
    assert secret not in again
    assert secret[:8] in again
    assert "Nightly" in again
    assert browser.get("/api/v1/tokens", headers={"Authorization": f"Bearer {secret}"})


def test_it_can_be_narrowed_to_a_team_or_a_token(
    browser: Client, person: User, stranger: User, keep: Keep
) -> None:
    team = teams.create("Blue", by=BY)
    teams.set_role(team, person, Role.VIEWER, by=BY)
    token = keep(stranger, "f" * 64, "Ours", team=team)
    for scope in (f"team:{team.pk}", f"token:{token.pk}"):
        assert browser.post(URL, {"label": scope, "scope": scope, "days": "7"}).status_code == 302

    first, second = ApiKey.objects.order_by("label")
    assert (first.team, first.token) == (team, None)
    assert (second.team, second.token) == (None, token)
    page = browser.get(URL).content.decode()
    assert "all tokens of “Blue”" in page
    assert str(token) in page


@pytest.mark.parametrize(
    "said",
    [
        {"label": "", "days": "7"},
        {"label": "x" * 81, "days": "7"},
        {"label": "Nightly", "days": "9999"},
        {"label": "Nightly", "days": "7", "scope": "team:1"},
        {"label": "Nightly", "days": "7", "scope": "token:mine"},
    ],
)
def test_an_invalid_form_makes_no_key(browser: Client, said: dict[str, str]) -> None:
    page = browser.post(URL, said)

    assert page.status_code == 422
    assert "idk_" not in page.content.decode()
    assert not ApiKey.objects.exists()


def test_someone_elses_token_is_no_scope(browser: Client, stranger: User, keep: Keep) -> None:
    theirs = keep(stranger, "f" * 64)
    said = {"label": "Nightly", "days": "7", "scope": f"token:{theirs.pk}"}

    assert browser.post(URL, said).status_code == 422
    assert str(theirs) not in browser.get(URL).content.decode()


def test_a_revoked_key_stays_in_the_list_and_says_by_whom(
    browser: Client, person: User, stranger: User
) -> None:
    mine, _ = keys.make(person, "Mine", days=7, by=BY)
    theirs, _ = keys.make(stranger, "Theirs", days=7, by=BY)

    page = browser.post(f"{URL}{mine.pk}/revoke/", follow=True).content.decode()
    assert "“Mine” was revoked." in page
    assert "Theirs" not in page
    assert browser.post(f"{URL}{theirs.pk}/revoke/").status_code == 404
    assert list(ApiKey.objects.working()) == [theirs]
    row = Page(browser.get(URL)).one("tr", data_key=str(mine.pk))
    assert "Revoked" in row.text
    assert person.username in row.text
    assert not row.all("a")


def test_making_and_revoking_are_in_the_audit_log(browser: Client, person: User) -> None:
    browser.post(URL, {"label": "Nightly", "days": "7"})
    key = ApiKey.objects.get()
    browser.post(f"{URL}{key.pk}/revoke/")

    entries = AuditEntry.objects.filter(action__startswith="key.").order_by("id")
    assert [entry.action for entry in entries] == ["key.make", "key.revoke"]
    assert {entry.subject for entry in entries} == {f"Nightly {key.prefix}…"}
    assert {entry.actor for entry in entries} == {person.get_username()}


def test_a_person_finds_them_in_the_menu_and_a_console_does_not(
    browser: Client, person: User
) -> None:
    assert f'href="{URL}"' in browser.get("/teams/").content.decode()
    teams.set_role(teams.create("Wall", by=BY), person, Role.CONSOLE, by=BY)

    assert f'href="{URL}"' not in browser.get("/teams/").content.decode()
    assert browser.get(URL).status_code == 403


def test_an_expired_one_is_said_to_be(browser: Client, person: User) -> None:
    key, _ = keys.make(person, "Old", days=7, by=BY)
    ApiKey.objects.update(expires_at=key.made_at)

    assert "Expired" in browser.get(URL).content.decode()
