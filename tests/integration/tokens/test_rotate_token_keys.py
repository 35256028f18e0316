from __future__ import annotations

import base64
import io
import secrets
from collections.abc import Callable

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from dashboard.people.models import User
from dashboard.tokens import vault
from dashboard.tokens.management.commands import rotate_token_keys
from dashboard.tokens.models import Token

pytestmark = [pytest.mark.backend, pytest.mark.django_db(databases="__all__")]


def key(kid: str) -> str:
    return f"{kid}:{base64.b64encode(secrets.token_bytes(32)).decode()}"


def rotate() -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command("rotate_token_keys", stdout=out, stderr=err, no_color=True)
    return out.getvalue(), err.getvalue()


def test_every_secret_is_sealed_under_the_new_key(
    person: User, keep: Callable[..., Token], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotate_token_keys, "BATCH", 2)
    old, new = key("old"), key("new")
    settings.TOKEN_KEYS = old
    tokens = [keep(person, str(number) * 64, f"{number}") for number in range(5)]

    settings.TOKEN_KEYS = f"{new},{old}"
    said, _ = rotate()
    assert "5 secrets seen, 5 encrypted again" in said
    assert "Every secret is under the first key." in said

    settings.TOKEN_KEYS = new
    for number, token in enumerate(tokens):
        token.refresh_from_db()
        assert vault.unseal(token.sealed, token.pk) == str(number) * 64


def test_again_it_changes_nothing(person: User, keep: Callable[..., Token]) -> None:
    token = keep(person, "0" * 64)

    assert "1 secrets seen, 0 encrypted again" in rotate()[0]
    assert Token.objects.get().sealed == token.sealed


def test_one_that_cannot_be_read_is_told_and_left(
    person: User, keep: Callable[..., Token], settings: Settings
) -> None:
    lost = keep(person, "0" * 64, "Lost")
    settings.TOKEN_KEYS = old = key("old")
    found = keep(person, "1" * 64, "Found")
    settings.TOKEN_KEYS = f"{key('new')},{old}"

    err = io.StringIO()
    with pytest.raises(CommandError, match="1 of 2 secrets cannot be read"):
        call_command("rotate_token_keys", stdout=io.StringIO(), stderr=err)
    assert str(lost.pk) in err.getvalue()
    assert Token.objects.get(pk=lost.pk).sealed == lost.sealed
    assert vault.is_current(Token.objects.get(pk=found.pk).sealed)


def test_with_no_tokens_there_is_nothing_to_do(db: None) -> None:
    assert rotate() == ("Every secret is under the first key.\n", "")
