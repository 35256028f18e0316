"""The settings of databases and caches: files in VAR_DIR, or servers that the environment names."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from django.core.exceptions import ImproperlyConfigured

from dashboard import environment

SQLITE_OPTIONS = {
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
}
# For the cache's file. Doing without is better than waiting for it, and what is stored in the file
# as code, such as triggers, is not trusted.
CACHE_OPTIONS = {
    **SQLITE_OPTIONS,
    "init_command": f"{SQLITE_OPTIONS['init_command']} PRAGMA trusted_schema=OFF;",
    "timeout": 2,
}
# Django's names of connection settings -> PostgreSQL's.
POSTGRESQL = {
    "NAME": "dbname",
    **{name.upper(): name for name in ("user", "password", "host", "port")},
}
# For each process: connections for each of gunicorn's threads, and for background work.
POOL = {"min_size": 1, "max_size": 20, "timeout": 5}
PATIENCE = {"socket_connect_timeout": 1, "socket_timeout": 2, "retry": None}
# The default of 300 would throw locks out with old entries.
TABLE = {"BACKEND": "dashboard.caching.backends.Database", "OPTIONS": {"MAX_ENTRIES": 100_000}}


def databases(var: Path) -> dict[str, dict[str, Any]]:
    """Return DATABASES: `default` for data and, without a cache server, `cache` for the caches."""
    found = {"default": _database(var)}
    if not environment.text("CACHE_URL"):
        found["cache"] = _sqlite(var / "cache.sqlite3", CACHE_OPTIONS)
    return found


def _database(var: Path) -> dict[str, Any]:
    url = environment.text("DATABASE_URL")
    if not url:
        return _sqlite(var / "db.sqlite3", SQLITE_OPTIONS)
    address, _, query = url.partition("?")
    scheme, _, path = address.partition("://")
    if scheme in ("postgres", "postgresql"):
        return _postgresql(address, dict(parse_qsl(query)))
    if scheme != "sqlite" or not path.removeprefix("/"):
        raise ImproperlyConfigured(
            "DATABASE_URL: not a database address such as postgres://… or sqlite:///…"
        )
    if query:
        raise ImproperlyConfigured("DATABASE_URL: what is like pool=true is for PostgreSQL alone")
    return _sqlite(Path(unquote(path.removeprefix("/"))), SQLITE_OPTIONS)


def _postgresql(address: str, options: dict[str, str]) -> dict[str, Any]:
    """Return a database that has in OPTIONS what libpq reads in the address.

    `pool` and `pgbouncer` are this dashboard's own options. Behind a pgbouncer that pools
    transactions a cursor on the server's side would be gone with its transaction.
    """
    from psycopg import ProgrammingError, conninfo  # Only where it is the database.

    pool, pgbouncer = (_flag(options, name) for name in ("pool", "pgbouncer"))
    try:
        found = conninfo.conninfo_to_dict(conninfo.make_conninfo(address, **options))
    except ProgrammingError:
        raise ImproperlyConfigured("DATABASE_URL: not a database address") from None
    return {
        "ENGINE": "django.db.backends.postgresql",
        **{ours: str(found.pop(theirs, "")) for ours, theirs in POSTGRESQL.items()},
        "OPTIONS": {**found, "pool": POOL} if pool else found,
        # To the pool a connection goes back after each request.
        "CONN_MAX_AGE": 0 if pool else None,
        "DISABLE_SERVER_SIDE_CURSORS": pgbouncer,
        "CONN_HEALTH_CHECKS": True,
    }


def _flag(options: dict[str, str], name: str) -> bool:
    value = options.pop(name, "false")
    if value not in ("true", "false"):
        raise ImproperlyConfigured(f"DATABASE_URL: {name} is neither true nor false")
    return value == "true"


def _sqlite(path: Path, options: dict[str, Any]) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": environment.private_file(path),
        "OPTIONS": dict(options),
        "CONN_MAX_AGE": None,
        # Threads of one test process share a file database; they could not share a memory one.
        # Two test runs at once do not share theirs.
        "TEST": {"NAME": path.with_suffix(f".test-{os.getpid()}.sqlite3")},
    }


def caches() -> dict[str, dict[str, Any]]:
    """Return CACHES.

    `default` holds throttles and locks, which must not be lost; `lists` holds what was read from
    the cloud, which is large and can be read again.
    """
    url = _redis_address("CACHE_URL", environment.text("CACHE_URL"))
    lists = _redis_address("CACHE_LISTS_URL", environment.text("CACHE_LISTS_URL"))
    if not url:
        if lists:
            raise ImproperlyConfigured("CACHE_LISTS_URL: without CACHE_URL both are in a file")
        of_default, of_lists = ({**TABLE, "LOCATION": table} for table in ("cache", "lists"))
    else:
        of_default, of_lists = (
            {
                "BACKEND": "dashboard.caching.backends.Redis",
                "LOCATION": address,
                "OPTIONS": dict(PATIENCE),
            }
            for address in (url, lists or _next_number(url))
        )
    return {"default": of_default, "lists": {**of_lists, "DATED": False}}


def _redis_address(name: str, text: str) -> str:
    url = text.replace("valkey", "redis", 1) if text.startswith("valkey") else text
    if url and urlsplit(url).scheme not in ("redis", "rediss", "unix"):
        raise ImproperlyConfigured(f"{name}: not a redis://, rediss:// or valkey:// address")
    return url


def _next_number(url: str) -> str:
    """Return the address of the database after this one on the same server.

    The number of a database is the path, or `db` in the query. With a Unix socket it is always in
    the query, because the path is the socket's.
    """
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    in_query = parts.scheme == "unix" or "db" in query
    number = (query.get("db") if in_query else parts.path.strip("/")) or "0"
    if not number.isdecimal():
        raise ImproperlyConfigured("CACHE_URL: its database is not a number")
    following = str(int(number) + 1)
    if in_query:
        return f"{url.partition('?')[0]}?{urlencode({**query, 'db': following})}"
    return parts._replace(path=f"/{following}").geturl()
