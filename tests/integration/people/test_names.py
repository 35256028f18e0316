"""User names: whoever has one has it in every case, and is found by it in every case."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client
from pytest_django import Settings
from pytest_django.asserts import assertContains

from dashboard.audit.trail import Actor
from dashboard.people import teams
from dashboard.people.models import Role, User
from dashboard.tokens.models import Token
from images.sandbox import Sandbox

pytestmark = pytest.mark.backend

PASSWORD = "a sentence nobody guesses"
# As it is stored, and as it is typed: ASCII, other letters, letters that grow, wide ones.
SPELLINGS = [
    ("person", "PERSON"),
    ("Jürgen", "JÜRGEN"),
    ("Straße", "STRASSE"),
    ("Ωμέγα", "ωμέγα"),
    ("ann", "Ａｎｎ"),
]


@pytest.mark.parametrize(("stored", "typed"), SPELLINGS)
def test_one_signs_in_with_any_spelling_of_ones_name(
    anonymous: Client, stored: str, typed: str
) -> None:
    user = User.objects.create_user(stored, password=PASSWORD)
    anonymous.post("/accounts/login/", {"login": typed, "password": PASSWORD})

    assert anonymous.session["_auth_user_id"] == str(user.pk)
    assert str(User.objects.get()) == stored


@pytest.mark.parametrize(("stored", "typed"), SPELLINGS)
def test_no_door_makes_a_second_person_of_the_name(
    client: Client, monkeypatch: pytest.MonkeyPatch, stored: str, typed: str
) -> None:
    User.objects.create_user(stored, password=PASSWORD)
    boss = User.objects.create_superuser("boss", password=PASSWORD)
    passwords = {"password1": PASSWORD, "password2": PASSWORD}

    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create_user(typed)
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
    with pytest.raises(CommandError, match="already exists"):
        call_command("add_user", typed)
    _invitation, key = teams.invite(
        teams.create("Blue", by=Actor("test")), Role.VIEWER, by=Actor("test")
    )
    page = client.post(f"/invitations/{key}/", {"username": typed, **passwords})
    assertContains(page, "already exists", status_code=422)
    client.force_login(boss)
    added = {"username": typed, "usable_password": "true", **passwords}
    assertContains(client.post("/admin/people/user/add/", added), "already exists")
    joined = {"date_joined_0": "2026-01-01", "date_joined_1": "00:00:00", "is_active": "on"}
    url = f"/admin/people/user/{boss.pk}/change/"
    assertContains(client.post(url, {"username": typed, **joined}), "already exists")
    assert set(User.objects.values_list("username", flat=True)) == {stored, "boss"}


def test_ones_own_name_may_change_its_case(client: Client) -> None:
    boss = User.objects.create_superuser("boss", password=PASSWORD)
    client.force_login(boss)
    form = {"username": "Boss", "date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}
    flags = dict.fromkeys(("is_active", "is_staff", "is_superuser"), "on")
    client.post(f"/admin/people/user/{boss.pk}/change/", form | flags)

    assert User.objects.get().username == "Boss"
    assert User.objects.named("bOSS") == boss


def test_a_renamed_person_is_found_by_the_new_name_alone(person: User) -> None:
    person.username = "Ann"
    person.save(update_fields=["username"])

    assert User.objects.named("ANN") == person
    assert User.objects.named("person") is None


def test_a_command_finds_a_person_in_any_case(
    person: User, cloud: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(cloud.token))
    call_command("add_token", user="Person", label="Main", stdout=io.StringIO())

    assert Token.objects.get().owner == person


def test_guesses_at_one_account_count_together_however_it_is_spelled(
    anonymous: Client, person: User, settings: Settings
) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"login_failed": "3/h/key"}
    for name in ("person", "PERSON", "ｐerson"):
        anonymous.post("/accounts/login/", {"login": name, "password": "wrong"})

    page = anonymous.post("/accounts/login/", {"login": "peｒson", "password": PASSWORD})
    assertContains(page, "Too many failed login attempts")
