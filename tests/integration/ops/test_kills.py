"""kill -9 of each part while people look: what it costs them, and what it leaves behind.

Two gunicorns and the refresher, over a PostgreSQL and a Redis of this module's own; and once a
gunicorn on SQLite. All come back within BACK_SECONDS.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import count
from pathlib import Path

import pytest
import redis

from dashboard.scheduling.jobs import LOOK_SECONDS
from tests import dashboards, servers
from tests.dashboards import ON_SERVERS
from tests.marks import EVERYTHING
from tests.servers import Server
from tests.stack.parts import CHANGES, IMAGES, Parts, prepared, someone_reading
from tests.stack.running import READY_SECONDS, children, free_port, wait_until
from tests.stack.visitors import CUT_OFF, Person, Seen, Visitors

pytestmark = pytest.mark.backend

# A lease lasts four seconds. The rest is for a machine that runs two suites at once: a lock that
# nobody gives back, which is what must not be, would take the deadline of a reading, 25 seconds.
BACK_SECONDS = 10.0 if EVERYTHING else READY_SECONDS
PEOPLE = 6
ENOUGH = 120  # pages, so that every thread of every worker answers some

embedded = pytest.mark.skipif(ON_SERVERS, reason="runs among the tests on SQLite")
on_servers = pytest.mark.skipif(
    not ON_SERVERS, reason="runs among the tests on PostgreSQL and Redis"
)
NONE_TO_START = (
    "NOBODY TRIED what happens when PostgreSQL, Redis, a worker or the refresher is killed: "
    "here is none to start. On Debian and Ubuntu: apt-get install postgresql redis-server"
)


@pytest.fixture(scope="module")
def database() -> Iterator[Server]:
    if not (servers.can_start_postgres() and servers.can_start_redis()):
        pytest.skip(NONE_TO_START)
    with servers.started_postgres(free_port()) as started:
        yield started


@pytest.fixture(scope="module")
def cache() -> Iterator[Server]:
    with servers.started_redis(free_port()) as started:
        yield started


@pytest.fixture(scope="module")
def all_parts(
    database: Server, cache: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Parts]:
    addresses = {
        "DATABASE_URL": f"postgres://postgres@127.0.0.1:{database.port}/postgres",
        "CACHE_URL": f"redis://127.0.0.1:{cache.port}/0",
        "CACHE_LISTS_URL": f"redis://127.0.0.1:{cache.port}/1",
    }
    with prepared(tmp_path_factory.mktemp("kills"), addresses) as parts:
        yield parts


@pytest.fixture
def parts(all_parts: Parts, cache: Server) -> Iterator[Parts]:
    with redis.Redis(port=cache.port) as emptied:
        emptied.flushall()
    with all_parts.served(2):
        yield all_parts


def statuses(seen: Iterable[Seen]) -> Counter[int]:
    return Counter(each.status for each in seen)


def lists_not_whole(seen: Iterable[Seen]) -> list[str]:
    lists = (each.text for each in seen if each.path == "/images/" and each.status == 200)
    return [text for text in lists if f'data-total="{3 * IMAGES}"' not in text]


def ended(pids: Iterable[int]) -> bool:
    return not any(Path(f"/proc/{pid}").exists() for pid in pids)


@embedded
def test_embedded_a_killed_worker_costs_what_it_was_answering(tmp_path: Path) -> None:
    with (
        prepared(tmp_path, {}) as parts,
        parts.served(1),
        parts.visitors(PEOPLE) as visitors,
    ):
        kill_who_reads_first(parts, visitors)


@pytest.mark.thorough
@on_servers
def test_a_killed_worker_costs_what_it_was_answering(parts: Parts) -> None:
    with parts.visitors(PEOPLE) as visitors:
        kill_who_reads_first(parts, visitors)
    parts.wait_until_unlocked(BACK_SECONDS)


def kill_who_reads_first(parts: Parts, visitors: Visitors) -> None:
    """The worker that reads what nobody knows yet, while all wait for it, and the next one that
    does. The third gets it read."""
    readers: list[int] = []
    helpers: list[int] = []
    for seconds in (READY_SECONDS, BACK_SECONDS):
        readers.append(someone_reading(parts.workers, readers, seconds))
        helpers += children(readers[-1])
        os.kill(readers[-1], signal.SIGKILL)
    killed = time.monotonic()
    visitors.see(ENOUGH)
    assert visitors.trouble(killed) <= BACK_SECONDS
    assert set(statuses(visitors.seen)) <= {CUT_OFF, 200}
    assert statuses(visitors.seen)[CUT_OFF] <= 2 * PEOPLE
    assert lists_not_whole(visitors.seen) == []
    wait_until(lambda: ended(helpers), BACK_SECONDS)
    assert len(parts.workers()) == 2 * len(parts.servers)


@pytest.mark.thorough
@on_servers
def test_without_redis_pages_come_and_it_is_used_again(parts: Parts, cache: Server) -> None:
    parts.start_a_refresher()
    with parts.visitors(PEOPLE) as visitors:
        visitors.see(ENOUGH)
        killed = time.monotonic()
        cache.kill()
        visitors.see(ENOUGH)
        cache.start_again()
        visitors.see(ENOUGH)
        wait_until(lambda: parts.cached(":head"))
        visitors.see(ENOUGH)

    assert statuses(visitors.seen) == {200: len(visitors.seen)}
    assert lists_not_whole(visitors.seen) == []
    assert max(each.seconds for each in visitors.since(killed)) <= BACK_SECONDS
    assert parts.refreshers[0].poll() is None
    parts.wait_until_unlocked(BACK_SECONDS)


@pytest.mark.thorough
@on_servers
def test_postgresql_is_back_with_all_that_was_stored(parts: Parts, database: Server) -> None:
    made: list[str] = []
    over = threading.Event()
    said_made = (parts.person(), made, over)
    writer = threading.Thread(target=make_teams, args=said_made, daemon=True)
    parts.start_a_refresher()
    with parts.visitors(PEOPLE) as visitors:
        visitors.see(ENOUGH)
        writer.start()
        wait_until(lambda: made)
        before = parts.stored()
        said = len(made)
        wait_until(lambda: len(made) > said + 1)
        killed = time.monotonic()
        database.kill()
        visitors.see(ENOUGH)
        database.start_again()
        back = time.monotonic()
        visitors.see(2 * ENOUGH)
        said = len(made)
        wait_until(lambda: len(made) > said + 1)
        over.set()
        writer.join()

    away = [each for each in visitors.since(killed) if each.ended < back]
    assert {500} <= set(statuses(away)) <= {200, 500}
    assert all("<h1>Something went wrong" in each.text for each in away if each.status == 500)
    assert max(each.seconds for each in visitors.since(killed)) <= BACK_SECONDS
    assert set(statuses(visitors.since(back))) == {200}
    assert visitors.trouble(back) <= BACK_SECONDS
    assert lists_not_whole(visitors.seen) == []
    assert before - parts.stored() == set()
    assert set(made) <= {name for (name,) in parts.rows("SELECT name FROM people_team")}
    assert "whole" in dashboards.manage(parts.environment, (("verify_audit",), ""))
    assert parts.refreshers[0].poll() is None
    parts.wait_until_unlocked(BACK_SECONDS)


def make_teams(person: Person, made: list[str], over: threading.Event) -> None:
    """Keeps making one; `made` are those that the page said were made."""
    for number in count():
        if over.wait(0.02):
            return
        name = f"Team {number}"
        if person.post("/teams/", name=name) == 302:
            made.append(name)


@pytest.mark.thorough
@on_servers
def test_nobody_notices_a_postgresql_that_was_away_between_two_pages(
    parts: Parts, database: Server
) -> None:
    with parts.visitors(PEOPLE) as visitors:
        visitors.see(ENOUGH)
    database.kill()
    database.start_again()
    with visitors.again() as later:
        later.see(ENOUGH)

    assert statuses(later.seen) == {200: len(later.seen)}


@pytest.mark.thorough
@on_servers
def test_another_refresher_takes_over(parts: Parts) -> None:
    for _ in range(2):
        parts.start_a_refresher()
    with parts.visitors(PEOPLE) as visitors:
        visitors.see(ENOUGH)
        image = parts.cloud.images("bj")[0]
        parts.cloud.change_image("bj", image["cimgUuid"], name="changed meanwhile")
        working = someone_reading(lambda: [each.pid for each in parts.refreshers])
        rounds = parts.cached("last_round")
        killed = time.monotonic()
        os.kill(working, signal.SIGKILL)
        wait_until(lambda: parts.cached("last_round") != rounds, BACK_SECONDS + LOOK_SECONDS)
        wait_until(lambda: parts.rows(CHANGES))
        visitors.see(ENOUGH)

    assert statuses(visitors.seen) == {200: len(visitors.seen)}
    assert visitors.trouble(killed) <= BACK_SECONDS
    assert parts.rows(CHANGES) == [("bj", image["cimgUuid"], "renamed")]
    parts.wait_until_unlocked(BACK_SECONDS)
