from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from dashboard.audit import archive, head_file, trail, triggers
from dashboard.audit.head_file import Head
from dashboard.audit.models import Action


class Command(BaseCommand):
    help = (
        "Verifies that no entry of the audit log was changed, removed, moved or forged, and that "
        "none is missing at its end: what this machine has seen there is kept in VAR_DIR. Run it "
        "on every machine; each knows what it wrote itself, and what it verified. With files that "
        "archive_audit wrote, it verifies those."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "files",
            nargs="*",
            type=Path,
            metavar="FILE",
            help="archives of the log, oldest first: each has to follow the one before it",
        )
        parser.add_argument(
            "--since",
            type=_head,
            metavar="NUMBER:DIGEST",
            help="an entry that must be there: what an earlier run or the log of events said",
        )
        parser.add_argument(
            "--accept",
            action="store_true",
            help="take a log that is shorter for what it is, after a backup was restored; this is "
            "written to the audit log",
        )

    def handle(
        self, *args: Any, files: Sequence[Path], since: Head | None, accept: bool, **options: Any
    ) -> None:
        if files:
            self._verify_files(files)
            return
        # Read before the entries, so that one added meanwhile does not count as missing.
        kept = None if accept else _kept()
        found = trail.verify()
        if found.broken:
            raise CommandError(
                f"Entry {found.broken.pk} ({found.broken}) does not follow from the one before it: "
                "it was changed or forged, what stood before it is gone, or AUDIT_KEYS lacks its "
                f"key. The {found.count} before it are good."
            )
        for known, who in ((kept, "this machine has seen"), (since, "--since names")):
            if known and not trail.contains(known):
                raise CommandError(_missing(found.head, known, who))
        if since and since.number < found.after.number:
            self.stdout.write(
                f"Entry {since.number}, which --since names, is archived: verify its file."
            )
        if accept:
            found = self._accept(found)
        head_file.keep(found.head, trail.contains)
        if triggers.missing(connection):
            raise CommandError(
                f"{found.count} entries, whole. But the database would let them be changed: "
                "its triggers are gone. `manage.py prepare` puts them back."
            )
        if not kept and not accept and found.count:
            self.stdout.write(
                "This machine keeps the head of the log from now on; whether the end was cut off "
                "before, it cannot tell."
            )
        archived = found.after.number
        more = f" after the {archived} that are archived" if archived else ""
        self.stdout.write(f"{found.count} entries, whole{more}. Head: {found.head}")

    def _verify_files(self, files: Sequence[Path]) -> None:
        before: Head | None = None
        for file in files:
            try:
                found = archive.verify(file)
            except OSError as error:
                raise CommandError(f"{file}: {error.strerror}.") from None
            except archive.Damaged as reason:
                raise CommandError(f"{file}: {reason}") from None
            if before and found.after != before:
                raise CommandError(
                    f"{file} follows entry {found.after}, and the file before ends with {before}."
                )
            before = found.head
            first, last = found.after.number + 1, found.head.number
            self.stdout.write(f"{file}: entries {first} to {last}, whole.")

    def _accept(self, found: trail.Verified) -> trail.Verified:
        try:
            before = str(head_file.kept() or head_file.START)
        except head_file.Unreadable:
            before = "unreadable"
        head_file.replace(found.head)
        subject = f"{before} → {found.head}"
        trail.record(trail.COMMAND, Action.AUDIT_ACCEPT, subject=subject)
        return replace(found, head=trail.last())


def _head(text: str) -> Head:
    try:
        return head_file.read(text)
    except head_file.Unreadable:
        raise ArgumentTypeError(f"{text!r} is not a number, a colon and a digest") from None


def _kept() -> Head | None:
    try:
        return head_file.kept()
    except head_file.Unreadable:
        raise CommandError(
            f"{head_file.path()} is damaged: it does not say how far the audit log had come."
        ) from None


def _missing(head: Head, known: Head, who: str) -> str:
    if head.number < known.number:
        count = known.number - head.number
        return (
            f"{count} {'entry is' if count == 1 else 'entries are'} missing at the end: {who} "
            f"entry {known.number}, the log ends with {head.number}. The rest is good."
        )
    return (
        f"Entry {known.number} is not the one that {who}: the log was cut off before it, and has "
        "been continued since."
    )
