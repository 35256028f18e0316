"""A database of an earlier release, to be upgraded: on SQLite, or beside it on PostgreSQL."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.dashboards import ROOT, backends

Manage = Callable[..., str]


@contextmanager
def database_at(migration: str, var: Path) -> Iterator[Manage]:
    """Gives manage.py for it: what it said, errors first."""
    with backends() as addresses:
        environment = os.environ | addresses | {"VAR_DIR": str(var)}

        def manage(*arguments: str) -> str:
            command = [sys.executable, "manage.py", *arguments]
            done = subprocess.run(
                command, env=environment, cwd=ROOT, capture_output=True, text=True
            )
            return done.stderr + done.stdout

        manage("migrate", "accounts", migration, "-v0")
        yield manage


def insert(table: str, **values: object) -> str:
    """Python that does so, for `manage.py shell -c`; for columns that the models no longer know."""
    columns, marks = ", ".join(values), ", ".join(["%s"] * len(values))
    sql = f"INSERT INTO {table} ({columns}) VALUES ({marks})"  # noqa: S608
    given = list(values.values())
    return f"from django.db import connection as c; c.cursor().execute({sql!r}, {given!r})\n"


def person(name: str, **more: object) -> str:
    texts = dict.fromkeys(("password", "first_name", "last_name", "email", "looks"), "")
    flags = {"is_superuser": False, "is_staff": False, "is_active": True}
    joined = "2026-01-01 00:00:00+00"
    return insert("accounts_user", username=name, date_joined=joined, **texts, **flags, **more)
