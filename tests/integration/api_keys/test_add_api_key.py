from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from dashboard.api_keys.models import ApiKey
from dashboard.audit.models import AuditEntry
from dashboard.audit.trail import Actor
from dashboard.people import teams
from dashboard.people.models import User
from dashboard.tokens.models import Token

pytestmark = [pytest.mark.backend, pytest.mark.django_db(databases="__all__")]

BY = Actor("test")


def add(*arguments: str) -> str:
    out = io.StringIO()
    call_command("add_api_key", *arguments, stdout=out)
    return out.getvalue()


def test_the_key_alone_is_printed_and_opens_the_api(
    person: User, anonymous: Client, keep: Callable[..., Token]
) -> None:
    keep(person, "a" * 64)

    printed = add("--user", "person", "--label", "nightly")

    key = ApiKey.objects.get()
    assert printed.startswith(key.prefix)
    assert printed == f"{printed.strip()}\n"
    answer = anonymous.get("/api/v1/tokens", headers={"Authorization": f"Bearer {printed.strip()}"})
    assert [token["label"] for token in answer.json()["tokens"]] == ["Main"]
    [entry] = AuditEntry.objects.filter(action="key.make")
    assert entry.actor == "manage.py (command)"
    assert printed.strip() not in str(entry.__dict__)


def test_it_reads_only_the_team_that_is_named(person: User, keep: Callable[..., Token]) -> None:
    blue = teams.create("Blue", by=BY)
    teams.set_role(blue, person, "viewer", by=BY)
    keep(person, "a" * 64, team=blue)

    add("--user", "person", "--label", "blue", "--team", "blue", "--days", "7")

    assert ApiKey.objects.get().team == blue


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--user", "nobody", "--label", "x"), "There is no user 'nobody'"),
        (("--user", "person", "--label", " "), "This field is required"),
        (("--user", "person", "--label", "x", "--team", "red"), "person is in no team 'red'"),
        (("--user", "person", "--label", "x", "--days", "8"), "invalid choice"),
        (("--user", "duty", "--label", "x"), "duty may not have API keys"),
    ],
)
def test_what_is_refused_prints_no_key(
    person: User, stranger: User, arguments: tuple[str, ...], said: str
) -> None:
    User.objects.filter(pk=stranger.pk).update(username="duty", folded_name="duty")
    teams.set_role(teams.create("Red", by=BY), stranger, "console", by=BY)

    with pytest.raises(CommandError, match=said):
        add(*arguments)
    assert not ApiKey.objects.exists()
