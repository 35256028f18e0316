from __future__ import annotations

import getpass
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from dashboard.audit.trail import COMMAND
from dashboard.people import policy
from dashboard.people.models import Team, User
from dashboard.tokens import lifecycle
from dashboard.tokens.forms import AddTokenForm
from dashboard.tokens.models import State
from dashboard.tokens.views.announcements import cloud_said


class Command(BaseCommand):
    help = "Stores an API token for a person, after asking the cloud about it. Reads it on stdin."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--user", required=True, help="whose it becomes: a user name")
        parser.add_argument("--team", help="whose people may read with it too: a team's address")
        parser.add_argument("--label", required=True, help="a name for it, unique for the person")

    def handle(self, *args: Any, user: str, label: str, team: str | None, **options: Any) -> None:
        owner = User.objects.named(user)
        if owner is None:
            raise CommandError(f"There is no user {user!r}.")
        given = {"label": label, "secret": _secret(), "team": _team(owner, team)}
        form = AddTokenForm(given, owner=owner, by=owner)
        if not form.is_valid():
            raise CommandError(_errors(form))
        try:
            token, verdict = lifecycle.add_token(owner, **form.cleaned_data, by=COMMAND)
        except lifecycle.LabelTaken:
            form.label_taken()
            raise CommandError(_errors(form)) from None
        if token is None:
            raise CommandError(f"Not saved. {cloud_said(verdict)}")
        if token.state == State.VALID:
            self.stdout.write(f"Stored {token} for {owner}; it works.")
        else:
            warning = f"Stored {token} for {owner}, {token.state}. {cloud_said(verdict)}"
            self.stdout.write(self.style.WARNING(warning))


def _team(owner: User, slug: str | None) -> Team | None:
    if slug is None:
        return None
    found = Team.objects.filter(slug=slug).first()
    if found is None or not policy.has_permission(owner, "team.add_token", found):
        raise CommandError(f"{owner} is in no team {slug!r} to which they may add a token.")
    return found


def _secret() -> str:
    # Never an argument: the list of processes shows those to everyone on the machine.
    return getpass.getpass("Token: ") if sys.stdin.isatty() else sys.stdin.read()


def _errors(form: AddTokenForm) -> str:
    return " ".join(
        f"{field}: {message}" for field, messages in form.errors.items() for message in messages
    )
