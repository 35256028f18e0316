"""Killing, restarting and reloading the dashboards of a deployment: nobody who comes meanwhile is
turned away."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests import dashboards
from tests.marks import in_time
from tests.stack import running as processes
from tests.stack.client import Answer, csrf_token
from tests.stack.deployment import Deployment
from tests.stack.test_deployment import said_once

LOGIN = "/accounts/login/"


@contextmanager
def visitors(ask: Callable[[], int], number: int = 3) -> Iterator[Counter[int]]:
    """So many people who ask again and again, and how often they got which status; 0 is none."""
    got: Counter[int] = Counter()
    enough = threading.Event()

    def visit() -> None:
        # Not so fast that whoever starts meanwhile gets no processor.
        while not enough.wait(0.02):
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


def more_come(got: Counter[int], number: int = 20) -> None:
    """Until so many more were answered."""
    before = got.total()
    processes.wait_until(lambda: got.total() >= before + number)


def sign_in_page(port: int) -> int:
    """Of a gunicorn, without nginx."""
    address = f"http://127.0.0.1:{port}{LOGIN}"
    request = urllib.request.Request(address, headers={"X-Forwarded-Proto": "https"})
    with urllib.request.urlopen(request, timeout=120) as answer:
        return int(answer.status)


def workers(server: processes.Process) -> set[str]:
    return set(Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split())


def reload(server: processes.Process) -> None:
    """Until none of the workers is one of those before."""
    before = workers(server)
    server.send_signal(signal.SIGHUP)
    processes.wait_until(lambda: len(workers(server)) == 2 and not before & workers(server))


def answered(here: Deployment, port: int) -> int:
    """How many requests that dashboard has logged."""
    return (here.folder / f"gunicorn-{port}.log").read_text("utf-8").count('"event": "request"')


@pytest.mark.thorough
def test_reloading_turns_nobody_away(running: Deployment) -> None:
    """Neither those whom no nginx would pass on to another dashboard, nor who waits for the cloud
    just then, with something that is not to be done twice."""
    port = next(iter(running.servers))
    with visitors(lambda: sign_in_page(port)) as got, checking_a_token(running) as checked:
        more_come(got)
        for server in running.servers.values():
            reload(server)
        more_come(got)

    assert set(got) == {200}
    assert checked.result().status == 302


@contextmanager
def checking_a_token(running: Deployment) -> Iterator[Future[Answer]]:
    """While somebody waits for a check of their token, for two answers of a slow cloud."""
    ann, cloud = running.signed_in(), running.cloud
    page = re.search(r'href="(/tokens/[0-9a-f-]{36}/)"', ann.get("/tokens/").text)
    assert page
    form = {"csrfmiddlewaretoken": csrf_token(ann.get(page[1]))}
    cloud.latency, before = 1.5, len(cloud.calls)
    try:
        with ThreadPoolExecutor(1) as pool:
            checked = pool.submit(ann.post, f"{page[1]}check/", form)
            processes.wait_until(lambda: len(cloud.calls) > before)
            yield checked
            checked.result()
    finally:
        cloud.latency = 0.0


def test_a_worker_that_is_killed_is_back_at_once_and_not_missed(running: Deployment) -> None:
    ann = running.signed_in()
    server = next(iter(running.servers.values()))
    before = workers(server)
    with visitors(lambda: ann.get("/images/").status) as got:
        more_come(got)
        os.kill(int(min(before)), signal.SIGKILL)
        started = time.monotonic()
        processes.wait_until(lambda: len(workers(server) - {min(before)}) == 2)
        took = time.monotonic() - started
        more_come(got)

    assert set(got) == {200}
    assert in_time(took, 5)


@pytest.mark.thorough
def test_nobody_is_turned_away_while_one_is_upgraded_nor_when_the_other_is_killed(
    running: Deployment,
) -> None:
    """The second goes when the first has visitors again: nginx leaves who refused alone for a
    moment."""
    first, second = running.servers
    ann = running.signed_in()
    with visitors(lambda: ann.get("/images/").status) as got:
        more_come(got)
        assert processes.stop(running.servers[first]) == 0
        more_come(got)
        running.start(first)
        before = answered(running, first)
        processes.wait_until(lambda: answered(running, first) > before)
        processes.kill(running.servers[second])
        more_come(got, 60)
    running.start(second)

    assert set(got) == {200}


@pytest.fixture(scope="module")
def nothing_running(running: Deployment) -> Iterator[int]:
    """A port at which nginx looks for a dashboard, of which there is none."""
    for server in running.servers.values():
        processes.kill(server)
    yield next(iter(running.servers))
    running.start(*running.servers)
    someone = running.client()
    processes.wait_until(lambda: someone.get("/healthz").status == 200)


def test_without_any_a_page_says_so(running: Deployment, nothing_running: int) -> None:
    someone = running.client()
    for path in ("/images/", "/static/css/app.css", "/api/v1/images"):
        answer = someone.get(path)
        assert answer.status == 502
        assert said_once(answer)
        assert "Back soon" in answer.text
        assert "请稍候" in answer.text


def test_a_fault_of_ours_has_every_security_header_too(
    running: Deployment, nothing_running: int, tmp_path: Path
) -> None:
    """Of a dashboard whose database has no tables."""
    environment = running.environment | {"VAR_DIR": str(tmp_path), "DATABASE_URL": ""}
    server = processes.serve(environment, nothing_running, tmp_path / "log")
    try:
        someone = running.client()
        # Through nginx, which leaves who refused alone for a moment.
        processes.wait_until(lambda: someone.get("/healthz").status == 200)
        someone.cookies["__Host-sessionid"] = "0" * 32
        answers = [someone.get("/images/"), someone.get("/api/v1/images")]
    finally:
        processes.stop(server)

    assert [answer.status for answer in answers] == [500, 500]
    assert all(said_once(answer) for answer in answers)
    assert answers[1].headers["Content-Type"] == "application/problem+json"


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
        cwd=dashboards.ROOT,
        pass_fds=[number],
    )


@pytest.mark.thorough
def test_with_a_socket_of_systemds_even_a_single_one_turns_nobody_away(tmp_path: Path) -> None:
    """deploy/systemd/image-dashboard@.socket stays open while its service restarts."""
    with (
        socket.create_server(("127.0.0.1", 0), backlog=2048) as listener,
        dashboards.backends() as addresses,
    ):
        port = listener.getsockname()[1]
        environment = os.environ | addresses | {"VAR_DIR": str(tmp_path), "PUBLIC_URL": ""}
        dashboards.manage(environment, (("prepare",), ""))
        server = start_on(listener, environment)
        try:
            processes.wait_until_ready(port)
            with visitors(lambda: sign_in_page(port)) as got:
                more_come(got)
                assert processes.stop(server) == 0
                server = start_on(listener, environment)
                more_come(got)
        finally:
            processes.stop(server)

    assert set(got) == {200}


@pytest.mark.thorough
def test_the_database_is_prepared_once_when_two_machines_start(running: Deployment) -> None:
    command = [sys.executable, "manage.py", "prepare"]
    both = [
        subprocess.Popen(command, env=running.environment, cwd=dashboards.ROOT) for _ in range(2)
    ]

    assert [process.wait() for process in both] == [0, 0]
