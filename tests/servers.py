"""PostgreSQL and Redis for tests: those of this machine, or started from what is installed."""

from __future__ import annotations

import glob
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.stack.running import answers_at, stop, wait_until

POSTGRES_PORT, REDIS_PORT = 5432, 6379
POSTGRES = f"postgres://postgres@127.0.0.1:{POSTGRES_PORT}"
REDIS = f"redis://127.0.0.1:{REDIS_PORT}"
DEBIANS_POSTGRES = "/usr/lib/postgresql/*/bin"


@contextmanager
def postgres() -> Iterator[bool]:
    """Whether there is one, for as long as this lasts."""
    folder = next(iter(sorted(glob.glob(DEBIANS_POSTGRES), reverse=True)), "")
    initdb = shutil.which("initdb", path=f"{folder}:{os.environ['PATH']}")
    if answers_at(POSTGRES_PORT) or not initdb:
        yield answers_at(POSTGRES_PORT)
        return
    with tempfile.TemporaryDirectory() as parent:
        data = f"{parent}/data"
        user = _ordinary_user(parent)
        made = [*user, initdb, "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8"]
        subprocess.run(made, check=True, capture_output=True, cwd=parent)
        options = ("-p", str(POSTGRES_PORT), "-k", parent, "-N", "200", "-c", "fsync=off")
        server = [*user, str(Path(initdb).with_name("postgres")), "-D", data, *options]
        with _started(server, POSTGRES_PORT, parent):
            yield True


@contextmanager
def redis() -> Iterator[bool]:
    """Whether there is one, for as long as this lasts."""
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    if answers_at(REDIS_PORT) or not program:
        yield answers_at(REDIS_PORT)
        return
    with tempfile.TemporaryDirectory() as folder:
        server = [program, "--port", str(REDIS_PORT), "--bind", "127.0.0.1", "--save", ""]
        with _started(server, REDIS_PORT, folder):
            yield True


def _ordinary_user(folder: str) -> tuple[str, ...]:
    """PostgreSQL refuses to run as root: what has it run as its own user, who gets the folder."""
    if os.getuid() != 0:
        return ()
    shutil.chown(folder, "postgres")
    return ("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups")


@contextmanager
def _started(command: Sequence[str], port: int, folder: str) -> Iterator[None]:
    with (Path(folder) / "log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
    try:
        wait_until(lambda: process.poll() is not None or answers_at(port))
        assert process.poll() is None, (Path(folder) / "log").read_text("utf-8")
        yield
    finally:
        stop(process)
