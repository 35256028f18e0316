"""PostgreSQL over a pool of connections, as `?pool=true` in the address asks for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import requests

from dashboard.storage import POOL
from images.sandbox import Sandbox
from tests import dashboards, servers
from tests.dashboards import ON_SERVERS, PASSWORD, USER
from tests.stack import running
from tests.stack.visitors import Person

pytestmark = [pytest.mark.backend, pytest.mark.skipif(not ON_SERVERS, reason="of PostgreSQL alone")]

PAGES = ("/images/", "/tokens/", "/changes/", "/overview/")
WORKERS = 2
OPEN = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid != %s"


@pytest.fixture
def pooled(cloud: Sandbox, tmp_path: Path) -> Iterator[dict[str, str]]:
    with dashboards.backends() as addresses:
        pooled = f"{addresses['DATABASE_URL']}?pool=true"
        yield (
            os.environ
            | addresses
            | {
                "DATABASE_URL": pooled,
                "VAR_DIR": str(tmp_path),
                "DIDIYUN_API_URL": cloud.url,
                "WEB_CONCURRENCY": str(WORKERS),
            }
        )


def test_it_works_behind_a_pgbouncer_that_pools_transactions(
    cloud: Sandbox, pooled: dict[str, str], tmp_path: Path
) -> None:
    """`prepare` alone goes to the database itself: its lock lasts longer than a transaction."""
    if not servers.can_start_pgbouncer():
        pytest.skip("NOBODY TRIED pgbouncer: there is none. On Debian: apt-get install pgbouncer")
    direct = pooled["DATABASE_URL"].partition("?")[0]
    dashboards.manage(
        pooled | {"DATABASE_URL": direct},
        (("prepare",), ""),
        (("add_user", USER), PASSWORD),
        (("add_token", "--user", USER, "--label", "Main"), cloud.token),
    )
    cloud.reset_calls()
    address = urlsplit(direct)
    with ExitStack() as ending:
        between = ending.enter_context(
            servers.started_pgbouncer(address.hostname or "", address.port or 5432)
        )
        behind = f"postgres://postgres@127.0.0.1:{between.port}{address.path}?pgbouncer=true"
        environment, port = pooled | {"DATABASE_URL": behind}, running.free_port()
        for process in (
            running.serve(environment, port, tmp_path / "log"),
            running.refresh(environment, tmp_path / "refresher.log"),
        ):
            ending.callback(running.stop, process)
        running.wait_until_ready(port)
        person = Person(port)
        person.sign_in(USER, PASSWORD)
        running.wait_until(lambda: len(cloud.calls) >= 7, what="the refresher")
        statuses = {
            requests.get(
                f"http://127.0.0.1:{port}{path}", headers={"Cookie": person.cookie}, timeout=60
            ).status_code
            for path in (*PAGES, "/images/export.json", "/audit/mine/") * 3
        }
    assert statuses == {200}
    for log in ("log", "refresher.log"):
        said = (tmp_path / log).read_text("utf-8")
        assert "prepared statement" not in said
        assert "cursor" not in said


def test_many_at_once_share_the_connections_of_a_pool(
    cloud: Sandbox, pooled: dict[str, str], tmp_path: Path
) -> None:
    dashboards.manage(
        pooled,
        (("prepare",), ""),
        (("add_user", USER), PASSWORD),
        (("add_token", "--user", USER, "--label", "Main"), cloud.token),
    )
    port = running.free_port()
    server = running.serve(pooled, port, tmp_path / "log")
    try:
        running.wait_until_ready(port)
        person = Person(port)
        person.sign_in(USER, PASSWORD)

        def get(path: str) -> int:
            headers = {"Cookie": person.cookie}
            url = f"http://127.0.0.1:{port}{path}"
            return requests.get(url, headers=headers, timeout=60).status_code

        with ThreadPoolExecutor(16) as together:
            statuses = set(together.map(get, PAGES * 16))
        with psycopg.connect(pooled["DATABASE_URL"].partition("?")[0]) as connection:
            [(used,)] = connection.execute(OPEN, [connection.info.backend_pid]).fetchall()
    finally:
        running.stop(server)

    assert statuses == {200}
    assert WORKERS <= used <= WORKERS * POOL["max_size"]
