"""PostgreSQL and Redis for tests: started from what is installed, or those that answer here."""

from __future__ import annotations

import glob
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Literal

import psycopg

from tests.stack.running import Process, answers_at, children, free_port, stop, wait_until

POSTGRES_PORT, REDIS_PORT = 5432, 6379  # where they answer who starts none
# What is written here need not outlive anything.
FOR_TESTS = ("-N", "200", "-c", "fsync=off", "-c", "full_page_writes=off")
DATABASES = "64"  # of a Redis: two for each process of pytest, and for each dashboard
DEBIANS_POSTGRES = "/usr/lib/postgresql/*/bin"


class Server:
    """What may be killed, and be started again on what it had written in its folder. `ready` says
    of a port whether it can be used there."""

    def __init__(
        self, command: Sequence[str], port: int, folder: str, ready: Callable[[int], bool]
    ) -> None:
        self.command, self.port, self.folder, self.ready = command, port, Path(folder), ready
        self.process = self._started()

    def _started(self) -> Process:
        log = self.folder / "log"
        with log.open("ab") as file:
            process = subprocess.Popen(self.command, stdout=file, stderr=file, cwd=self.folder)
        wait_until(lambda: process.poll() is not None or self.ready(self.port))
        assert process.poll() is None, log.read_text("utf-8")
        return process

    def kill(self) -> None:
        """With all its processes at once, and without a warning."""
        os.kill(self.process.pid, signal.SIGSTOP)  # so that it starts no other meanwhile
        for pid in (*children(self.process.pid), self.process.pid):
            os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def start_again(self) -> None:
        self.process = self._started()


def can_start_postgres() -> bool:
    return bool(_initdb())


def can_start_redis() -> bool:
    return bool(_redis_server())


def postgres() -> AbstractContextManager[str]:
    """The address of a server of our own, of the one that answers, or "" where there is none."""
    own = can_start_postgres() and started_postgres(free_port(), *FOR_TESTS)
    return _address(own, "postgres://postgres@127.0.0.1", POSTGRES_PORT)


def redis() -> AbstractContextManager[str]:
    """The address of a server of our own, of the one that answers, or "" where there is none."""
    own = can_start_redis() and started_redis(free_port())
    return _address(own, "redis://127.0.0.1", REDIS_PORT)


@contextmanager
def _address(
    own: AbstractContextManager[Server] | Literal[False], host: str, usual: int
) -> Iterator[str]:
    if own:
        with own as server:
            yield f"{host}:{server.port}"
    else:
        yield f"{host}:{usual}" if answers_at(usual) else ""


@contextmanager
def started_postgres(port: int, *options: str) -> Iterator[Server]:
    """One with nothing in it but the user postgres, who needs no password."""
    initdb = _initdb()
    with tempfile.TemporaryDirectory() as parent:
        data = f"{parent}/data"
        user = _ordinary_user(parent)
        made = [*user, initdb, "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8"]
        subprocess.run(made, check=True, capture_output=True, cwd=parent)
        program = str(Path(initdb).with_name("postgres"))
        command = [*user, program, "-D", data, "-p", str(port), "-k", parent, *options]
        with _stopped_in_the_end(Server(command, port, parent, _takes_queries)) as server:
            yield server


@contextmanager
def started_redis(port: int) -> Iterator[Server]:
    """One with nothing in it, which keeps nothing."""
    with tempfile.TemporaryDirectory() as folder:
        command = [_redis_server(), "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
        command += ["--databases", DATABASES]
        with _stopped_in_the_end(Server(command, port, folder, answers_at)) as server:
            yield server


PGBOUNCER = """
[databases]
* = host={host} port={port} user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {own}
auth_type = any
pool_mode = transaction
default_pool_size = 5
logfile = {folder}/pgbouncer.log
"""


def can_start_pgbouncer() -> bool:
    return bool(shutil.which("pgbouncer"))


@contextmanager
def started_pgbouncer(host: str, port: int) -> Iterator[Server]:
    """One that pools transactions of the PostgreSQL that is there."""
    own = free_port()
    with tempfile.TemporaryDirectory() as folder:
        settings = Path(folder, "pgbouncer.ini")
        settings.write_text(PGBOUNCER.format(host=host, port=port, own=own, folder=folder))
        command = [*_ordinary_user(folder), "pgbouncer", str(settings)]
        with _stopped_in_the_end(Server(command, own, folder, answers_at)) as server:
            yield server


@contextmanager
def _stopped_in_the_end(server: Server) -> Iterator[Server]:
    try:
        yield server
    finally:
        stop(server.process)


def _takes_queries(port: int) -> bool:
    """It listens before it does, while it looks after what it was killed with."""
    with suppress(psycopg.OperationalError):
        psycopg.connect(f"postgres://postgres@127.0.0.1:{port}/postgres").close()
        return True
    return False


def _initdb() -> str:
    folder = next(iter(sorted(glob.glob(DEBIANS_POSTGRES), reverse=True)), "")
    return shutil.which("initdb", path=f"{folder}:{os.environ['PATH']}") or ""


def _redis_server() -> str:
    return shutil.which("redis-server") or shutil.which("valkey-server") or ""


def _ordinary_user(folder: str) -> tuple[str, ...]:
    """PostgreSQL refuses to run as root: what has it run as its own user, who gets the folder."""
    if os.getuid() != 0:
        return ()
    shutil.chown(folder, "postgres")
    return ("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups")
