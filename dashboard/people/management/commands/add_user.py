from __future__ import annotations

import getpass
import sys
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from dashboard.audit import trail
from dashboard.audit.models import Action
from dashboard.audit.trail import COMMAND
from dashboard.people.models import User


class Command(BaseCommand):
    help = "Makes an account that can sign in. Reads the password on stdin."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="the user name")
        parser.add_argument("--admin", action="store_true", help="may use the administration")

    def handle(self, *args: Any, name: str, admin: bool, **options: Any) -> None:
        user = User(username=name, is_staff=admin, is_superuser=admin)
        password = _password()
        try:
            user.full_clean(exclude=["password"])
            validate_password(password, user)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        user.set_password(password)
        user.save()
        trail.record(COMMAND, Action.ACCOUNT_MAKE, subject=f"{user}", owner=user)
        self.stdout.write(f"Created {'administrator' if admin else 'user'} {user}.")


def _password() -> str:
    if sys.stdin.isatty():
        return getpass.getpass("Password: ")
    return sys.stdin.readline().rstrip("\r\n")
