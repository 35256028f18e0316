from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from dashboard.audit.trail import COMMAND
from dashboard.people import teams
from dashboard.people.forms import TeamForm
from dashboard.people.models import Role, Team, User


class Command(BaseCommand):
    help = "Makes a team, with an admin if one is named."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="the team's name; its address is made from it")
        parser.add_argument("--admin", metavar="USER", help="who becomes its admin: a user name")

    def handle(self, *args: Any, name: str, admin: str | None, **options: Any) -> None:
        form = TeamForm({"name": name})
        if not form.is_valid():
            raise CommandError(" ".join(map(str, form.errors["name"])))
        name = form.cleaned_data["name"]
        # Pages show what there is before one is made; a script that runs twice sees nothing.
        there = Team.objects.filter(name=name).first()
        if there:
            raise CommandError(f"There is a team {name!r} already, with the address {there.slug}.")
        first = User.objects.named(admin) if admin is not None else None
        if admin is not None and first is None:
            raise CommandError(f"There is no user {admin!r}.")
        with transaction.atomic():
            team = teams.create(name, by=COMMAND)
            if first:
                teams.set_role(team, first, Role.ADMIN, by=COMMAND)
        led = f" Its admin is {first}." if first else ""
        self.stdout.write(f"Created team {team}, with the address {team.slug}.{led}")
