"""The demo, `make run`: a sandbox cloud, the dashboard with a person and two accounts, `refresh`.

Everything listens on this machine alone and keeps its data in var/demo, apart from real data.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import FrameType

# A known password is safe here: the demo listens only on the loopback and shows invented images.
USER, PASSWORD = "demo", "demo"
# By its label here, which of the sandbox's tokens an account is read with.
ACCOUNTS = {"Production": "token", "Testing": "other_token"}
READY_SECONDS = 120
BASE_DIR = Path(__file__).resolve().parent.parent


def main() -> None:
    port = int(os.environ.get("PORT", "8000"))
    _refuse_taken(port)
    # Both are set, because a shell's background job starts with SIGINT ignored.
    signal.signal(signal.SIGINT, _stop)
    signal.signal(signal.SIGTERM, _stop)
    children: list[subprocess.Popen[str]] = []
    try:
        cloud, url = _start_cloud()
        children.append(cloud)
        os.environ |= {"DIDIYUN_API_URL": url, "VAR_DIR": str(BASE_DIR / "var" / "demo")}
        os.environ["DEMO"] = f"{USER}/{PASSWORD}"
        os.environ.setdefault("LOG_LEVEL", "WARNING")
        _prepare(url)
        children.append(_start_dashboard())
        children.append(_start_upkeep())
        _wait_until_ready(port, children)
        print(f"\n  Dashboard   http://127.0.0.1:{port}/")
        print(f"  Sign in     {USER} / {PASSWORD}")
        print(f"  Cloud       {url} (sandbox, invented images)")
        print("\n  Ctrl-C stops everything.\n", flush=True)
        while all(child.poll() is None for child in children):
            time.sleep(0.2)
        sys.exit("A part of the demo has stopped.")
    except KeyboardInterrupt:
        print("\nStopping …")
    finally:
        for child in children:
            child.terminate()
        for child in children:
            child.wait()


def _stop(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _refuse_taken(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            sys.exit(f"Port {port} is taken. Free it, or choose another: make run PORT={port + 1}")


def _start_cloud() -> tuple[subprocess.Popen[str], str]:
    """Start the sandbox on a free port; return its process and its address."""
    sandbox = [sys.executable, "-m", "images.sandbox", "--port", "0", "--images", "250"]
    command = [*sandbox, "--lively", "20"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=BASE_DIR)
    assert process.stdout
    found = re.search(r"http://\S+", process.stdout.readline())
    if not found:
        sys.exit("The sandbox cloud did not start.")
    return process, found[0]


def _prepare(url: str) -> None:
    """Create the database, the person and the accounts where they are missing."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
    import django

    django.setup()
    from django.core.management import call_command

    from dashboard.audit.trail import COMMAND
    from dashboard.people.models import User
    from dashboard.tokens.lifecycle import add_token

    call_command("prepare")
    person = User.objects.named(USER)
    if person is None:
        person = User.objects.create_superuser(USER, password=PASSWORD)
    if not person.tokens.exists():
        with urllib.request.urlopen(f"{url}/sandbox/tokens") as answer:  # noqa: S310  (ours)
            tokens = json.load(answer)
        for label, name in ACCOUNTS.items():
            add_token(person, label, tokens[name], by=COMMAND)


def _start_dashboard() -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "gunicorn", "--config", "python:dashboard.gunicorn"]
    return subprocess.Popen([*command, "dashboard.wsgi"], text=True, cwd=BASE_DIR)


def _start_upkeep() -> subprocess.Popen[str]:
    command = [sys.executable, "manage.py", "refresh", "--every", "60"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, text=True, cwd=BASE_DIR)


def _wait_until_ready(port: int, children: list[subprocess.Popen[str]]) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and all(child.poll() is None for child in children):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    if all(child.poll() is None for child in children):
        sys.exit(f"The dashboard was not ready after {READY_SECONDS} seconds.")
    sys.exit("The dashboard did not start; the lines above say why.")


if __name__ == "__main__":
    main()
