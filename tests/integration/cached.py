"""What is in the cache as its backend keeps it, be that a table or a Redis."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from django.core.cache import cache
from django.db import connections

from tests.dashboards import ON_SERVERS

PREFIX = ":1:"  # what Django puts before each name


def names(part: str = "") -> list[str]:
    """Of all entries that have this in their names."""
    if ON_SERVERS:
        found = [key.decode() for key in _redis().scan_iter()]
    else:
        with connections["cache"].cursor() as cursor:
            cursor.execute("SELECT cache_key FROM cache")
            found = [name for (name,) in cursor.fetchall()]
    ours = sorted(name.removeprefix(PREFIX) for name in found if name.startswith(PREFIX))
    return [name for name in ours if part in name]


def raw() -> Iterator[bytes]:
    """Every value."""
    if ON_SERVERS:
        yield from (_redis().get(PREFIX + name) or b"" for name in names())
        return
    with connections["cache"].cursor() as cursor:
        cursor.execute("SELECT value FROM cache")
        yield from (base64.b64decode(value) for (value,) in cursor.fetchall())


def put_raw(name: str, value: bytes) -> None:
    """In the place of what is there; it lasts as long."""
    if ON_SERVERS:
        _redis().set(PREFIX + name, value, keepttl=True)
        return
    with connections["cache"].cursor() as cursor:
        written = base64.b64encode(value).decode()
        row = "UPDATE cache SET value = %s WHERE cache_key = %s"
        cursor.execute(row, [written, PREFIX + name])


def seconds_left(name: str) -> float:
    """Until the entry is gone by itself."""
    if ON_SERVERS:
        return float(_redis().pttl(PREFIX + name)) / 1000
    with connections["cache"].cursor() as cursor:
        cursor.execute("SELECT expires FROM cache WHERE cache_key = %s", [PREFIX + name])
        [(expires,)] = cursor.fetchall()
    until = expires if isinstance(expires, datetime) else datetime.fromisoformat(expires)
    return (until.replace(tzinfo=UTC) - datetime.now(UTC)).total_seconds()


def _redis() -> Any:
    return cache._cache.get_client(write=True)  # type: ignore[attr-defined]
