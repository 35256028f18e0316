from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command

from dashboard.people.models import User

pytestmark = [pytest.mark.backend, pytest.mark.django_db(databases="__all__")]

PASSWORD = "a sentence nobody guesses"


def add(monkeypatch: pytest.MonkeyPatch, name: str, *options: str, password: str = PASSWORD) -> str:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))
    out = io.StringIO()
    call_command("add_user", name, *options, stdout=out)
    return out.getvalue()


def test_a_user_is_made_with_the_password_given(monkeypatch: pytest.MonkeyPatch) -> None:
    assert add(monkeypatch, "new") == "Created user new.\n"

    user = User.objects.get()
    assert user.check_password(PASSWORD)
    assert not user.is_staff


def test_an_administrator(monkeypatch: pytest.MonkeyPatch) -> None:
    assert add(monkeypatch, "boss", "--admin") == "Created administrator boss.\n"

    user = User.objects.get()
    assert user.is_staff
    assert user.is_superuser


@pytest.mark.parametrize("password", ["", "short", "password123456", "person1234"])
def test_a_weak_password_is_refused(monkeypatch: pytest.MonkeyPatch, password: str) -> None:
    with pytest.raises(CommandError, match="password"):
        add(monkeypatch, "person", password=password)
    assert not User.objects.exists()


@pytest.mark.parametrize("name", ["", "person", "a b", "x" * 151])
def test_a_name_that_is_taken_or_none(
    monkeypatch: pytest.MonkeyPatch, person: User, name: str
) -> None:
    with pytest.raises(CommandError):
        add(monkeypatch, name)
    assert User.objects.get() == person
