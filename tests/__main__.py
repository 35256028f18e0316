"""`make test`: every test on SQLite, and beside it every test on PostgreSQL and Redis.

    .venv/bin/python -m tests [what pytest takes]

The servers are those that answer on 127.0.0.1:5432 and :6379; one that is only installed (Debian's
postgresql and redis-server) is started for as long, with nothing in it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from typing import IO

from tests.dashboards import ROOT, redis_number
from tests.servers import POSTGRES, REDIS, postgres, redis

EMBEDDED, SERVERS = "SQLite", "PostgreSQL and Redis"
CACHES = ("CACHE_URL", "CACHE_LISTS_URL")
ADDRESSES = ("DATABASE_URL", *CACHES)
LINE = "=" * 78


def main(arguments: list[str]) -> int:
    with ExitStack() as ending:
        log = ending.enter_context(tempfile.TemporaryFile("w+"))
        missing = [
            name
            for name, server in (("PostgreSQL", postgres), ("Redis", redis))
            if not ending.enter_context(server())
        ]
        beside = None
        if not missing:
            numbers = [ending.enter_context(redis_number(REDIS)) for _ in CACHES]
            # There is no such database: each test makes its own.
            variables = {"DATABASE_URL": f"{POSTGRES}/none"} | dict(
                zip(CACHES, numbers, strict=True)
            )
            beside = _pytest(arguments, variables, log)
        _say(f"every test on {EMBEDDED}")
        codes = {EMBEDDED: _pytest(arguments, {}).wait()}
        if beside:
            _say(f"every test on {SERVERS}, which ran meanwhile")
            codes[SERVERS] = beside.wait()
            log.seek(0)
            print(log.read(), flush=True)
    for name, code in codes.items():
        _say(f"{'passed' if code == 0 else f'FAILED ({code})'}: every test on {name}")
    if missing:
        _say(
            f"NOT RUN: the tests on {SERVERS}. There is no {' and no '.join(missing)} on this"
            " machine. On Debian and Ubuntu: apt-get install postgresql redis-server"
        )
    return max(codes.values())


def _pytest(
    arguments: list[str], variables: dict[str, str], output: IO[str] | None = None
) -> subprocess.Popen[bytes]:
    replaced = (*ADDRESSES, "PYTHONDONTWRITEBYTECODE")
    inherited = {name: value for name, value in os.environ.items() if name not in replaced}
    # Hundreds of processes are started; to compile everything anew is half of what each one costs.
    environment = {**inherited, **variables, "PYTHONPYCACHEPREFIX": str(ROOT / "build/bytecode")}
    command = [sys.executable, "-m", "pytest", *arguments]
    return subprocess.Popen(
        command, env=environment, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT
    )


def _say(what: str) -> None:
    print(f"{LINE}\n{what}\n{LINE}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
