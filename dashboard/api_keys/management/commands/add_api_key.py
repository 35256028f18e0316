from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from dashboard.api_keys import keys
from dashboard.api_keys.forms import PERIODS, ApiKeyForm
from dashboard.audit.trail import COMMAND
from dashboard.people import policy
from dashboard.people.models import Team, User


class Command(BaseCommand):
    help = "Makes an API key for a person's scripts and prints it, once, and nothing else."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--user", required=True, help="whose it becomes: a user name")
        parser.add_argument("--label", required=True, help="what will use it")
        parser.add_argument("--team", help="what it reads: a team's address; else all they may")
        days = [days for days, _title in PERIODS]
        parser.add_argument("--days", type=int, choices=days, default=90, help="how long it works")

    def handle(
        self, *args: Any, user: str, label: str, team: str | None, days: int, **options: Any
    ) -> None:
        owner = User.objects.named(user)
        if owner is None:
            raise CommandError(f"There is no user {user!r}.")
        if not policy.has_permission(owner, "keys.keep"):
            raise CommandError(f"{owner} may not have API keys.")
        given = {"label": label, "scope": _scope(owner, team), "days": days}
        form = ApiKeyForm(given, owner=owner)
        if not form.is_valid():
            raise CommandError(
                " ".join(f"{each}" for said in form.errors.values() for each in said)
            )
        _key, secret = keys.make(owner, form.cleaned_data["label"], **form.said(), by=COMMAND)
        self.stdout.write(secret)


def _scope(owner: User, slug: str | None) -> str:
    if slug is None:
        return ""
    found = Team.objects.filter(slug=slug).first()
    if found is None or not policy.has_permission(owner, "team.view", found):
        raise CommandError(f"{owner} is in no team {slug!r}.")
    return f"team:{found.pk}"
