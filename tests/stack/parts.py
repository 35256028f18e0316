"""A dashboard of parts that a test kills: gunicorns, refreshers, and what they stand on."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import redis

from images.sandbox import Sandbox
from tests import dashboards
from tests.dashboards import PASSWORD, USER
from tests.stack import running
from tests.stack.running import READY_SECONDS, Process, children, wait_until
from tests.stack.visitors import Person, Visitors

FRESH_SECONDS = 10
IMAGES = 150  # a region
LATENCY = 0.15
LOCKS = ("lock", "dashboard.checks")
CHANGES: LiteralString = "SELECT region, uuid, kind FROM history_change"
# What nobody may find gone or changed.
ROWS: tuple[LiteralString, ...] = (
    "SELECT id, owner_id, label, sealed FROM tokens_token",
    "SELECT id, name, slug FROM people_team",
    "SELECT id, username, password FROM people_user",
    "SELECT id, actor, action, subject, digest FROM audit_auditentry",
    "SELECT id, region, since FROM history_watch",
    "SELECT session_key FROM django_session",
)


@dataclass
class Parts:
    """Everything running. `servers` are the gunicorns, by their ports."""

    folder: Path
    environment: dict[str, str]
    cloud: Sandbox
    servers: dict[int, Process] = field(default_factory=dict)
    refreshers: list[Process] = field(default_factory=list)

    def workers(self) -> list[int]:
        return [pid for server in self.servers.values() for pid in children(server.pid)]

    def start_a_refresher(self) -> None:
        self.refreshers.append(running.refresh(self.environment, self.folder / "refresher.log"))

    @contextmanager
    def served(self, gunicorns: int) -> Iterator[None]:
        """By so many of them, none of which knows anything yet."""
        ports = [running.free_port() for _ in range(gunicorns)]
        log = self.folder / "gunicorn.log"
        self.servers = {port: running.serve(self.environment, port, log) for port in ports}
        try:
            for port in ports:
                running.wait_until_ready(port)
            yield
        finally:
            everything = [*self.refreshers, *self.servers.values()]
            for process in everything:
                process.terminate()
            for process in everything:
                running.stop(process)
            self.refreshers.clear()

    def person(self) -> Person:
        person = Person(next(iter(self.servers)))
        person.sign_in(USER, PASSWORD)
        return person

    def visitors(self, people: int) -> Visitors:
        return Visitors(list(self.servers), self.person().cookie, people)

    def rows(self, query: LiteralString) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.environment["DATABASE_URL"]) as connection:
            return connection.execute(query).fetchall()

    def stored(self) -> set[tuple[Any, ...]]:
        return {(query, *row) for query in ROWS for row in self.rows(query)}

    def cached(self, *parts: str) -> set[tuple[bytes, bytes | None]]:
        """The entries of Redis with one of these in their name."""
        found = set()
        for name in ("CACHE_URL", "CACHE_LISTS_URL"):
            with redis.Redis.from_url(self.environment[name]) as cache:
                keys = [key for part in parts for key in cache.scan_iter(f"*{part}*")]
                found |= {(key, cache.get(key)) for key in keys}
        return found

    def wait_until_unlocked(self, seconds: float) -> None:
        """Until whoever has a lock now has given it back, or it has run out."""
        held = self.cached(*LOCKS)
        wait_until(lambda: not held & self.cached(*LOCKS), seconds)


@contextmanager
def prepared(folder: Path, addresses: dict[str, str]) -> Iterator[Parts]:
    """On these addresses, or on files without; one person, an administrator, has a token. Nothing
    runs yet."""
    with Sandbox(images=IMAGES, seed=1, clock=lambda: 1.7e9, latency=LATENCY) as cloud:
        environment = os.environ | addresses
        environment |= {
            "VAR_DIR": str(folder),
            "DIDIYUN_API_URL": cloud.url,
            "INVENTORY_FRESH_SECONDS": str(FRESH_SECONDS),
        }
        dashboards.manage(
            environment,
            (("prepare",), ""),
            (("add_user", USER, "--admin"), PASSWORD),
            (("add_token", "--user", USER, "--label", "Main"), cloud.token),
        )
        yield Parts(folder, environment, cloud)


def someone_reading(
    pids: Callable[[], Sequence[int]], but: Sequence[int] = (), seconds: float = READY_SECONDS
) -> int:
    """The first of these processes that is found to read from the cloud, which a child of its fork
    server does for it."""
    found: list[int] = []

    def look() -> list[int]:
        found.extend(pid for pid in pids() if pid not in but and any(map(children, children(pid))))
        return found

    wait_until(look, seconds)
    return found[0]
