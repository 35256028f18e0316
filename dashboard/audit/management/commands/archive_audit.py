from __future__ import annotations

from argparse import ArgumentTypeError
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from dashboard.audit import archive, triggers
from dashboard.audit.head_file import Head


class Command(BaseCommand):
    help = (
        "Moves the oldest entries of the audit log to a file, which `verify_audit FILE` verifies. "
        "They are removed once the file is whole, by the owner of the tables alone."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--before",
            type=_day,
            required=True,
            metavar="DATE",
            help="move what is from before this day (UTC), such as 2026-01-31",
        )
        parser.add_argument("file", type=Path, metavar="FILE", help="a new file, as JSON lines")

    def handle(self, *args: Any, before: datetime, file: Path, **options: Any) -> None:
        if not triggers.can_be_lifted(connection):
            raise CommandError(
                "Only the owner of the tables may remove entries: sign in to the database as it, "
                "as `manage.py prepare` does."
            )
        call_command("verify_audit", stdout=self.stdout)
        until = archive.last_before(before)
        if until is None or not _write(file, until):
            self.stdout.write("Nothing is as old as that.")
            return
        removed = archive.remove(until, file.name)
        self.stdout.write(f"{removed} entries moved to {file}.")


def _write(file: Path, until: Head) -> bool:
    """Return whether there was something to write, which can be read as it was written."""
    try:
        written = archive.write(file, until)
        if written:
            archive.verify(file)
    except FileExistsError:
        raise CommandError(f"{file} is there already. Nothing was written or removed.") from None
    except OSError as error:
        raise CommandError(f"{file}: {error.strerror}. Nothing was removed.") from None
    except archive.Damaged as reason:
        raise CommandError(
            f"{file} was not read as written: {reason} Nothing was removed."
        ) from None
    return written


def _day(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not a day such as 2026-01-31") from None
