"""A whole dashboard inside this process, on SQLite, at a clock that stands still.

Requests go through Django's test client, so every middleware is in play; the cloud is the sandbox,
on a socket. Nothing here knows where a module of the product lives.
"""

from __future__ import annotations

import datetime as datetimes
import io
import logging
import multiprocessing
import os
import sqlite3
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from typing import Any

import django
from django.core.management import call_command
from django.utils import timezone

from images.sandbox import Sandbox
from tests.dashboards import ADDRESSES, ROOT

REAL = datetimes.datetime
OURS = ("dashboard", "images")
BEGINNING = datetimes.datetime(2025, 6, 2, 12, tzinfo=datetimes.UTC).timestamp()
SECRETS = {
    "SECRET_KEY": "k" * 50,
    "TOKEN_KEYS": "k1:" + "a" * 43 + "=",
    "AUDIT_KEYS": "a" * 50,
    "API_REQUESTS_PER_MINUTE": "1000000",
    "TOKEN_CHECKS_PER_MINUTE": "1000",
    "EXPORTS_AT_ONCE": "100",
}
# Threads that stay: the sandbox's, of each of its connections, and those of pools.
STAYING = ("MainThread", "sandbox", "process_request_thread", "readyz")
PATIENCE_SECONDS = 30


class Clock:
    """The seconds of everything in this process but `time.monotonic`."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def moment(self, zone: datetimes.tzinfo | None = datetimes.UTC) -> datetimes.datetime:
        return datetimes.datetime.fromtimestamp(self.now, zone)

    def stop(self) -> None:
        """Before Django and the product are set up: they take these functions on import."""
        time.time = self
        timezone.now = self.moment

    def stop_datetimes(self) -> None:
        """`datetime.now` is written in C: the product's modules get a `datetime` whose is not."""
        standing = _standing(self)
        for name, module in list(sys.modules.items()):
            if name.partition(".")[0] in OURS:
                for each, value in list(vars(module).items()):
                    if value is datetimes.datetime:
                        setattr(module, each, standing)


def _standing(clock: Clock) -> type:
    class Kind(type):
        def __instancecheck__(cls, instance: object) -> bool:
            return isinstance(instance, REAL)

    class Standing(datetimes.datetime, metaclass=Kind):
        def __new__(cls, *values: Any, **named: Any) -> Any:
            return REAL(*values, **named)

        @classmethod
        def now(cls, tz: datetimes.tzinfo | None = None) -> Any:
            return clock.moment(tz)

    return Standing


@dataclass(frozen=True)
class Site:
    cloud: Sandbox
    clock: Clock

    def manage(self, *arguments: str, given: str = "") -> str:
        """A command of manage.py with what it reads on stdin; what it prints."""
        before, sys.stdin = sys.stdin, io.StringIO(given)
        try:
            with redirect_stdout(io.StringIO()) as printed:
                call_command(*arguments)
        finally:
            sys.stdin = before
        return printed.getvalue()

    def settle(self) -> None:
        """Wait for what the product does in the background."""
        end = time.monotonic() + PATIENCE_SECONDS
        while busy := [each.name for each in threading.enumerate() if not _stays(each)]:
            assert time.monotonic() < end, busy
            time.sleep(0.002)

    def state(self) -> dict[str, sqlite3.Connection]:
        """A copy of its databases."""
        self.settle()
        copies = {name: sqlite3.connect(":memory:") for name in _databases()}
        for name, copy in copies.items():
            _databases()[name].backup(copy)
        return copies

    def restore(self, state: dict[str, sqlite3.Connection]) -> None:
        self.settle()
        for name, copy in state.items():
            copy.backup(_databases()[name])


def _start_fork_server() -> None:
    """Reading waits for it only so long, which on a busy machine is not enough for its imports; and
    what it forks has no use for the script that was started."""
    script = sys.modules["__main__"]
    script.__spec__ = None
    script.__dict__.pop("__file__", None)
    process = multiprocessing.get_context("forkserver").Process(target=int)
    process.start()
    process.join()


def _stays(thread: threading.Thread) -> bool:
    return any(name in thread.name for name in STAYING)


def _databases() -> dict[str, sqlite3.Connection]:
    from django.db import connections

    for each in connections.all():
        each.ensure_connection()
    return {each.alias: each.connection for each in connections.all()}


@contextmanager
def site(images: int) -> Iterator[Site]:
    """With its tables and nobody in it. Once in a process: settings are read once."""
    clock = Clock(BEGINNING)
    clock.stop()
    os.chdir(ROOT)
    with (
        Sandbox(images, clock=clock) as cloud,
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as var,
    ):
        for name in ADDRESSES:
            os.environ.pop(name, None)
        os.environ.update(SECRETS, VAR_DIR=var, DIDIYUN_API_URL=cloud.url)
        os.environ["DJANGO_SETTINGS_MODULE"] = "dashboard.settings"
        django.setup()
        from django.urls import get_resolver

        assert get_resolver().url_patterns
        clock.stop_datetimes()
        made = Site(cloud, clock)
        logging.disable(logging.ERROR)
        _start_fork_server()
        made.manage("prepare")
        yield made
