from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command

from dashboard.audit.models import AuditEntry
from dashboard.people.models import Membership, Team, User

pytestmark = [pytest.mark.backend, pytest.mark.django_db(databases="__all__")]


def add(*arguments: str) -> str:
    out = io.StringIO()
    call_command("add_team", *arguments, stdout=out)
    return out.getvalue()


def test_a_team_is_made_with_its_admin(person: User) -> None:
    said = add("  Duty  team ", "--admin", "Person")

    assert said == "Created team Duty team, with the address duty-team. Its admin is person.\n"
    assert Membership.objects.get(team__slug="duty-team", user=person).role == "admin"
    noted = AuditEntry.objects.order_by("id").values_list("actor", "action")
    command = "manage.py (command)"
    assert list(noted) == [(command, "team.create"), (command, "member.add")]


def test_a_team_without_people() -> None:
    assert add("Duty") == "Created team Duty, with the address duty.\n"
    assert not Membership.objects.exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("Duty", "--admin", "nobody"), "There is no user 'nobody'"),
        (("Blue",), "There is a team 'Blue' already, with the address blue"),
        (("",), "This field is required"),
        (("\u200b",), "Use at least one letter or digit"),
        (("x" * 81,), "at most 80 characters"),
    ],
)
def test_what_cannot_be_made_leaves_nothing_behind(arguments: tuple[str, ...], said: str) -> None:
    add("Blue")

    with pytest.raises(CommandError, match=said):
        add(*arguments)
    assert Team.objects.count() == 1
    assert AuditEntry.objects.count() == 1
