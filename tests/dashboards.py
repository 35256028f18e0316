"""Dashboards for tests: each with a database and a cache of its own, one person and their token.

They stand on SQLite, or, where `DATABASE_URL` and `CACHE_URL` are set for the tests, on databases
of that PostgreSQL and that Redis. What all begin with is made once and then copied.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
import redis
from psycopg.sql import SQL, Identifier

ROOT = Path(__file__).resolve().parent.parent
USER, PASSWORD = "ann", "correct horse battery"
ADDRESSES = ("DATABASE_URL", "CACHE_URL", "CACHE_LISTS_URL")
ON_SERVERS = bool(os.environ.get("DATABASE_URL"))
TAKEN = "taken-by-tests:"
TAKEN_SECONDS = 3600
# Many commands in one process: most of the time of one goes into importing the site.
COMMANDS = """
import io, json, sys
import django
from django.core.management import call_command
commands = json.load(sys.stdin)
django.setup()
for arguments, given in commands:
    sys.stdin = io.StringIO(given)
    call_command(*arguments)
"""

_made: dict[str, dict[str, str]] = {}
_ending = ExitStack()


@contextmanager
def dashboard(cloud_url: str, token: str, var: Path) -> Iterator[dict[str, str]]:
    """The environment of a dashboard that nobody serves yet, with its files in the folder `var`."""
    if token not in _made:
        _made[token] = _ending.enter_context(_first(cloud_url, token))
    made = _made[token]
    shutil.copytree(made["VAR_DIR"], var, dirs_exist_ok=True)
    with backends(like=made.get("DATABASE_URL", "")) as addresses:
        yield os.environ | addresses | {"VAR_DIR": str(var), "DIDIYUN_API_URL": cloud_url}


def close() -> None:
    """Take away what the copies were made from."""
    _made.clear()
    _ending.close()


@contextmanager
def _first(cloud_url: str, token: str) -> Iterator[dict[str, str]]:
    with tempfile.TemporaryDirectory() as var, backends() as addresses:
        own = addresses | {"VAR_DIR": var, "DIDIYUN_API_URL": cloud_url}
        commands = (
            (("prepare",), ""),
            (("add_user", USER), PASSWORD),
            (("add_token", "--user", USER, "--label", "Main"), token),
        )
        manage(os.environ | own, *commands)
        yield own


def manage(environment: dict[str, str], *commands: tuple[tuple[str, ...], str]) -> str:
    """Commands of manage.py with what each reads on stdin; what they print."""
    done = subprocess.run(
        [sys.executable, "-c", COMMANDS],
        input=json.dumps(commands),
        env={"DJANGO_SETTINGS_MODULE": "dashboard.settings"} | environment,
        cwd=ROOT,
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def backends(like: str = "") -> Iterator[dict[str, str]]:
    """The variables of an empty database, or one `like` that at an address, and of empty caches.
    None of them where files do."""
    if not ON_SERVERS:
        yield {}
        return
    server, _slash, _name = os.environ["DATABASE_URL"].rpartition("/")
    model = like.rpartition("/")[2] or "template1"
    with _database(server, model) as database, redis_number() as cache, redis_number() as lists:
        yield {"DATABASE_URL": database, "CACHE_URL": cache, "CACHE_LISTS_URL": lists}


@contextmanager
def _database(server: str, model: str) -> Iterator[str]:
    name = f"dashboard_{uuid.uuid4().hex}"
    create = SQL("CREATE DATABASE {} TEMPLATE {}").format(Identifier(name), Identifier(model))
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(create)
    try:
        yield f"{server}/{name}"
    finally:
        with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
            connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


def numbers(server: str) -> range:
    """Those of Redis's databases that tests may have; the first is somebody's."""
    with redis.Redis.from_url(server) as asked:
        return range(int(asked.config_get("databases")["databases"]) - 1, 0, -1)


@contextmanager
def redis_number() -> Iterator[str]:
    """The address of a number of Redis that is nobody else's for as long, and empty. Who has which
    is noted in the first one: tests empty their own."""
    server = os.environ["CACHE_URL"].rpartition("/")[0]
    with redis.Redis.from_url(f"{server}/0") as first:
        number = next((each for each in numbers(server) if _take(first, each)), None)
        assert number, f"every database of {server} is in use"
        with redis.Redis.from_url(f"{server}/{number}") as numbered:
            numbered.flushdb()
            try:
                yield f"{server}/{number}"
            finally:
                numbered.flushdb()
                first.delete(f"{TAKEN}{number}")


def _take(first: redis.Redis, number: int) -> bool:
    """Whether it is ours now: nobody had it, or whoever had it was killed."""
    name = f"{TAKEN}{number}"
    if first.set(name, os.getpid(), nx=True, ex=TAKEN_SECONDS):
        return True
    holder = first.get(name)
    if not isinstance(holder, bytes) or Path("/proc", holder.decode()).exists():
        return False
    return bool(first.set(name, os.getpid(), ex=TAKEN_SECONDS))


def kept(environment: dict[str, str]) -> Iterator[bytes]:
    """Everything that a dashboard has written: files, tables, cache."""
    for path in Path(environment["VAR_DIR"]).rglob("*"):
        if path.is_file():
            yield path.read_bytes()
    if environment.get("DATABASE_URL"):
        with psycopg.connect(environment["DATABASE_URL"]) as connection:
            for (table,) in connection.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            ).fetchall():
                copy = SQL("COPY {} TO STDOUT").format(Identifier(table))
                with connection.cursor().copy(copy) as rows:
                    yield from (bytes(row) for row in rows)
        for name in ("CACHE_URL", "CACHE_LISTS_URL"):
            with redis.Redis.from_url(environment[name]) as cache:
                for key in cache.scan_iter():
                    yield key
                    yield cache.get(key) or b""
