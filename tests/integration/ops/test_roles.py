"""What serves pages signs in to PostgreSQL as a role that cannot touch the audit log."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from tests import dashboards
from tests.integration.conftest import PASSWORD

ROLES = Path(__file__).parents[3] / "deploy" / "postgres" / "roles.sql"
TABLE = "audit_auditentry"

pytestmark = [
    pytest.mark.backend,
    pytest.mark.skipif(
        not (dashboards.ON_SERVERS and shutil.which("psql")), reason="needs PostgreSQL and its psql"
    ),
]


@dataclass(frozen=True)
class Roles:
    """The addresses of one database for who owns its tables and for who serves pages."""

    owner: str
    application: str
    environment: dict[str, str]


@pytest.fixture(scope="module")
def roles(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Roles]:
    """Made as docs/deployment.md says, but for the names: others use this PostgreSQL too."""
    server = os.environ["DATABASE_URL"].rpartition("/")[0]
    host = server.rpartition("@")[2]
    name = f"dashboard_{secrets.token_hex(8)}"
    given = {"owner": f"{name}_owner", "role": name, "database": name}
    passwords = {"OWNER_PASSWORD": secrets.token_hex(8), "PASSWORD": secrets.token_hex(8)}
    options = [part for each, value in given.items() for part in ("--set", f"{each}={value}")]
    try:
        subprocess.run(
            ["psql", "--no-psqlrc", "--quiet", *options, "--file", ROLES, f"{server}/postgres"],
            env=os.environ | passwords,
            check=True,
        )
        owner = f"postgres://{name}_owner:{passwords['OWNER_PASSWORD']}@{host}/{name}"
        application = f"postgres://{name}:{passwords['PASSWORD']}@{host}/{name}"
        var = str(tmp_path_factory.mktemp("roles"))
        environment = os.environ | {"VAR_DIR": var} | dict.fromkeys(dashboards.ADDRESSES, "")
        dashboards.manage(environment | {"DATABASE_URL": owner}, (("prepare",), ""))
        environment |= {"DATABASE_URL": application}
        dashboards.manage(environment, (("add_user", "ann"), PASSWORD))
        yield Roles(owner, application, environment)
    finally:
        with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
            for statement in (
                "DROP DATABASE IF EXISTS {} WITH (FORCE)",
                "DROP ROLE IF EXISTS {}",
            ):
                connection.execute(SQL(statement).format(Identifier(name)))
            with suppress(psycopg.Error):
                connection.execute(SQL("DROP ROLE {}").format(Identifier(f"{name}_owner")))


def test_it_can_do_all_that_the_dashboard_does(roles: Roles) -> None:
    """Also prepare again, where there is nothing to be done."""
    said = dashboards.manage(roles.environment, (("prepare",), ""), (("verify_audit",), ""))
    assert "entries, whole." in said


def test_it_cannot_archive_the_audit_log_and_the_owner_can(roles: Roles, tmp_path: Path) -> None:
    archive = ("archive_audit", "--before", "2999-01-01", str(tmp_path / "file"))
    with pytest.raises(AssertionError, match="Only the owner of the tables"):
        dashboards.manage(roles.environment, (archive, ""))
    assert not (tmp_path / "file").exists()

    said = dashboards.manage(
        roles.environment | {"DATABASE_URL": roles.owner},
        (archive, ""),
        (("verify_audit", str(tmp_path / "file")), ""),
    )
    assert f"entries moved to {tmp_path / 'file'}" in said
    assert "entries 1 to " in said
    said = dashboards.manage(roles.environment, (("verify_audit",), ""))
    assert "1 entries, whole after the " in said


FORBIDDEN = (
    f"UPDATE {TABLE} SET actor = 'bob'",  # noqa: S608  (our own table)
    f"DELETE FROM {TABLE}",  # noqa: S608
    f"TRUNCATE {TABLE}",
    f"DROP TRIGGER audit_only_grows ON {TABLE}",
    f"ALTER TABLE {TABLE} DISABLE TRIGGER ALL",
    f"ALTER TABLE {TABLE} RENAME TO gone",
    f"DROP TABLE {TABLE} CASCADE",
    f"CREATE RULE nothing AS ON DELETE TO {TABLE} DO INSTEAD NOTHING",
    """
        CREATE OR REPLACE FUNCTION audit_only_grows() RETURNS trigger
        LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'
    """,
    "DROP FUNCTION audit_only_grows() CASCADE",
    "SET session_replication_role = replica",
    "CREATE TABLE mine (id int)",
)


@pytest.mark.parametrize("statement", FORBIDDEN, ids=lambda text: " ".join(text.split())[:40])
def test_it_cannot(roles: Roles, statement: str) -> None:
    refused = (psycopg.errors.InsufficientPrivilege, psycopg.errors.RaiseException)
    with psycopg.connect(roles.application) as connection, pytest.raises(refused):
        connection.execute(statement)
