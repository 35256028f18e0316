"""The backends of our caches: signed entries, made by `entries`, and nothing pickled.

What becomes of their failures is in `forgiving`.
"""

from __future__ import annotations

import itertools
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from math import ceil
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.core.cache.backends.db import BaseDatabaseCache
from django.core.cache.backends.redis import RedisCache
from django.db import connections, router, transaction
from django.utils.functional import cached_property

from dashboard.caching.entries import Entry, decode_entry, encode_entry
from dashboard.caching.forgiving import Forgiving

FOREVER_SECONDS = 10 * 365 * 86_400.0
# How often a change is tried again when another one came first.
TRIES = 20
# One in so many writes of a process also removes expired and surplus entries of the table.
TIDIED_EVERY = 100

_writes = itertools.count(1)

Change = Callable[[bytes | None], tuple[bytes, float] | None]
"""Turns the stored bytes into new ones and their seconds to live, or None for no change."""


class Signed(BaseCache, ABC):
    """A cache of signed entries over a backend that stores bytes.

    Where `DATED` is false, entries expire when the backend says so: that is for large ones, which
    are prolonged again and again, and have their age in their value.
    """

    def __init__(self, location: str, params: dict[str, Any]) -> None:
        super().__init__(location, params)  # type: ignore[call-arg, arg-type]
        self._dated: bool = params.get("DATED", True)

    @abstractmethod
    def _read(self, name: str) -> bytes | None: ...

    @abstractmethod
    def _write(self, name: str, data: bytes, seconds: float) -> None: ...

    def _insert(self, name: str, data: bytes, seconds: float) -> bool:
        """Write if nothing is stored; return whether it was written, False if unsupported."""
        return False

    @abstractmethod
    def _change(self, name: str, change: Change) -> bool:
        """Read and write with nothing in between; return whether anything was written."""

    @abstractmethod
    def _prolong(self, name: str, seconds: float) -> bool: ...

    @abstractmethod
    def _remove(self, name: str) -> bool: ...

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        name = self.make_and_validate_key(key, version)
        entry = self._entry(name, self._read(name))
        return entry.value if entry else default

    def set(
        self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> None:
        name, seconds = self.make_and_validate_key(key, version), self._seconds(timeout)
        if seconds > 0:
            self._write(name, *_lasting(name, value, seconds))
        else:
            self._remove(name)

    def add(
        self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> bool:
        name, seconds = self.make_and_validate_key(key, version), self._seconds(timeout)
        new = _lasting(name, value, seconds)
        return self._insert(name, *new) or self._change(
            name, lambda stored: None if self._entry(name, stored) else new
        )

    def touch(self, key: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        name, seconds = self.make_and_validate_key(key, version), self._seconds(timeout)
        if not self._dated:
            return self._prolong(name, seconds)

        def change(stored: bytes | None) -> tuple[bytes, float] | None:
            entry = self._entry(name, stored)
            return _lasting(name, entry.value, seconds) if entry else None

        return self._change(name, change)

    def incr(self, key: Any, delta: int = 1, version: int | None = None) -> int:
        """Add to a number, whose expiry stays. Raise ValueError where there is none."""
        name = self.make_and_validate_key(key, version)
        total = 0

        def change(stored: bytes | None) -> tuple[bytes, float]:
            nonlocal total
            entry = self._entry(name, stored)
            if entry is None or type(entry.value) is not int:
                raise ValueError("no number is there")
            total = entry.value + delta
            return _lasting(name, total, entry.seconds_left)

        self._change(name, change)
        return total

    def delete(self, key: Any, version: int | None = None) -> bool:
        return self._remove(self.make_and_validate_key(key, version))

    # These use the methods above. Django's backends below have their own, which are unsigned.
    has_key = BaseCache.has_key
    get_many = BaseCache.get_many
    set_many = BaseCache.set_many
    delete_many = BaseCache.delete_many
    decr = BaseCache.decr

    def _entry(self, name: str, data: bytes | None) -> Entry | None:
        return decode_entry(name, data, time.time()) if self._dated else decode_entry(name, data)

    def _seconds(self, timeout: Any) -> float:
        chosen = self.default_timeout if timeout is DEFAULT_TIMEOUT else timeout
        return FOREVER_SECONDS if chosen is None else float(chosen)


def _lasting(name: str, value: Any, seconds: float) -> tuple[bytes, float]:
    return encode_entry(name, value, time.time() + seconds), seconds


class Redis(Forgiving, Signed, RedisCache):
    """Entries on the server whose address is `LOCATION`.

    Django has a backend for each thread. The connections are of the whole process: a thread that
    ends, as each background refresh does, leaves none behind.
    """

    @cached_property
    def _cache(self) -> Any:
        return _connected(self._location, self._class, tuple(self._options.items()))  # type: ignore[attr-defined]

    def _client(self, name: str) -> Any:
        return self._cache.get_client(name, write=True)

    def _read(self, name: str) -> bytes | None:
        data: bytes | None = self._client(name).get(name)
        return data

    def _write(self, name: str, data: bytes, seconds: float) -> None:
        self._client(name).set(name, data, px=_milliseconds(seconds))

    def _insert(self, name: str, data: bytes, seconds: float) -> bool:
        return bool(self._client(name).set(name, data, px=_milliseconds(seconds), nx=True))

    def _change(self, name: str, change: Change) -> bool:
        with self._client(name).pipeline() as pipeline:
            for _ in range(TRIES):
                pipeline.watch(name)
                new = change(pipeline.get(name))
                if new is None:
                    return False
                pipeline.multi()
                pipeline.set(name, new[0], px=_milliseconds(new[1]))
                try:
                    pipeline.execute()
                except self._cache._lib.WatchError:
                    continue
                return True
        raise TimeoutError(f"others got ahead {TRIES} times")

    def _prolong(self, name: str, seconds: float) -> bool:
        return bool(self._client(name).pexpire(name, _milliseconds(seconds)))

    def _remove(self, name: str) -> bool:
        return bool(self._client(name).delete(name))


@cache
def _connected(address: str, client: type, options: tuple[tuple[str, Any], ...]) -> Any:
    return client([address], **dict(options))


def _milliseconds(seconds: float) -> int:
    return max(1, ceil(seconds * 1000))


READ = "SELECT value FROM {table} WHERE cache_key = %s AND expires > %s"
WRITE = (
    "INSERT INTO {table} (cache_key, value, expires) VALUES (%s, %s, %s)"
    " ON CONFLICT (cache_key) DO UPDATE SET value = excluded.value, expires = excluded.expires"
)
PROLONG = "UPDATE {table} SET expires = %s WHERE cache_key = %s AND expires > %s"
REMOVE = "DELETE FROM {table} WHERE cache_key = %s"
REMOVE_ALL = "DELETE FROM {table}"
REMOVE_EXPIRED = "DELETE FROM {table} WHERE expires <= %s"
# Remove the entries that expire first.
REMOVE_TOO_MANY = (
    "DELETE FROM {table} WHERE cache_key IN (SELECT cache_key FROM {table} ORDER BY expires"
    " LIMIT max(0, (SELECT count(*) FROM {table}) - %s))"
)


class Database(Forgiving, Signed, BaseDatabaseCache):
    """Entries in the table `LOCATION` of an SQLite file.

    Django's command creates its column for text; SQLite stores bytes in it as they are.
    """

    def _execute(self, statement: str, *values: Any) -> Any:
        connection = connections[router.db_for_write(self.cache_model_class)]
        table = connection.ops.quote_name(self._table)  # type: ignore[attr-defined]
        cursor = connection.cursor()
        cursor.execute(statement.format(table=table), values)
        return cursor

    def _read(self, name: str) -> bytes | None:
        with self._execute(READ, name, _moment()) as cursor:
            row = cursor.fetchone()
        data: bytes | None = row and row[0]
        return data

    def _write(self, name: str, data: bytes, seconds: float) -> None:
        self._execute(WRITE, name, data, _moment(seconds)).close()
        if next(_writes) % TIDIED_EVERY == 0:
            self._execute(REMOVE_EXPIRED, _moment()).close()
            self._execute(REMOVE_TOO_MANY, self._max_entries).close()

    def _change(self, name: str, change: Change) -> bool:
        with transaction.atomic(using=router.db_for_write(self.cache_model_class)):
            new = change(self._read(name))
            if new is not None:
                self._write(name, *new)
        return new is not None

    def _prolong(self, name: str, seconds: float) -> bool:
        with self._execute(PROLONG, _moment(seconds), name, _moment()) as cursor:
            return bool(cursor.rowcount)

    def _remove(self, name: str) -> bool:
        with self._execute(REMOVE, name) as cursor:
            return bool(cursor.rowcount)

    def clear(self) -> None:
        self._execute(REMOVE_ALL).close()


def _moment(seconds: float = 0.0) -> str:
    """Return the time in so many seconds as a text, which is how SQLite compares times."""
    moment = datetime.fromtimestamp(time.time() + seconds, UTC)
    return moment.strftime("%Y-%m-%d %H:%M:%S.%f")
