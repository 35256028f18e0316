"""`make test`: the gate on SQLite, then what has a backend in it on PostgreSQL and Redis.
`make test-all`: every test on both.

    .venv/bin/python -m tests [--all] [what pytest takes]

The servers are started for as long, with nothing in them, from what is installed (Debian's
postgresql and redis-server); else they are those that answer on 127.0.0.1:5432 and :6379.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack

from tests.dashboards import ADDRESSES, ROOT, numbers
from tests.marks import VARIABLE
from tests.servers import postgres, redis

SQLITE, SERVERS = "SQLite", "PostgreSQL and Redis"
IN_THE_GATE = {SQLITE: "not thorough", SERVERS: "backend and not thorough"}
# A process of pytest has two for its caches, and two for each dashboard that it serves.
NUMBERS_EACH = 6
LINE = "=" * 78


def main(arguments: list[str]) -> int:
    everything = arguments[:1] == ["--all"]
    given = arguments[1:] if everything else arguments
    # In the gate no test counts seconds, and one of them always waits for a clock or a socket.
    workers = (os.cpu_count() or 1) + (not everything)
    codes = {SQLITE: _pytest(SQLITE, given, {}, workers, everything=everything)}
    with ExitStack() as ending:
        servers = {
            "PostgreSQL": ending.enter_context(postgres()),
            "Redis": ending.enter_context(redis()),
        }
        missing = [name for name, address in servers.items() if not address]
        if not missing:
            # No such database is there, and that number is nobody's: each process takes its own.
            addresses = {
                "DATABASE_URL": f"{servers['PostgreSQL']}/none",
                "CACHE_URL": f"{servers['Redis']}/0",
            }
            workers = max(1, min(workers, len(numbers(servers["Redis"])) // NUMBERS_EACH))
            codes[SERVERS] = _pytest(SERVERS, given, addresses, workers, everything=everything)
    for name, code in codes.items():
        _say(f"{'passed' if code == 0 else f'FAILED ({code})'}: {_what(name, everything)}")
    if missing:
        _say(
            f"NOT RUN: {_what(SERVERS, everything)}. There is no {' and no '.join(missing)} on this"
            " machine. On Debian and Ubuntu: apt-get install postgresql redis-server"
        )
    return max(codes.values())


def _what(backends: str, everything: bool) -> str:
    if everything:
        return f"every test on {backends}"
    return f"the gate on {backends}"


def _pytest(
    backends: str, given: list[str], variables: dict[str, str], workers: int, *, everything: bool
) -> int:
    _say(_what(backends, everything))
    replaced = (*ADDRESSES, VARIABLE, "PYTHONDONTWRITEBYTECODE")
    inherited = {name: value for name, value in os.environ.items() if name not in replaced}
    # Hundreds of processes are started; to compile everything anew is half of what each one costs.
    environment = {**inherited, **variables, "PYTHONPYCACHEPREFIX": str(ROOT / "build/bytecode")}
    command = [sys.executable, "-m", "pytest", "-n", str(workers), "--dist", "worksteal"]
    if everything:
        environment[VARIABLE] = "yes"
    else:
        command += ["-m", IN_THE_GATE[backends]]
    return subprocess.run([*command, *given], env=environment, cwd=ROOT, check=False).returncode


def _say(what: str) -> None:
    print(f"{LINE}\n{what}\n{LINE}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
