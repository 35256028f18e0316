"""The audit log tells who came in, who was kept out, who left, and what people changed about it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings
from pytest_django.asserts import assertContains, assertNotContains

from dashboard.audit import trail
from dashboard.audit.models import Action, AuditEntry
from dashboard.audit.trail import Actor
from dashboard.people import sessions, sign_in_log, teams
from dashboard.people.models import User
from dashboard.tokens.models import Token
from tests.integration.conftest import PASSWORD
from tests.integration.people.test_second_factor import code, switch_on

pytestmark = pytest.mark.backend

LOGIN = "/accounts/login/"
RIGHT = {"login": "person", "password": PASSWORD}
WRONG = {"login": "person", "password": "a wrong sentence"}


def noted(*actions: Action) -> list[tuple[str, str, str, str]]:
    """Who, what, whose and with which result, the oldest first."""
    entries = AuditEntry.objects.order_by("id")
    if actions:
        entries = entries.filter(action__in=actions)
    return list(entries.values_list("actor", "subject", "owner", "result"))


# Coming and going


def test_coming_in_and_going_out(anonymous: Client, person: User) -> None:
    anonymous.post(LOGIN, RIGHT, REMOTE_ADDR="192.0.2.9")
    anonymous.post("/accounts/logout/")

    came, went = AuditEntry.objects.order_by("id")
    assert (came.actor_id, came.owner_id, came.address) == (person.pk, person.pk, "192.0.2.9")
    assert (came.action, came.subject) == (Action.SIGN_IN, "password")
    assert (went.action, went.actor, went.subject) == (Action.SIGN_OUT, "person", "")


def test_with_a_code_and_with_a_recovery_code(anonymous: Client, person: User) -> None:
    anonymous.post(LOGIN, RIGHT)
    secret = switch_on(anonymous)
    [*_, recovery] = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()
    for entered, how in ((code(secret), "code"), (recovery, "recovery code")):
        comer = Client()
        comer.post(LOGIN, RIGHT)
        before = len(noted(Action.SIGN_IN))
        cache.clear()  # a code works once, and this one has switched it on
        comer.post("/accounts/2fa/authenticate/", {"code": entered})
        assert noted(Action.SIGN_IN)[before:] == [("person", f"password, {how}", "person", "done")]


def test_by_an_invitation(anonymous: Client, db: None) -> None:
    by = Actor("test")
    _made, key = teams.invite(teams.create("Blue", by=by), "viewer", by=by)
    form = {"username": "ann", "password1": PASSWORD, "password2": PASSWORD}
    anonymous.post(f"/invitations/{key}/", form)

    assert noted(Action.SIGN_IN) == [("ann", "invitation", "ann", "done")]


def test_who_was_away_is_signed_out_and_that_is_noted(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1_900_000_000.0
    monkeypatch.setattr(sessions, "clock", lambda: now)
    browser.get("/teams/")
    now += 2 * 86_400
    browser.get("/teams/")

    assert noted(Action.SIGN_OUT) == [("person", "away for long", "person", "done")]


# Kept out


@pytest.mark.parametrize(
    ("entered", "owner", "result"),
    [
        (WRONG, "person", "wrong password"),
        ({"login": "PERSON", "password": "x"}, "person", "wrong password"),
        ({"login": "hunter2 my password", "password": "x"}, "", "unknown name"),
        ({"login": PASSWORD, "password": "person"}, "", "unknown name"),
    ],
)
def test_whoever_tried_is_not_taken_for_the_person(
    anonymous: Client, person: User, entered: dict[str, str], owner: str, result: str
) -> None:
    """And what was typed is nowhere: it may be a password."""
    anonymous.post(LOGIN, entered, REMOTE_ADDR="192.0.2.66")

    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.actor_id, entry.address) == ("", None, "192.0.2.66")
    assert (entry.owner, entry.result, entry.subject) == (owner, result, "")


def test_an_account_that_is_switched_off(anonymous: Client, person: User) -> None:
    User.objects.update(is_active=False)
    anonymous.post(LOGIN, RIGHT)
    assert noted() == [("", "", "person", "account is switched off")]


def test_a_wrong_code_after_the_right_password(anonymous: Client, person: User) -> None:
    anonymous.post(LOGIN, RIGHT)
    switch_on(anonymous)
    comer = Client()
    comer.post(LOGIN, RIGHT)
    comer.post("/accounts/2fa/authenticate/", {"code": "000000"})
    assert noted(Action.SIGN_IN)[-1] == ("", "", "person", "wrong code")


def test_a_wrong_password_of_who_is_signed_in(browser: Client) -> None:
    """Asked for again, before something that matters."""
    browser.post("/accounts/reauthenticate/", {"password": "wrong"})
    assert noted(Action.SIGN_IN) == [("person", "", "person", "wrong password")]


def test_many_who_try_do_not_fill_the_log(
    person: User, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    """Each from an address of its own, so that no other limit holds them."""
    monkeypatch.setattr(sign_in_log, "FAILED_AN_HOUR", 5)
    hour = 500_000 * 3600
    monkeypatch.setattr(sign_in_log, "clock", lambda: hour)

    def try_from_everywhere() -> list[str]:
        before = len(noted())
        for number in range(9):
            Client().post(LOGIN, WRONG, REMOTE_ADDR=f"192.0.2.{number}")
        return [result for *_, result in noted()[before:]]

    told = [*["wrong password"] * 5, "too many to be written"]
    assert try_from_everywhere() == told
    assert try_from_everywhere() == []
    hour += 3600
    assert try_from_everywhere() == told


def test_nor_where_no_cache_counts(
    person: User, monkeypatch: pytest.MonkeyPatch, no_cache: None
) -> None:
    monkeypatch.setattr(sign_in_log, "FAILED_AN_HOUR", 2)
    for number in range(4):
        Client().post(LOGIN, WRONG, REMOTE_ADDR=f"192.0.2.{number}")
    assert [result for *_, result in noted()] == [*["wrong password"] * 2, "too many to be written"]


# One's own way in


def test_a_changed_password(browser: Client) -> None:
    form = {"oldpassword": PASSWORD, "password1": "another sentence", "password2": "another one"}
    browser.post("/accounts/password/change/", form)
    assert not noted(Action.PASSWORD_CHANGE)

    browser.post("/accounts/password/change/", form | {"password2": form["password1"]})
    assert noted(Action.PASSWORD_CHANGE) == [("person", "", "person", "done")]


def test_a_second_factor_and_its_codes(anonymous: Client, person: User) -> None:
    anonymous.post(LOGIN, RIGHT)
    secret = switch_on(anonymous)  # which shows the codes
    anonymous.get("/accounts/2fa/codes/download/")
    anonymous.post("/accounts/2fa/codes/generate/")
    anonymous.post("/accounts/2fa/app/deactivate/")

    entries = AuditEntry.objects.exclude(action=Action.SIGN_IN).order_by("id")
    assert {each.actor for each in entries} == {each.owner for each in entries} == {"person"}
    assert [(each.action, each.subject) for each in entries] == [
        ("factor.add", "code"),
        ("factor.add", "recovery code"),
        ("codes.show", ""),
        ("codes.show", ""),
        ("factor.remove", "recovery code"),
        ("factor.add", "recovery code"),
        ("factor.remove", "code"),
        ("factor.remove", "recovery code"),
    ]
    assert secret not in repr([vars(each) for each in entries])


# Who reads it


def test_everyone_sees_what_they_did_and_what_was_done_to_theirs(
    browser: Client, person: User, stranger: User, keep: Callable[..., Token]
) -> None:
    boss = Actor("boss", "198.51.100.1", 99)
    trail.record(boss, Action.PASSWORD_SET, owner=person)
    trail.record(boss, Action.PASSWORD_SET, owner=stranger, subject="not theirs")
    trail.record(Actor("person", "192.0.2.1", person.pk), Action.SIGN_IN, subject="password")
    # An account of that name which was deleted before there was this one.
    trail.record(Actor("person", "192.0.2.2", 98), Action.SIGN_IN, subject="another's")
    page = browser.get("/audit/mine/")

    assertContains(page, "Your activity")
    assert page.content.count(b'<td class="nowrap">') == 2
    assertContains(page, "Password set by an administrator")
    assertContains(page, "192.0.2.1")
    for hidden in ("198.51.100.1", "not theirs", "another's", "stranger"):
        assertNotContains(page, hidden)
    for address, count in (("198.51.100", 0), ("192.0.2.1", 1)):
        page = browser.get(f"/audit/mine/?q={address}")
        assert page.content.count(b'<td class="nowrap">') == count


def test_sign_ins_are_no_teams_business(anonymous: Client, person: User) -> None:
    team = teams.create("Blue", by=Actor("test"))
    teams.set_role(team, person, "admin", by=Actor("test"))
    anonymous.post(LOGIN, WRONG)
    anonymous.post(LOGIN, RIGHT)

    page = anonymous.get("/teams/blue/audit/")
    assert page.content.count(b'<td class="nowrap">') == 2
    person.is_superuser = True
    person.save()
    page = anonymous.get("/audit/")
    assertContains(page, "not done: wrong password")
    assertContains(page, '<span class="faint">not signed in</span>')


def test_it_is_told_in_chinese_too(anonymous: Client, person: User) -> None:
    anonymous.post(LOGIN, WRONG)
    anonymous.post(LOGIN, RIGHT)
    anonymous.cookies["django_language"] = "zh-hans"
    page = anonymous.get("/audit/mine/").content.decode().partition("<tbody>")[2]

    for word in ("登录", "密码错误", "<bdi>密码</bdi>", "未登录"):
        assert word in page
    for word in ("password", "Sign-in", "not done"):
        assert word not in page
