"""A real gunicorn with two workers: what each counts adds up, and outlives it."""

from __future__ import annotations

import http.client
import json
import socket
import sqlite3
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from images.sandbox import Sandbox
from tests.bench.stack import Stack, stack
from tests.browser.conftest import serving
from tests.dashboards import ADDRESSES

PATIENCE = 20.0
ASKED = 40


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    log = str(tmp_path_factory.mktemp("server") / "log")
    variables = {"WEB_CONCURRENCY": "2", "INVENTORY_FRESH_SECONDS": "86400"}
    with stack(30, BENCH_LOG=log, LOG_LEVEL="INFO", **variables) as running:
        yield running


def total(running: Stack, name: str, **labels: str) -> float:
    status, body = running.get("/metrics")
    assert status == 200
    return sum(
        sample.value
        for family in text_string_to_metric_families(body.decode())
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )


def answered(running: Stack) -> float:
    return total(running, "dashboard_request_duration_seconds_count", view="none", status="404")


def test_counts_add_up_over_workers_and_outlive_one(running: Stack) -> None:
    before = answered(running)
    for _ in range(ASKED):
        running.get("/nothing/")
    # Whichever worker answers says the same.
    assert Counter(answered(running) - before for _ in range(10)) == {ASKED: 10}

    workers = running.workers()
    running.kill_a_worker()
    end = time.monotonic() + PATIENCE
    while running.workers() == workers or len(running.workers()) < 2:
        assert time.monotonic() < end, "the server started no other worker"
    assert answered(running) - before == ASKED
    for _ in range(ASKED):
        running.get("/nothing/")
    assert answered(running) - before == 2 * ASKED
    assert total(running, "dashboard_requests_in_progress") == 1  # this one


def test_what_the_cloud_was_asked_is_what_it_heard(running: Stack) -> None:
    running.forget_calls()
    name = "dashboard_upstream_call_duration_seconds_count"
    before = total(running, name)
    assert running.get("/images/")[0] == 200

    assert total(running, name) - before == len(running.calls()) > 0


def ready(url: str) -> tuple[int, bytes, float]:
    started = time.monotonic()
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=PATIENCE) as answer:
            return answer.status, answer.read(), time.monotonic() - started
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read(), time.monotonic() - started


NO_DATABASE = {"database": False, "cache": True, "lists": True, "degraded": []}


@pytest.mark.thorough
def test_a_database_that_hangs_is_named_in_time(cloud: Sandbox, tmp_path: Path) -> None:
    with serving(cloud, tmp_path, dict.fromkeys(ADDRESSES, "")) as site:
        with closing(sqlite3.connect(tmp_path / "db.sqlite3", timeout=PATIENCE)) as taken:
            # Nobody else gets in, and whoever tries waits for longer than a balancer does.
            taken.execute("PRAGMA locking_mode=EXCLUSIVE")
            taken.execute("BEGIN EXCLUSIVE")
            for _ in range(4):
                status, said, seconds = ready(site.url)
                assert (status, json.loads(said)) == (503, NO_DATABASE)
                assert seconds < 8
            with urllib.request.urlopen(f"{site.url}/healthz", timeout=PATIENCE) as up:
                assert up.status == 200
        end = time.monotonic() + 2 * PATIENCE
        while ready(site.url)[0] != 200:
            assert time.monotonic() < end, "it stays as it was"


def test_no_header_says_where_the_site_is_mounted(running: Stack) -> None:
    status, page = running.get(
        "/accounts/login/", **{"SCRIPT_NAME": "/api", "X-Script-Name": "/api"}
    )

    assert status in (200, 302)
    assert b"/api/accounts" not in page


HEADED = (
    *("/images/", "/images/export.csv", "/images/export.json", "/changes/export.csv", "/tokens/"),
    *("/api/v1/images", "/healthz", "/readyz", "/metrics", "/nothing/", "/api/v1/nothing"),
)


def test_head_makes_nothing_that_the_server_has_to_drop(running: Stack) -> None:
    """It warns of each."""
    log = Path(running.environment["BENCH_LOG"])
    before = len(log.read_text())
    lengths = {}
    for path in HEADED:
        connection = http.client.HTTPConnection("127.0.0.1", running.port)
        connection.request("HEAD", path, headers={"Cookie": running.cookie})
        answer = connection.getresponse()
        assert answer.status == (404 if "nothing" in path else 200)
        lengths[path] = answer.headers["Content-Length"]
        connection.close()

    said = log.read_text()[before:].splitlines()
    assert [line for line in said if '"method": "HEAD"' in line and '"/tokens/"' in line]
    assert [line for line in said if '"warning"' in line] == []
    assert lengths["/healthz"] == str(len(running.get("/healthz")[1]))


def test_an_export_that_is_given_up_half_way_makes_room_for_another() -> None:
    with stack(9_000, EXPORTS_AT_ONCE="1", INVENTORY_FRESH_SECONDS="86400") as alone:
        assert alone.get("/images/export.json")[0] == 200  # it has the list from here on
        unread = reading(alone, "/images/export.json")
        assert alone.get("/images/export.csv")[0] == 429
        unread.close()
        end = time.monotonic() + PATIENCE
        while alone.get("/images/export.csv")[0] == 429:
            assert time.monotonic() < end, "the place was never given back"


def reading(running: Stack, path: str) -> socket.socket:
    """An export whose first bytes have come, and of which no more are taken."""
    connection = socket.create_connection(("127.0.0.1", running.port))
    head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {running.cookie}\r\n\r\n"
    connection.sendall(head.encode())
    assert connection.recv(12) == b"HTTP/1.1 200"
    return connection
