from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from django.core.management import CommandError, call_command

from dashboard.audit.trail import Actor
from dashboard.people import teams
from dashboard.people.models import User
from dashboard.tokens import vault
from dashboard.tokens.models import State, Token
from images.sandbox import Fault, Sandbox

pytestmark = [pytest.mark.backend, pytest.mark.django_db(databases="__all__")]


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What stands on standard input."""
    stdin = io.StringIO()
    monkeypatch.setattr("sys.stdin", stdin)
    return stdin


def add(
    typed: io.StringIO,
    secret: str,
    user: str = "person",
    label: str = "Main",
    team: str | None = None,
) -> str:
    typed.write(secret)
    typed.seek(0)
    out = io.StringIO()
    call_command("add_token", user=user, label=label, team=team, stdout=out, no_color=True)
    return out.getvalue()


def test_a_token_that_works_is_stored(typed: io.StringIO, cloud: Sandbox, person: User) -> None:
    said = add(typed, f"{cloud.token}\n")

    assert said == f"Stored Main ····{cloud.token[-4:]} for person; it works.\n"
    token = Token.objects.get(owner=person)
    assert vault.unseal(token.sealed, token.pk) == cloud.token


def test_a_refused_token_is_not_stored(typed: io.StringIO, cloud: Sandbox, person: User) -> None:
    with pytest.raises(CommandError, match=r"Not saved\. The cloud does not accept") as caught:
        add(typed, "f" * 64)

    assert caught.value.returncode == 1
    assert "f" * 64 not in str(caught.value)
    assert not Token.objects.exists()


def test_when_the_cloud_is_away_it_is_stored_with_a_warning(
    typed: io.StringIO, cloud: Sandbox, person: User
) -> None:
    cloud.misbehave(Fault("html"))

    assert "unverified" in add(typed, cloud.token)
    assert Token.objects.get().state == State.UNVERIFIED


def test_a_team_gets_it(typed: io.StringIO, cloud: Sandbox, person: User) -> None:
    blue = teams.create("Blue", by=Actor("test"))
    teams.set_role(blue, person, "viewer", by=Actor("test"))

    add(typed, cloud.token, team="blue")
    assert Token.objects.get().team == blue


@pytest.mark.parametrize("slug", ["blue", "red", "nowhere"])
def test_a_team_the_person_may_add_none_to(
    typed: io.StringIO, cloud: Sandbox, person: User, slug: str
) -> None:
    """A console in it, not in it, or there is none."""
    blue = teams.create("Blue", by=Actor("test"))
    teams.set_role(blue, person, "console", by=Actor("test"))
    teams.create("Red", by=Actor("test"))

    with pytest.raises(CommandError, match=f"is in no team '{slug}' to which they may add"):
        add(typed, cloud.token, team=slug)
    assert not cloud.calls


def test_an_unknown_person(typed: io.StringIO, cloud: Sandbox) -> None:
    with pytest.raises(CommandError, match="no user 'nobody'"):
        add(typed, cloud.token, user="nobody")


def test_a_label_that_is_taken(
    typed: io.StringIO, cloud: Sandbox, person: User, keep: Callable[..., Token]
) -> None:
    keep(person, cloud.token)

    with pytest.raises(CommandError, match="label: A token with this label already exists"):
        add(typed, cloud.other_token)


@pytest.mark.parametrize("secret", ["", "\n", "two words", "two\nlines"])
def test_what_cannot_be_a_token(
    typed: io.StringIO, cloud: Sandbox, person: User, secret: str
) -> None:
    with pytest.raises(CommandError, match=r"^secret: "):
        add(typed, secret)
    assert not cloud.calls
