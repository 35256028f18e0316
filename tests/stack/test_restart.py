"""Killing, restarting and reloading the dashboards of a deployment: nobody who comes meanwhile is
turned away."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.stack import running as processes
from tests.stack.deployment import PASSWORD, USER, Deployment
from tests.stack.test_deployment import said_once

LOGIN = "/accounts/login/"


@contextmanager
def visitors(ask: Callable[[], int], number: int = 3) -> Iterator[Counter[int]]:
    """So many people who ask all the time, and how often they got which status."""
    got: Counter[int] = Counter()
    enough = threading.Event()

    def visit() -> None:
        while not enough.is_set():
            try:
                status = ask()
            except OSError:
                status = 0
            got[status] += 1

    threads = [threading.Thread(target=visit) for _ in range(number)]
    for thread in threads:
        thread.start()
    try:
        yield got
    finally:
        enough.set()
        for thread in threads:
            thread.join()


def workers(server: processes.Process) -> set[str]:
    return set(Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split())


def reload(server: processes.Process) -> None:
    """Until none of the workers is one of those before."""
    before = workers(server)
    server.send_signal(signal.SIGHUP)
    processes.wait_until(lambda: len(workers(server)) == 2 and not before & workers(server))


def test_an_upgrade_turns_nobody_away(running: Deployment) -> None:
    """Each dashboard in turn stops, as after an upgrade, and starts; then each reloads."""
    ann = running.signed_in()
    with visitors(lambda: ann.get("/tokens/").status) as got:
        for port in running.servers:
            assert processes.stop(running.servers[port]) == 0
            running.start(port)
        for server in running.servers.values():
            reload(server)

    assert set(got) == {200}
    assert got[200] > 10


def test_one_that_is_killed_is_not_missed_and_without_any_a_page_says_so(
    running: Deployment,
) -> None:
    first, second = running.servers
    ann = running.signed_in()
    processes.kill(running.servers[first])
    assert {ann.get("/images/").status for _ in range(6)} == {200}
    assert running.client().sign_in(USER, PASSWORD).status == 302

    processes.kill(running.servers[second])
    for answer in (ann.get("/images/"), ann.get("/static/css/app.css"), ann.post(LOGIN, {})):
        assert answer.status == 502
        assert said_once(answer)
        assert "Back soon" in answer.text
        assert "请稍候" in answer.text

    for port in (first, second):
        running.start(port)
    processes.wait_until(lambda: ann.get("/images/").status == 200)


# What systemd does between its fork and the program.
GIVE_SOCKET = """
import os, sys

os.dup2(int(sys.argv[1]), 3)
os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"}
os.execv(sys.executable, [sys.executable, *sys.argv[2:]])
"""


def start_on(listener: socket.socket, environment: dict[str, str]) -> processes.Process:
    """A gunicorn with a socket of somebody else's."""
    number = listener.fileno()
    return subprocess.Popen(
        [sys.executable, "-c", GIVE_SOCKET, str(number), *processes.SERVER],
        env=environment,
        cwd=processes.ROOT,
        pass_fds=[number],
    )


def test_with_a_socket_of_systemds_even_a_single_one_turns_nobody_away(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=2048) as listener:
        port = listener.getsockname()[1]
        environment = os.environ | {"VAR_DIR": str(tmp_path), "PUBLIC_URL": ""}
        processes.manage(environment, "prepare")
        server = start_on(listener, environment)
        try:
            processes.wait_until_ready(port)
            with visitors(lambda: sign_in_page(port)) as got:
                assert processes.stop(server) == 0
                server = start_on(listener, environment)
                processes.wait_until_ready(port)
        finally:
            processes.stop(server)

    assert set(got) == {200}


def sign_in_page(port: int) -> int:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{LOGIN}", timeout=120) as answer:
        return int(answer.status)


def test_the_database_is_prepared_once_when_two_machines_start(running: Deployment) -> None:
    command = [sys.executable, "manage.py", "prepare"]
    running_both = [
        subprocess.Popen(command, env=running.environment, cwd=processes.ROOT) for _ in range(2)
    ]

    assert [process.wait() for process in running_both] == [0, 0]
