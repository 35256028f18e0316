from __future__ import annotations

from collections.abc import Callable

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.admin import site
from django.test import Client
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from dashboard.audit.models import AuditEntry
from dashboard.audit.trail import Actor
from dashboard.people import teams
from dashboard.people.models import User
from dashboard.tokens.models import Token

pytestmark = [pytest.mark.backend, pytest.mark.django_db(databases="__all__")]

TOKENS = "/admin/tokens/token/"
PASSWORD = "a sentence nobody guesses"
BY = Actor("test")


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("boss", password=PASSWORD))
    return client


def test_a_token_is_listed_by_its_end_alone(
    admin: Client, person: User, keep: Callable[..., Token]
) -> None:
    token = keep(person, "5f0c" * 16, "Theirs")

    for url in (TOKENS, f"{TOKENS}{token.pk}/change/"):
        page = admin.get(url)
        assertContains(page, "Theirs")
        assertContains(page, "5f0c")
        assertNotContains(page, "5f0c5f0c")
        assertNotContains(page, token.sealed)


def test_a_token_is_neither_added_nor_changed_there(
    admin: Client, person: User, keep: Callable[..., Token]
) -> None:
    token = keep(person, "5f0c" * 16)

    assert admin.get(f"{TOKENS}add/").status_code == 403
    assert admin.post(f"{TOKENS}add/", {"label": "New"}).status_code == 403
    assert admin.post(f"{TOKENS}{token.pk}/change/", {"label": "New"}).status_code == 403
    token.refresh_from_db()
    assert token.label == "Main"


def test_a_token_is_deleted_there(admin: Client, person: User, keep: Callable[..., Token]) -> None:
    token = keep(person, "5f0c" * 16)
    admin.post(f"{TOKENS}{token.pk}/delete/", {"post": "yes"})

    assert not Token.objects.exists()


def test_an_account_is_made_there(admin: Client) -> None:
    form = {"username": "new", "usable_password": "true", "password1": PASSWORD}
    response = admin.post("/admin/people/user/add/", {**form, "password2": PASSWORD})

    assert response.status_code == 302
    new = User.objects.get(username="new")
    assert new.check_password(PASSWORD)
    assertContains(admin.get(f"/admin/people/user/{new.pk}/change/"), "new")


def test_its_door_is_the_one_that_is_throttled(anonymous: Client, person: User) -> None:
    door = anonymous.get("/admin/")
    assertRedirects(door, "/admin/login/?next=/admin/", fetch_redirect_response=False)
    assertRedirects(anonymous.get(door["Location"]), "/accounts/login/?next=%2Fadmin%2F")

    form = {"username": "person", "password": PASSWORD}
    assertRedirects(
        anonymous.post("/admin/login/", form),
        "/accounts/login/?next=%2Fadmin%2Flogin%2F",
        fetch_redirect_response=False,
    )
    assert "_auth_user_id" not in anonymous.session


def test_it_is_for_administrators_only(browser: Client) -> None:
    assert browser.get("/admin/", follow=True).status_code == 403


def test_what_is_done_to_accounts_is_noted(admin: Client, person: User) -> None:
    form = {"username": "person", "date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}
    admin.post(f"/admin/people/user/{person.pk}/change/", {**form, "is_superuser": "on"})
    admin.post(f"/admin/people/user/{person.pk}/delete/", {"post": "yes"})

    changed, deleted = AuditEntry.objects.filter(owner="person").order_by("id")
    assert (changed.actor, changed.action) == ("boss", "account.change")
    assert "is_superuser" in changed.subject
    assert (deleted.action, deleted.subject) == ("account.delete", "person")
    assert deleted.owner_id == person.pk


def test_setting_someones_password_is_noted(admin: Client, person: User) -> None:
    url = f"/admin/people/user/{person.pk}/password/"
    form = {"usable_password": "true", "password1": "another sentence", "password2": "no match"}
    admin.post(url, form)
    assert not AuditEntry.objects.exists()

    admin.post(url, form | {"password2": form["password1"], "set-password": "1"})
    admin.post(url, {"usable_password": "false", "unset-password": "1"})
    entries = AuditEntry.objects.order_by("id").values_list("actor", "action", "subject", "owner")
    assert list(entries) == [
        ("boss", "password.set", "", "person"),
        ("boss", "password.set", "no password any more", "person"),
    ]


def test_taking_away_a_second_factor_is_noted(admin: Client, person: User) -> None:
    """One by one, and those that are ticked."""
    kinds = ("totp", "recovery_codes")
    one, other = (Authenticator.objects.create(user=person, type=kind, data={}) for kind in kinds)
    admin.post(f"/admin/mfa/authenticator/{one.pk}/delete/", {"post": "yes"})
    ticked = {"action": "delete_selected", "_selected_action": [other.pk], "post": "yes"}
    admin.post("/admin/mfa/authenticator/", ticked)

    assert not Authenticator.objects.exists()
    removed = AuditEntry.objects.filter(action="factor.remove").order_by("id")
    assert [(each.actor, each.subject, each.owner) for each in removed] == [
        ("boss", "code", "person"),
        ("boss", "recovery code", "person"),
    ]


def test_nothing_is_administered_there_that_is_not_noted() -> None:
    """Whoever registers another model sees to it that its changes are in the audit log."""
    assert set(site._registry) == {User, Token, Authenticator}


@pytest.mark.parametrize("with_heir", [True, False])
def test_what_an_account_leaves_in_a_team_is_noted_there(
    admin: Client, person: User, stranger: User, keep: Callable[..., Token], with_heir: bool
) -> None:
    team = teams.create("Blue", by=BY)
    teams.set_role(team, person, "viewer", by=BY)
    if with_heir:
        teams.set_role(team, stranger, "admin", by=BY)
    keep(person, "5f0c" * 16, "Ours", team=team)
    admin.post(f"/admin/people/user/{person.pk}/delete/", {"post": "yes"})

    assert not User.objects.filter(username="person").exists()
    told = AuditEntry.objects.filter(team_id=team.pk, actor="boss", owner="person")
    what = "token.hand-over" if with_heir else "token.delete"
    assert set(told.values_list("action", flat=True)) == {what, "member.remove"}
    assert Token.objects.filter(owner=stranger).exists() is with_heir
