"""How many accounts a few refreshers carry: how late they are, and what it costs.

    .venv/bin/python -m tests.bench.fleet --accounts 500 --workers 2 --seconds 300

Each account has 1,500 images in a cloud that takes no time, of PostgreSQL and Redis of its own.
First every account is read, with no limit on calls: that is the throughput. Then accounts are read
when they are due, for so many seconds, 50 of them looked at. It fails where 95 in a hundred are
late by more than a third of their interval while the machine has time left.

With --hanging the cloud never answers for the first of the accounts looked at; what is printed is
of the others. With --trouble a refresher, PostgreSQL and Redis are killed on the way, one after the
other, and each is started again at once. With --embedded there are no servers: SQLite, and one
process.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import django

from tests import servers
from tests.dashboards import ROOT, manage
from tests.stack import running
from tests.stack.running import free_port

IMAGES, LOOKED_AT = 1500, 50
STEP_SECONDS = 5.0
# The part of the processors beyond which lateness says nothing of the program.
FULL = 0.9
PATIENCE_SECONDS = 3600
MEBIBYTE = 1024 * 1024


@dataclass
class Fleet:
    """A cloud, its accounts in a database of their own, and the refreshers that read them."""

    cloud: str
    environment: dict[str, str]
    folder: Path
    servers: list[servers.Server]
    accounts: int
    hanging: bool
    refreshers: list[running.Process] = field(default_factory=list)

    def calls(self) -> int:
        with urllib.request.urlopen(f"{self.cloud}/calls") as answer:
            return int(answer.read())

    @contextmanager
    def refreshed(self, workers: int, **variables: str) -> Iterator[None]:
        for _ in range(workers):
            self.start(**variables)
        try:
            yield
        finally:
            for refresher in self.refreshers:
                running.stop(refresher)
            self.refreshers = []

    def start(self, **variables: str) -> None:
        log = self.folder / "refreshers.log"
        self.refreshers.append(running.refresh(self.environment | variables, log))

    def kill_a_refresher(self) -> None:
        killed = self.refreshers.pop(0)
        killed.kill()
        killed.wait()
        self.start()

    def kill_a_server(self) -> None:
        server = self.servers[0]
        self.servers.reverse()  # The next time it is the other one.
        server.kill()
        server.start_again()
        _close_connections()

    def megabytes(self) -> float:
        """Return the resident memory of the largest refresher, without those that read for it."""
        return max(_status(refresher.pid, "VmRSS") for refresher in self.refreshers) / 1024


@contextmanager
def fleet(accounts: int, *, embedded: bool, hanging: bool) -> Iterator[Fleet]:
    with ExitStack() as ending:
        folder = Path(ending.enter_context(tempfile.TemporaryDirectory()))
        started, addresses = [], {"DATABASE_URL": "", "CACHE_URL": ""}
        if not embedded:
            database = ending.enter_context(servers.started_postgres(free_port(), "-N", "200"))
            cache = ending.enter_context(servers.started_redis(free_port()))
            started = [database, cache]
            addresses = {
                "DATABASE_URL": f"postgres://postgres@127.0.0.1:{database.port}/postgres",
                "CACHE_URL": f"redis://127.0.0.1:{cache.port}/0",
            }
        command = [sys.executable, "-m", "tests.bench.fast_cloud", "--images", str(IMAGES)]
        command += ["--hanging", _secret(0)] if hanging else []
        cloud = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        ending.callback(cloud.wait)
        ending.callback(cloud.terminate)
        assert cloud.stdout
        url = f"http://127.0.0.1:{int(cloud.stdout.readline())}"
        environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "dashboard.settings",
            "VAR_DIR": str(folder),
            "DIDIYUN_API_URL": url,
            "LOG_LEVEL": "WARNING",
            **addresses,
        }
        manage(environment, (("prepare",), ""), (("add_user", "fleet"), "nothing but the bench"))
        os.environ |= environment
        django.setup()
        ending.callback(_close_connections)
        _store(accounts)
        yield Fleet(url, environment, folder, started, accounts, hanging)


def _close_connections() -> None:
    """PostgreSQL waits for them before it stops."""
    from django.db import connections

    connections.close_all()


def _secret(number: int) -> str:
    return f"{number:064x}"


def _store(accounts: int) -> None:
    from django.utils import timezone

    from dashboard.people.models import User
    from dashboard.tokens import vault
    from dashboard.tokens.models import State, Token

    owner, now = User.objects.get(), timezone.now()
    tokens = []
    for number in range(accounts):
        token = Token(owner=owner, label=f"Account {number}", state=State.VALID, changed_at=now)
        token.sealed = vault.seal(_secret(number), token.pk)
        token.last_ok_at = token.checked_at = now
        tokens.append(token)
    Token.objects.bulk_create(tokens)


def throughput(each: Fleet, workers: int) -> None:
    """Print how many accounts a second are read where all are due."""
    from images.history.models import Published

    Published.objects.all().delete()
    accounts = each.accounts - each.hanging
    before = each.calls()
    with each.refreshed(workers, UPSTREAM_CALLS_PER_SECOND="0"):
        running.wait_until(lambda: Published.objects.exists(), PATIENCE_SECONDS)
        began, busy, there = time.monotonic(), _busy(), Published.objects.count()
        running.wait_until(lambda: Published.objects.count() == accounts, PATIENCE_SECONDS)
        seconds = time.monotonic() - began
    rate = (accounts - there) / seconds
    print(
        f"all due, {accounts} accounts, {workers} workers: {rate:.1f} accounts/s, "
        f"{(each.calls() - before) / accounts:.1f} calls an account, "
        f"machine {(_busy() - busy) / seconds / _processors():.0%} busy",
        flush=True,
    )


def steady(each: Fleet, workers: int, seconds: float, *, trouble: bool = False) -> bool:
    """Print how late accounts are that are read when they are due; return whether that will do."""
    from django.conf import settings
    from django.utils import timezone

    from dashboard.scheduling.accounts import Account
    from dashboard.scheduling.accounts import accounts as scheduled
    from dashboard.tokens.models import Token
    from images.services import freshness

    watched = list(Token.objects.order_by("label").values_list("pk", flat=True)[:LOOKED_AT])

    def late(account: Account) -> float:
        return max(0.0, freshness.clock() - account.due_at) / account.interval

    with each.refreshed(workers):
        began, busy, calls = time.monotonic(), _busy(), each.calls()
        lateness: list[float] = []
        oldest: dict[float, float] = dict.fromkeys(
            (settings.INVENTORY_FRESH_SECONDS, settings.INVENTORY_IDLE_SECONDS), 0.0
        )
        memory = 0.0
        kills = [each.kill_a_refresher, each.kill_a_server, each.kill_a_server] if trouble else []
        kill_at = [began + seconds * part for part in (0.25, 0.5, 0.75)]
        while time.monotonic() < began + seconds:
            Token.objects.filter(pk__in=watched).update(last_used_at=timezone.now())
            time.sleep(STEP_SECONDS)
            if kills and time.monotonic() > kill_at[-len(kills)]:
                kills.pop(0)()
            if time.monotonic() < began + settings.INVENTORY_FRESH_SECONDS:
                continue  # Whoever was not looked at before is not late.
            for account in scheduled():
                if each.hanging and watched[0] in account.tokens:
                    continue
                lateness.append(late(account))
                age = freshness.clock() - account.due_at + account.interval
                oldest[account.interval] = max(oldest[account.interval], age)
            memory = max(memory, each.megabytes())
        spent = time.monotonic() - began
        used = (_busy() - busy) / spent / _processors()
        made = (each.calls() - calls) / spent
    lateness.sort()
    p95 = lateness[int(0.95 * len(lateness))]
    print(
        f"when due, {each.accounts} accounts, {workers} workers, {spent:.0f} s: late by "
        f"{lateness[len(lateness) // 2]:.2f} (p50), {p95:.2f} (p95), {lateness[-1]:.2f} (most) "
        f"intervals; oldest {', '.join(f'{age:.0f} s of {of}' for of, age in oldest.items())}; "
        f"{made:.1f} calls/s, machine {used:.0%} busy, a worker {memory:.0f} MB, "
        f"{_stored(each)}",
        flush=True,
    )
    return p95 <= 1 / 3 or used > FULL


def _stored(each: Fleet) -> str:
    if not each.servers:
        files = sum(file.stat().st_size for file in each.folder.glob("*.sqlite3"))
        return f"its databases {files / MEBIBYTE:.0f} MB"
    return f"Redis {_redis_megabytes():.0f} MB, database {_database_megabytes():.0f} MB"


def _redis_megabytes() -> float:
    from django.core.cache import caches

    info = caches["lists"]._cache.get_client().info("memory")  # type: ignore[attr-defined]
    return float(info["used_memory"]) / MEBIBYTE


def _database_megabytes() -> float:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        return float(cursor.fetchone()[0]) / MEBIBYTE


def _status(pid: int, name: str) -> float:
    """Return a value of the process, in kilobytes."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


def _busy() -> float:
    """Return for how many seconds all processors of the machine have been busy."""
    user, nice, system = Path("/proc/stat").read_text().split()[1:4]
    return (int(user) + int(nice) + int(system)) / os.sysconf("SC_CLK_TCK")


def _processors() -> int:
    return os.cpu_count() or 1


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.fleet", description=__doc__)
    parser.add_argument("--accounts", type=int, nargs="+", default=[50, 500, 2000])
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--embedded", action="store_true", help="SQLite, and one process")
    parser.add_argument("--trouble", action="store_true", help="kill what there is on the way")
    parser.add_argument("--hanging", action="store_true", help="one account is never answered")
    options = parser.parse_args()
    if options.embedded:
        options.workers = [1]
    well = True
    for accounts in options.accounts:
        # Django knows one database for as long as a process lives.
        if len(options.accounts) > 1:
            command = [sys.executable, "-m", "tests.bench.fleet", "--seconds", str(options.seconds)]
            command += ["--accounts", str(accounts), "--workers", *map(str, options.workers)]
            command += ["--embedded"] if options.embedded else []
            command += ["--trouble"] if options.trouble else []
            command += ["--hanging"] if options.hanging else []
            well &= subprocess.run(command, check=False, cwd=ROOT).returncode == 0
            continue
        with fleet(accounts, embedded=options.embedded, hanging=options.hanging) as each:
            for workers in options.workers:
                throughput(each, workers)
                well &= steady(each, workers, options.seconds, trouble=options.trouble)
    sys.exit(not well)


if __name__ == "__main__":
    main()
