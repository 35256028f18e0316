"""Listings read in a process of their own, which lives as long as the reading.

Reading 10,000 images keeps an interpreter busy for a second. In a thread of a web worker that would
be taken from every view the worker serves meanwhile, many times over; here it costs them nothing,
whatever memory it took is given back, and an answer that makes the interpreter crash or stall does
so to nobody else.

Python's fork server makes these processes: started once by each worker, it has everything imported
and no thread, so a fork of it is safe and takes milliseconds.
"""

from __future__ import annotations

import atexit
import multiprocessing
import os
import resource
import signal
import threading
import time
import traceback
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import connection, forkserver
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess

from images.cloud import heap
from images.cloud.client import Account, Call, Limits
from images.cloud.deadline import Deadline
from images.cloud.errors import CloudError, Internal, OutOfTime, TooLarge
from images.cloud.listing import list_images
from images.cloud.packing import encode_body, encode_images, version_of
from images.cloud.reading import Problems
from images.cloud.worker_desk import ASKS, Desk

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload([__name__])

# For the fork server to start, with all that is imported, and to fork: no time of the cloud's.
START_SECONDS = 10.0
# For whoever is out of time to say so itself.
GRACE_SECONDS = 1.0
# As many read side by side as there may be calls at once; each holds a whole list.
REGIONS_AT_ONCE = 8
# The exit code of a process that may take no more memory: the C library's number for that.
OUT_OF_MEMORY = 12

# How a process ends: it told of all regions, or did not start, or somebody or its own fault ended
# it.
READ, NOT_STARTED, KILLED = "read", "not started", "killed"
# Or it stood still until its watchdog ended it, or wanted more memory than it may take.
ENDINGS: dict[type[CloudError], str] = {OutOfTime: "late", TooLarge: "out of memory"}

# Set when this process ends, which ends its worker processes first: no failure of the cloud.
_ending = threading.Event()
atexit.register(_ending.set)


@dataclass(frozen=True)
class Packed:
    """A listing as bytes.

    `version` is the same for the same images, `size` what they take before compression; the rest as
    in `images.cloud.listing.Listing`.
    """

    version: str
    body: bytes
    size: int
    weight: int
    count: int
    problems: Problems
    request_id: str
    moved: bool
    seconds: float
    calls: int
    page_limit: int


def get_ready() -> None:
    """Start the fork server, so that the first reading need not wait for it."""
    forkserver.ensure_running()


def read_regions(
    account: Account, regions: Mapping[str, int]
) -> Iterator[tuple[str, Packed | CloudError]]:
    """List every region's images side by side; yield each one's outcome as soon as it is there.

    `regions` says how many images each may be asked for at once.

    All are there by the account's deadline, whatever becomes of the process. The account is told of
    the calls as well, unless the process dies with what it knew of them.
    """
    missing = dict.fromkeys(regions)
    ours, its = _context.Pipe()
    arguments = (its, account.url, account.token, account.limits, regions)
    process = _context.Process(target=_read, args=arguments, daemon=True)
    broken = NOT_STARTED
    try:
        account.deadline.left()
        with account.deadline.stopped():
            _start(process, ours, its)
        broken = KILLED
        watchdog = _Watchdog(process, account.deadline)
        try:
            ours.send(account.deadline.left())
            while missing:
                told = ours.recv()
                if told == ASKS:
                    account.permit(account.deadline)
                    ours.send(watchdog.wait_longer())
                    continue
                region, outcome, calls = told
                for call in calls:
                    account.note(call)
                del missing[region]
                yield region, outcome
            account.ended(READ)
        except (EOFError, OSError):
            process.join(GRACE_SECONDS)
            account.deadline.left()
            raise _end_of(process) from None
        finally:
            watchdog.cancel()
            process.kill()
            process.join(GRACE_SECONDS)
    except (OutOfTime, TooLarge, Internal) as error:
        if not _ending.is_set():
            account.ended(ENDINGS.get(type(error), broken))
            yield from ((region, error) for region in missing)
    finally:
        ours.close()


class _Watchdog:
    """Ends the process when the deadline has passed."""

    def __init__(self, process: ForkServerProcess, deadline: Deadline) -> None:
        self._process, self._deadline = process, deadline
        self._timer = self._timer_of(deadline.left())

    def _timer_of(self, left: float) -> threading.Timer:
        self._until = time.monotonic() + left
        timer = threading.Timer(left + GRACE_SECONDS, self._process.kill)
        timer.daemon = True
        timer.start()
        return timer

    def wait_longer(self) -> float:
        """Wait for the deadline as it is by now; return how many seconds are left."""
        left = self._deadline.left()
        if time.monotonic() + left > self._until + GRACE_SECONDS / 2:
            self._timer.cancel()
            self._timer = self._timer_of(left)
        return left

    def cancel(self) -> None:
        self._timer.cancel()


def _start(process: ForkServerProcess, ours: Connection, its: Connection) -> None:
    """Return once the process is ready to read.

    It is started in a thread, for nothing else bounds how long the fork server takes: a process
    that is late finds nobody to read for, and ends.
    """
    failures: list[Exception] = []

    def start() -> None:
        try:
            _start_when_it_can(process)
        except Exception as error:
            failures.append(error)
        finally:
            its.close()

    starting = threading.Thread(target=start, name="start", daemon=True)
    starting.start()
    try:
        if not ours.poll(START_SECONDS):
            raise Internal("the process that reads lists did not start in time")
        ours.recv()
        # It may be ready before this thread knows that it is there, and could not be killed then.
        starting.join(START_SECONDS)
    except (EOFError, OSError):
        if failures:
            reason = type(failures[0]).__name__
            raise Internal(f"the process that reads lists could not be started: {reason}") from None
        starting.join(START_SECONDS)
        process.join(GRACE_SECONDS)
        raise _end_of(process) from None


def _start_when_it_can(process: ForkServerProcess) -> None:
    """Start the process; wait for a fork server that was killed to be gone, and a new one made.

    For some milliseconds it refuses already and still counts as running.
    """
    last = time.monotonic() + START_SECONDS
    while True:
        try:
            return process.start()
        except (ConnectionError, EOFError):
            if time.monotonic() > last:
                raise
            time.sleep(0.02)


def _end_of(process: ForkServerProcess) -> CloudError:
    """Why a process ended before it had told everything."""
    code = process.exitcode
    if code == OUT_OF_MEMORY:
        return TooLarge("reading the answer takes more memory than it may")
    how = "" if code is None else f" by signal {-code}" if code < 0 else f" with exit code {code}"
    return Internal(f"the process that reads lists was ended{how}")


def _read(
    parent: Connection, url: str, token: str, limits: Limits, regions: Mapping[str, int]
) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which ends us.
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _limit_memory(limits.memory)
    made: deque[Call] = deque()
    try:
        parent.send("ready")
        deadline = Deadline(parent.recv())
        desk = Desk(parent, deadline)
        account = Account(url, token, deadline, limits=limits, note=made.append, permit=desk.permit)
        with ThreadPoolExecutor(REGIONS_AT_ONCE, thread_name_prefix="region") as pool:
            running = {
                pool.submit(_packed, account, region, limit): region
                for region, limit in regions.items()
            }
            for future in as_completed(running):
                outcome, calls = _outcome(future), [made.popleft() for _ in range(len(made))]
                desk.send((running.pop(future), outcome, calls))
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    except (EOFError, OSError):
        os._exit(1)  # Nobody listens any more.


def _limit_memory(most: int) -> None:
    heap.share()  # 64 MiB of addresses for each thread would count for the limit.
    # Not every system knows this limit, or lets it be as low.
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _outcome(future: Future[Packed]) -> Packed | CloudError:
    try:
        return future.result()
    except CloudError as error:
        return error
    except MemoryError:
        return TooLarge("reading the answer takes more memory than it may")
    except Exception as error:
        # Where it was, and not its text, which may quote the cloud.
        frame = traceback.extract_tb(error.__traceback__)[-1]
        return Internal(f"{type(error).__name__} in {frame.name}, line {frame.lineno}")


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent, "runs in a worker process"  # noqa: S101
    connection.wait([parent.sentinel])
    os._exit(1)


def _packed(account: Account, region: str, page_limit: int) -> Packed:
    listing = list_images(account, region, page_limit)
    pieces = encode_images(listing.images)
    return Packed(
        version=version_of(pieces),
        body=encode_body(pieces),
        size=sum(map(len, pieces)),
        weight=listing.weight,
        count=len(listing.images),
        problems=listing.problems,
        request_id=listing.request_id,
        moved=listing.moved,
        seconds=listing.seconds,
        calls=listing.calls,
        page_limit=listing.page_limit,
    )
