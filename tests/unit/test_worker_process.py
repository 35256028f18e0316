"""Listings read in a process of their own: over real sockets, in real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from images.cloud import worker_process
from images.cloud.client import MIB, Account, Limits
from images.cloud.deadline import Deadline
from images.cloud.errors import (
    CloudError,
    Internal,
    OutOfTime,
    Refused,
    TooLarge,
    Unavailable,
    Unreadable,
)
from images.cloud.listing import list_images
from images.cloud.packing import decode_body
from images.cloud.worker_process import Packed, read_regions
from images.sandbox import Fault, Sandbox
from tests.liar import Liar, answer
from tests.marks import in_time

PATIENCE = 10.0


def account(cloud: Sandbox, seconds: float = 20) -> Account:
    return Account(cloud.url, cloud.token, Deadline(seconds))


def outcomes(cloud: Sandbox, seconds: float = 20) -> dict[str, Packed | CloudError]:
    return dict(read_regions(account(cloud, seconds), dict.fromkeys(("gz", "bj", "sh"), 100)))


def readers() -> list[int]:
    """The processes that are reading just now: children of the fork server's."""
    return [pid for server in fork_servers() for pid in children_of(server)]


def children_of(parent: int) -> list[int]:
    tasks = Path(f"/proc/{parent}/task").glob("*/children")
    return [int(pid) for each in tasks for pid in each.read_text().split()]


def fork_server() -> int:
    """The process that the reading ones are made by."""
    worker_process.get_ready()
    until(fork_servers)
    [server] = fork_servers()
    return server


def fork_servers() -> list[int]:
    """Return none or one; a browser is a child of this process as well."""
    return [
        pid
        for pid in children_of(os.getpid())
        if "forkserver" in Path(f"/proc/{pid}/cmdline").read_text()
    ]


def until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_every_region_comes_whole(cloud: Sandbox) -> None:
    for region, packed in outcomes(cloud).items():
        assert isinstance(packed, Packed)
        listing = list_images(account(cloud), region)
        assert decode_body(packed.body) == listing.images
        assert (packed.count, packed.moved, packed.calls) == (12, False, listing.calls)


def test_a_region_that_fails_leaves_the_others_alone(cloud: Sandbox) -> None:
    cloud.misbehave(Fault("errno", region="bj", errno=4))
    found = outcomes(cloud)

    assert isinstance(found["bj"], Refused)
    assert found["bj"].errno == 4
    assert found["bj"].request_id
    assert isinstance(found["gz"], Packed)
    assert isinstance(found["sh"], Packed)


def test_a_region_that_hangs_is_late_and_the_others_are_there(cloud: Sandbox) -> None:
    cloud.misbehave(Fault("hang", region="bj"))
    started = time.monotonic()
    found = outcomes(cloud, seconds=1)

    assert isinstance(found["bj"], OutOfTime)
    assert isinstance(found["gz"], Packed)
    assert in_time(time.monotonic() - started, 4)
    assert not readers()


def test_no_time_left_is_said_without_asking(cloud: Sandbox) -> None:
    found = outcomes(cloud, seconds=0)

    assert {type(each) for each in found.values()} == {OutOfTime}
    assert not cloud.calls


def test_a_process_that_is_killed_is_a_failure_of_what_it_had_not_read(cloud: Sandbox) -> None:
    cloud.misbehave(Fault("hang", region="bj"))
    reading = read_regions(account(cloud), dict.fromkeys(("gz", "bj", "sh"), 100))
    found = dict([next(reading), next(reading)])
    [reader] = readers()
    os.kill(reader, signal.SIGKILL)
    found |= reading

    assert isinstance(found["bj"], Internal)
    assert "signal 9" in str(found["bj"])
    assert {type(found["gz"]), type(found["sh"])} == {Packed}
    assert isinstance(outcomes(cloud, seconds=1)["gz"], Packed)


def test_a_fork_server_that_was_killed_is_started_again(cloud: Sandbox) -> None:
    os.kill(fork_server(), signal.SIGKILL)
    until(lambda: not fork_servers())

    again = outcomes(cloud).values()
    assert {type(each) for each in again} == {Packed}, [str(each)[:200] for each in again]


def test_the_time_that_our_own_process_takes_to_start_is_not_the_clouds(cloud: Sandbox) -> None:
    server, now = fork_server(), 0.0

    def clock() -> float:
        return now

    asking = Account(cloud.url, cloud.token, Deadline(20, clock))
    os.kill(server, signal.SIGSTOP)
    try:
        with ThreadPoolExecutor() as pool:
            reading = pool.submit(
                lambda: dict(read_regions(asking, dict.fromkeys(("gz", "bj"), 100)))
            )
            until(lambda: [each for each in threading.enumerate() if each.name == "start"])
            now = 100.0
            os.kill(server, signal.SIGCONT)
            found = reading.result()
    finally:
        os.kill(server, signal.SIGCONT)

    assert {type(each) for each in found.values()} == {Packed}


def test_a_process_that_cannot_start_is_our_fault_and_holds_nobody_up(
    cloud: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_process, "START_SECONDS", 0.2)
    server = fork_server()
    os.kill(server, signal.SIGSTOP)
    try:
        found = outcomes(cloud)
    finally:
        os.kill(server, signal.SIGCONT)

    assert {type(each) for each in found.values()} == {Internal}
    assert not cloud.calls
    monkeypatch.undo()
    again = outcomes(cloud).values()
    assert {type(each) for each in again} == {Packed}, [str(each)[:200] for each in again]


def test_an_answer_that_takes_too_much_memory_is_too_large() -> None:
    with Liar() as liar:
        liar.replies["cimg/list"] = lambda asked: answer(None).replace(
            b"null", b"[" + b"{}," * (10 * MIB) + b"{}]"
        )
        limits = Limits(memory=512 * MIB)
        asking = Account(liar.url, liar.token, Deadline(20), limits)
        found = dict(read_regions(asking, dict.fromkeys(("bj",), 100)))
        assert isinstance(found["bj"], TooLarge)
        assert "memory" in str(found["bj"])

        liar.replies = Liar().replies
        assert isinstance(dict(read_regions(asking, dict.fromkeys(("bj",), 100)))["bj"], Packed)


def test_a_process_that_stands_still_is_ended(cloud: Sandbox) -> None:
    cloud.misbehave(Fault("hang", region="bj"))
    reading = read_regions(account(cloud, seconds=2), dict.fromkeys(("gz", "bj", "sh"), 100))
    found = dict([next(reading), next(reading)])
    [reader] = readers()
    os.kill(reader, signal.SIGSTOP)
    found |= reading

    assert isinstance(found["bj"], OutOfTime)
    assert not readers()


def test_nothing_goes_on_reading_for_a_process_that_was_killed(cloud: Sandbox) -> None:
    cloud.misbehave(Fault("hang"))
    code = (
        "from images.cloud.worker_process import read_regions\n"
        "from images.cloud.client import Account, Deadline\n"
        f"account = Account({cloud.url!r}, {cloud.token!r}, Deadline(60))\n"
        "list(read_regions(account, {'bj': 100}))\n"
    )
    server = subprocess.Popen([sys.executable, "-c", code])
    until(lambda: cloud.calls)
    children = descendants(server.pid)
    assert children
    server.kill()
    server.wait()

    until(lambda: not any(Path(f"/proc/{pid}").exists() and alive(pid) for pid in children))


def descendants(pid: int) -> list[int]:
    children = children_of(pid)
    return [*children, *(each for below in children for each in descendants(below))]


def alive(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


@pytest.mark.parametrize("kind", ["reset", "html", "deep", "huge", "gzip_bomb"])
def test_whatever_the_cloud_says_the_reading_ends_with_a_reason(cloud: Sandbox, kind: str) -> None:
    cloud.misbehave(Fault(kind))

    for outcome in outcomes(cloud).values():
        assert isinstance(outcome, Unavailable | Unreadable | TooLarge)
