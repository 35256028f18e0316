from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import IntegrityError

from dashboard.provisioning import applying
from dashboard.provisioning.report import Report


class Command(BaseCommand):
    help = (
        "Brings teams, their members, tokens and display links to what a YAML file says: all of "
        "it, or nothing. What the file does not list is left alone."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="a YAML file, see docs/provisioning.md")
        parser.add_argument(
            "--dry-run", action="store_true", help="say what would change, and change nothing"
        )

    def handle(self, *args: Any, file: Path, dry_run: bool, **options: Any) -> None:
        try:
            report = applying.apply(file, dry_run=dry_run)
        except IntegrityError:
            raise CommandError("Someone changed the same things. Nothing was applied.") from None
        except OSError as error:
            said = f"A link_file cannot be written: {error.strerror}. Nothing was applied."
            raise CommandError(said) from None
        if report.problems:
            raise CommandError(_problems(file, report))
        for line in report.changes:
            self.stdout.write(line)
        for line in report.warnings:
            self.stderr.write(line)
        self.stdout.write(_summary(len(report.changes), dry_run=dry_run))


def _problems(file: Path, report: Report) -> str:
    found = sorted(report.problems, key=lambda problem: problem.line)
    lines = [f"{file}:{problem.line}: {problem.text}" for problem in found]
    return "\n".join([*lines, "Nothing was applied."])


def _summary(changes: int, *, dry_run: bool) -> str:
    if not changes:
        return "Nothing to change."
    return f"To change: {changes}. Nothing was changed." if dry_run else f"Changed: {changes}."
