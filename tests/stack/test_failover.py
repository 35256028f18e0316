"""Two Redis with Sentinel, as in deploy/redis: the primary dies, and the dashboard goes on."""

from __future__ import annotations

import json
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import redis

from images.sandbox import Sandbox
from tests import dashboards
from tests.dashboards import ROOT
from tests.servers import Server
from tests.stack import running
from tests.stack.running import answers_at, free_port, wait_until

TOOLS = ("redis-server", "haproxy")
pytestmark = [
    pytest.mark.thorough,
    pytest.mark.skipif(
        not all(map(shutil.which, TOOLS)),
        reason="NOT TRIED: a failover takes Debian's redis-server and haproxy",
    ),
]
FILES = ROOT / "deploy" / "redis"
PASSWORD = "0123456789abcdef"


@dataclass
class Pair:
    """`address` leads to the primary, by haproxy; `ports` are those of the two."""

    address: str
    ports: tuple[int, int]
    servers: tuple[Server, Server]

    def direct(self, which: int) -> redis.Redis:
        return redis.Redis(port=self.ports[which], password=PASSWORD)

    def role(self, which: int) -> Any:
        with self.direct(which) as asked:
            return asked.info("replication")["role"]


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    first, second, front = free_port(), free_port(), free_port()
    known = {
        "10.0.0.1 6379": f"127.0.0.1 {first}",
        "10.0.0.1:6379": f"127.0.0.1:{first}",
        "10.0.0.2:6379": f"127.0.0.1:{second}",
        "bind 0.0.0.0": "bind 127.0.0.1",
        "127.0.0.1:6390": f"127.0.0.1:{front}",
        "CACHE_PASSWORD": PASSWORD,
    }

    def conf(name: str, folder: str, port: int, more: str = "") -> Path:
        text = (FILES / name).read_text("utf-8")
        for old, new in known.items():
            text = text.replace(old, new)
        usual = "26379" if name == "sentinel.conf" else "6379"
        path = tmp_path / folder / name
        path.parent.mkdir()
        path.write_text(text.replace(f"port {usual}", f"port {port}") + more)
        return path

    with ExitStack() as ending:

        def start(port: int, path: Path, *command: str) -> Server:
            server = Server([*command], port, str(path.parent), answers_at)
            ending.callback(lambda: running.stop(server.process))
            return server

        primary, replica = (
            conf("redis.conf", "first", first),
            conf("redis.conf", "second", second, f"replicaof 127.0.0.1 {first}\n"),
        )
        servers = (
            start(first, primary, "redis-server", str(primary)),
            start(second, replica, "redis-server", str(replica)),
        )
        for number in range(3):
            port = free_port()
            path = conf("sentinel.conf", f"sentinel-{number}", port)
            start(port, path, "redis-server", str(path), "--sentinel")
        path = conf("haproxy.cfg", "haproxy", 0)
        assert subprocess.run(["haproxy", "-c", "-f", str(path)], check=False).returncode == 0
        start(front, path, "haproxy", "-db", "-f", str(path))
        yield Pair(f"redis://:{PASSWORD}@127.0.0.1:{front}", (first, second), servers)


def test_the_primary_dies_and_no_request_fails(pair: Pair, cloud: Sandbox, tmp_path: Path) -> None:
    cache = redis.Redis.from_url(f"{pair.address}/0", socket_timeout=2)
    wait_until(lambda: took(cache, "before"), what="the primary, by haproxy")
    with dashboards.dashboard(cloud.url, cloud.token, tmp_path / "var") as plain:
        environment = plain | {
            "CACHE_URL": f"{pair.address}/0",
            "CACHE_LISTS_URL": f"{pair.address}/1",
        }
        key = ("add_api_key", "--user", dashboards.USER, "--label", "failover")
        secret = dashboards.manage(environment, (key, "")).splitlines()[-1]
        port = free_port()
        server = running.serve(environment, port, tmp_path / "log")
        try:
            running.wait_until_ready(port)
            assert images(port, secret) > 0
            wait_until(lambda: knows(pair, 1, "before"), what="the replica")

            pair.servers[0].kill()

            answers = []

            def is_over() -> bool:
                answers.append(images(port, secret))
                return took(cache, "after")

            wait_until(is_over, what="the other one, by haproxy")
            # Every request was answered, with the same images, while there was no cache.
            assert set(answers) == {answers[0]}
            assert pair.role(1) == "master"
            assert cache.get("before") == b"1"
            wait_until(lambda: caches(port), what="/readyz")
        finally:
            running.stop(server)

    # Whoever comes back is a replica, and has what was written meanwhile.
    pair.servers[0].start_again()
    wait_until(lambda: pair.role(0) == "slave", what="the old primary as a replica")
    wait_until(lambda: knows(pair, 0, "after"), what="what was written meanwhile")


def took(cache: redis.Redis, name: str) -> bool:
    try:
        return bool(cache.set(name, "1"))
    except redis.RedisError:
        return False


def knows(pair: Pair, which: int, name: str) -> bool:
    try:
        with pair.direct(which) as asked:
            return bool(asked.get(name) == b"1")
    except redis.RedisError:
        return False


def images(port: int, secret: str) -> int:
    """How many there are, over the API: it is throttled, by the cache, and answers from lists."""
    url, headers = f"http://127.0.0.1:{port}/api/v1/images", {"Authorization": f"Bearer {secret}"}
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=30) as answer:
        total: int = json.load(answer)["total"]
        return total


def caches(port: int) -> bool:
    """Whether the dashboard says that its cache is there."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=30) as answer:
        return all(json.load(answer).values())
