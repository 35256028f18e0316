"""The command `manage.py prepare`: bring the database up to date and make the caches' tables.

It is safe to repeat, and to run on several machines at once.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection

from dashboard import environment

# An arbitrary number, which must be the same in every version.
LOCK = 5_717_430_113


class Command(BaseCommand):
    help = "Bring the database up to date and make the caches' tables."

    def handle(self, *args: Any, **options: Any) -> None:
        with alone():
            call_command("migrate", verbosity=0)
            if "cache" in settings.DATABASES:
                call_command("createcachetable", database="cache", verbosity=0)


@contextmanager
def alone() -> Iterator[None]:
    """Run the block in one process at a time; the lock ends with its process, however that ends."""
    if connection.vendor != "postgresql":
        with environment.private_file(settings.VAR_DIR / "prepare.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
