"""Starting the processes of a deployment on this machine, and stopping them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
READY_SECONDS = 120
SERVER = ("-m", "gunicorn", "--config", "python:dashboard.gunicorn", "dashboard.wsgi")

Process = subprocess.Popen[bytes]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def manage(environment: dict[str, str], *arguments: str, stdin: str = "") -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        input=stdin,
        env=environment,
        cwd=ROOT,
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def serve(environment: dict[str, str], port: int, log: Path) -> Process:
    """A gunicorn of two workers. Its log goes on where an earlier one's ended."""
    with log.open("ab") as file:
        return subprocess.Popen(
            [sys.executable, *SERVER],
            env=environment | {"PORT": str(port)},
            cwd=ROOT,
            stderr=file,
        )


def refresh(environment: dict[str, str], log: Path) -> Process:
    command = [sys.executable, "manage.py", "refresh", "--every", "60"]
    with log.open("ab") as file:
        return subprocess.Popen(command, env=environment, cwd=ROOT, stdout=file, stderr=file)


def wait_until_ready(port: int) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2).close()
        except (urllib.error.URLError, OSError):
            assert time.monotonic() < deadline, "the dashboard did not start"
            time.sleep(0.05)
        else:
            return


def wait_until_listening(port: int) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=2).close()
        except OSError:
            assert time.monotonic() < deadline, f"nothing listens on port {port}"
            time.sleep(0.02)
        else:
            return


def stop(process: Process, number: int = signal.SIGTERM) -> int:
    """Its exit status; what has stopped already stays so."""
    if process.poll() is None:
        os.kill(process.pid, number)
    return process.wait(READY_SECONDS)
