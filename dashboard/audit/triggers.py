"""Database triggers that refuse to change or remove audit entries, whoever asks.

Only the owner of the table can lift them, as `archive` does while it removes what is in a file;
`manage.py prepare` restores those that are missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

TABLE = "audit_auditentry"

# Triggers by name. ENABLE ALWAYS makes PostgreSQL fire it whatever the session's replication role.
POSTGRESQL = {
    "audit_only_grows": f"""
        CREATE OR REPLACE FUNCTION audit_only_grows() RETURNS trigger
            LANGUAGE plpgsql AS $$
            BEGIN
                RAISE EXCEPTION 'The audit log only grows.';
            END $$;
        DROP TRIGGER IF EXISTS audit_only_grows ON {TABLE};
        CREATE TRIGGER audit_only_grows
            BEFORE UPDATE OR DELETE OR TRUNCATE ON {TABLE}
            FOR EACH STATEMENT EXECUTE FUNCTION audit_only_grows();
        ALTER TABLE {TABLE} ENABLE ALWAYS TRIGGER audit_only_grows;
    """
}
REFUSE = "BEGIN SELECT RAISE(ABORT, 'The audit log only grows.'); END"
SQLITE = {
    "audit_no_update": f"BEFORE UPDATE ON {TABLE} {REFUSE}",
    "audit_no_delete": f"BEFORE DELETE ON {TABLE} {REFUSE}",
    # INSERT OR REPLACE removes rows without asking the trigger above.
    "audit_no_replace": f"""
        BEFORE INSERT ON {TABLE}
        WHEN EXISTS (SELECT 1 FROM {TABLE} WHERE id = NEW.id OR digest = NEW.digest) {REFUSE}
    """,  # noqa: S608  (our name)
}
SQLITE = {name: f"CREATE TRIGGER IF NOT EXISTS {name} {then}" for name, then in SQLITE.items()}
BY_VENDOR = {"postgresql": POSTGRESQL, "sqlite": SQLITE}
THERE = {
    "postgresql": f"SELECT tgname FROM pg_trigger WHERE tgrelid = '{TABLE}'::regclass"  # noqa: S608
    " AND tgenabled = 'A'",
    "sqlite": f"SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = '{TABLE}'",  # noqa: S608
}
# What lets entries be removed, and what puts an end to that. In between, PostgreSQL has nobody else
# write to the table; SQLite has one writer anyway.
LIFT = {
    "postgresql": f"ALTER TABLE {TABLE} DISABLE TRIGGER audit_only_grows",
    "sqlite": "DROP TRIGGER IF EXISTS audit_no_delete",
}
PUT_BACK = {
    "postgresql": f"ALTER TABLE {TABLE} ENABLE ALWAYS TRIGGER audit_only_grows",
    "sqlite": SQLITE["audit_no_delete"],
}
OWNED = f"""
    SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = '{TABLE}'::regclass
"""  # noqa: S608


def missing(connection: BaseDatabaseWrapper) -> list[str]:
    """Return the names of the triggers that are missing or disabled."""
    with connection.cursor() as cursor:
        cursor.execute(THERE[connection.vendor])
        there = {name for (name,) in cursor.fetchall()}
    return [name for name in BY_VENDOR[connection.vendor] if name not in there]


def ensure(using: str, **kwargs: Any) -> None:
    """Create the missing triggers; called after every migration of the database `using`."""
    connection = connections[using]
    if TABLE not in connection.introspection.table_names():
        return
    for name in missing(connection):
        with connection.cursor() as cursor:
            cursor.execute(BY_VENDOR[connection.vendor][name])


def can_be_lifted(connection: BaseDatabaseWrapper) -> bool:
    """Return whether this role of the database owns the table."""
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute(OWNED)
        [(owned,)] = cursor.fetchall()
    return bool(owned)


@contextmanager
def lifted(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Let the block remove entries.

    It has to be in a transaction, so that the triggers are there again however it ends.
    """
    with connection.cursor() as cursor:
        cursor.execute(LIFT[connection.vendor])
        yield
        cursor.execute(PUT_BACK[connection.vendor])
