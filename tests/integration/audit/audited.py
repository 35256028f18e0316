"""An audit log to be tampered with, by someone who can do everything in the database but has no key
and no way to this machine's files."""

# ruff: noqa: S608  (our own table)

from __future__ import annotations

from collections.abc import Callable, Sequence
from io import StringIO
from typing import Any

from django.core.management import call_command
from django.db import connection

from dashboard.audit import triggers
from dashboard.audit.models import AuditEntry
from dashboard.audit.triggers import TABLE

COLUMNS = [str(field.column) for field in AuditEntry._meta.concrete_fields]
OTHERS = [column for column in COLUMNS if column != "id"]
Row = dict[str, Any]


def verify(*arguments: str) -> str:
    out = StringIO()
    call_command("verify_audit", *arguments, stdout=out)
    return out.getvalue()


def sql(statement: str, values: Sequence[Any] = ()) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def rows() -> list[Row]:
    """Everything that the log's table holds, as the database hands it out."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(COLUMNS)} FROM {TABLE} ORDER BY id")
        return [dict(zip(COLUMNS, row, strict=True)) for row in cursor.fetchall()]


def put(row: Row) -> None:
    marks = ", ".join(["%s"] * len(COLUMNS))
    sql(f"INSERT INTO {TABLE} ({', '.join(COLUMNS)}) VALUES ({marks})", [*row.values()])


def change(number: int, **values: Any) -> None:
    set_to = ", ".join(f"{column} = %s" for column in values)
    sql(f"UPDATE {TABLE} SET {set_to} WHERE id = %s", [*values.values(), number])


def remove(number: int) -> None:
    sql(f"DELETE FROM {TABLE} WHERE id = %s", [number])


def put_back(older: list[Row]) -> None:
    """The table as it was: what a backup does."""
    empty()
    for row in older:
        put(row)


def empty() -> None:
    sql(f"DELETE FROM {TABLE}")


def truncate() -> None:
    """SQLite has no other word for it."""
    sql(
        f"TRUNCATE {TABLE} CASCADE" if connection.vendor == "postgresql" else f"DELETE FROM {TABLE}"
    )


def swap(one: int, other: int) -> None:
    """All that two entries hold, but for their numbers."""
    by_number = {row["id"]: row for row in rows()}
    first, second = by_number[one], by_number[other]
    change(one, digest="-")
    for number, row in ((other, first), (one, second)):
        change(number, **{column: row[column] for column in OTHERS})


def lift_the_triggers() -> None:
    on = f" ON {TABLE}" if connection.vendor == "postgresql" else ""
    for name in triggers.BY_VENDOR[connection.vendor]:
        sql(f"DROP TRIGGER IF EXISTS {name}{on}")


def other(value: Any) -> Any:
    """Another value that the same column takes."""
    if value is None:
        return 7
    if isinstance(value, str):
        return value[:-1] if value else "x"
    if isinstance(value, int):
        return value + 1
    return value.replace(microsecond=500_000)


Tampering = Callable[[], None]
