"""Starting the processes of a deployment on this machine, and stopping them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tests.dashboards import ROOT

READY_SECONDS = 120
SERVER = ("-m", "gunicorn", "--config", "python:dashboard.gunicorn", "dashboard.wsgi")

Process = subprocess.Popen[bytes]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def serve(environment: dict[str, str], port: int, log: Path) -> Process:
    """A gunicorn of two workers. Its log goes on where an earlier one's ended."""
    with log.open("ab") as file:
        return subprocess.Popen(
            [sys.executable, *SERVER],
            env=environment | {"PORT": str(port)},
            cwd=ROOT,
            stderr=file,
            start_new_session=True,
        )


def refresh(environment: dict[str, str], log: Path) -> Process:
    """A refresher. Its log goes on where an earlier one's ended."""
    command = [sys.executable, "manage.py", "refresh", "--every", "60"]
    with log.open("ab") as file:
        return subprocess.Popen(command, env=environment, cwd=ROOT, stdout=file, stderr=file)


def wait_until(so: Callable[[], object], seconds: float = READY_SECONDS, what: str = "it") -> None:
    """Until it says yes, instead of no or an error of the network."""
    deadline = time.monotonic() + seconds
    while True:
        with suppress(OSError):
            if so():
                return
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(0.05)


def wait_until_ready(port: int) -> None:
    """Until a dashboard answers there."""

    def answers() -> bool:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
            return bool(answer.status == 200)

    wait_until(answers)


def answers_at(port: int) -> bool:
    """Whether somebody listens there."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
        return True
    return False


def wait_until_listening(port: int) -> None:
    wait_until(lambda: answers_at(port))


def stop(process: Process) -> int:
    """Its exit status; what has stopped already stays so."""
    process.terminate()
    return process.wait(READY_SECONDS)


def children(pid: int) -> list[int]:
    """The processes that it started, the oldest first."""
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in listed.split()]


def kill(server: Process) -> None:
    """With all its workers, and without a warning."""
    os.killpg(server.pid, signal.SIGKILL)
    server.wait()
