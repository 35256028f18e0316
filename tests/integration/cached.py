"""What is in the caches as their backend keeps it, be that tables or a Redis."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from django.core.cache import caches
from django.db import connections

from tests.dashboards import ON_SERVERS

ALIASES = ("default", "lists")
PREFIX = ":1:"  # what Django puts before each name


def clear() -> None:
    """Take everything away."""
    for alias in ALIASES:
        caches[alias].clear()


def names(part: str = "", aliases: tuple[str, ...] = ALIASES) -> list[str]:
    """Of all entries that have this in their names."""
    return sorted(name for alias in aliases for name in _names(alias) if part in name)


def get(name: str) -> Any:
    """What is stored, as it is read; None if nothing is."""
    return caches[_home(name)].get(name)


def put(name: str, value: Any) -> None:
    """In the place of what is there, as one of ours."""
    caches[_home(name)].set(name, value, 3600)


def delete(name: str) -> None:
    caches[_home(name)].delete(name)


def raw() -> Iterator[bytes]:
    """Every value."""
    for alias in ALIASES:
        yield from filter(None, (_stored(alias, name) for name in _names(alias)))


def get_raw(name: str) -> bytes:
    value = _stored(_home(name), name)
    assert value is not None, name
    return value


def put_raw(name: str, value: object, alias: str = "") -> None:
    """In the place of what is there, or beside it. It lasts as long, or for an hour."""
    alias = alias or _home(name)
    if ON_SERVERS:
        client = _redis(alias)
        kept = client.pttl(PREFIX + name)
        client.set(PREFIX + name, value, px=kept if kept > 0 else 3_600_000)
        return
    table = _table(alias)
    row = f"INSERT INTO {table} VALUES (%s, %s, '9999') ON CONFLICT (cache_key)"  # noqa: S608
    _rows(f"{row} DO UPDATE SET value = excluded.value", PREFIX + name, value)


def seconds_left(name: str) -> float:
    """Until the entry is gone by itself."""
    alias = _home(name)
    if ON_SERVERS:
        return float(_redis(alias).pttl(PREFIX + name)) / 1000
    query = f"SELECT expires FROM {_table(alias)} WHERE cache_key = %s"  # noqa: S608
    [(expires,)] = _rows(query, PREFIX + name)
    until = expires if isinstance(expires, datetime) else datetime.fromisoformat(expires)
    return (until.replace(tzinfo=UTC) - datetime.now(UTC)).total_seconds()


def _home(name: str) -> str:
    """The cache that an entry is in, the default for one that is gone: locks go by themselves."""
    return next((alias for alias in ALIASES if name in _names(alias)), "default")


def _stored(alias: str, name: str) -> bytes | None:
    if ON_SERVERS:
        value = _redis(alias).get(PREFIX + name)
        return None if value is None else bytes(value)
    query = f"SELECT value FROM {_table(alias)} WHERE cache_key = %s"  # noqa: S608
    return next((bytes(value) for (value,) in _rows(query, PREFIX + name)), None)


def _names(alias: str) -> list[str]:
    if ON_SERVERS:
        found = [key.decode() for key in _redis(alias).scan_iter()]
    else:
        found = [name for (name,) in _rows(f"SELECT cache_key FROM {_table(alias)}")]  # noqa: S608
    return [name.removeprefix(PREFIX) for name in found if name.startswith(PREFIX)]


def _table(alias: str) -> str:
    return str(caches[alias]._table)  # type: ignore[attr-defined]


def _rows(query: str, *values: Any) -> list[Any]:
    with connections["cache"].cursor() as cursor:
        return list(cursor.execute(query, values) or ())


def _redis(alias: str) -> Any:
    return caches[alias]._cache.get_client(write=True)  # type: ignore[attr-defined]
