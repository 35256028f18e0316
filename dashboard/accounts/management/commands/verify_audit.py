from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from dashboard.accounts import audit


class Command(BaseCommand):
    help = (
        "Verifies that no entry of the audit log was changed, taken out or put in later. Note the "
        "digest that it prints somewhere else, and give it with --since next time: entries that "
        "were cut off the end show only so."
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--since", metavar="DIGEST", help="what an earlier run printed")

    def handle(self, *args: Any, since: str | None, **options: Any) -> None:
        found = audit.verify()
        if found.broken:
            raise CommandError(
                f"Entry {found.broken.pk} ({found.broken}) does not follow from the one before it: "
                "it was changed, or what stood before it is gone. "
                f"The {found.count} before it are good."
            )
        if since and not audit.holds(since):
            raise CommandError(f"The entry with the digest {since} is gone.")
        self.stdout.write(f"{found.count} entries, whole. Digest: {found.head}")
