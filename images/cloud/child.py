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
import signal
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import connection, forkserver
from multiprocessing.connection import Connection

from images.cloud.client import Account, Call, Deadline
from images.cloud.errors import CloudError, OutOfTime, Unreadable
from images.cloud.listing import list_images
from images.cloud.packing import encode_body, encode_images, version_of
from images.cloud.reading import Problems

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload([__name__])

# For whoever is out of time to say so itself.
GRACE_SECONDS = 1.0

# Set when this process ends, which ends its children first: that is no failure of the cloud's.
_ending = threading.Event()
atexit.register(_ending.set)


@dataclass(frozen=True)
class Packed:
    """A listing as bytes. `version` is the same for the same images, `size` what they take before
    compression; the rest as in `images.cloud.listing.Listing`."""

    version: str
    body: bytes
    size: int
    count: int
    problems: Problems
    request_id: str
    moved: bool
    seconds: float
    calls: int


def get_ready() -> None:
    """Start the fork server, so that the first reading need not wait for it."""
    forkserver.ensure_running()


def read_regions(
    account: Account, regions: Sequence[str]
) -> Iterator[tuple[str, Packed | CloudError]]:
    """List every region's images side by side; each one's outcome as soon as it is there, all of
    them by the account's deadline, whatever becomes of the process. The account is told of the
    calls as well, unless the process dies with what it knew of them."""
    missing = dict.fromkeys(regions)
    receiver, sender = _context.Pipe(duplex=False)
    try:
        seconds = account.deadline.left()
        process = _context.Process(
            target=_read, args=(sender, account.url, account.token, seconds, regions), daemon=True
        )
        process.start()
        sender.close()
        try:
            while missing:
                if not receiver.poll(_time_left(account.deadline)):
                    raise OutOfTime("the reading took too long")
                region, outcome, calls = receiver.recv()
                for call in calls:
                    account.note(call)
                del missing[region]
                yield region, outcome
        finally:
            process.kill()
            process.join()
    except OutOfTime as error:
        yield from ((region, error) for region in missing)
    except (EOFError, OSError):
        if not _ending.is_set():
            failure = Unreadable("the process that read the answer has ended")
            yield from ((region, failure) for region in missing)
    finally:
        receiver.close()
        sender.close()


def _time_left(deadline: Deadline) -> float:
    try:
        return deadline.left() + GRACE_SECONDS
    except OutOfTime:
        return GRACE_SECONDS


def _read(sender: Connection, url: str, token: str, seconds: float, regions: Sequence[str]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which ends us.
    threading.Thread(target=_end_with_parent, daemon=True).start()
    made: deque[Call] = deque()
    account = Account(url, token, Deadline(seconds), note=made.append)
    with ThreadPoolExecutor(len(regions), thread_name_prefix="region") as pool:
        running = {pool.submit(_packed, account, region): region for region in regions}
        for future in as_completed(running):
            outcome: Packed | CloudError
            try:
                outcome = future.result()
            except CloudError as error:
                outcome = error
            sender.send((running[future], outcome, _taken(made)))


def _taken(made: deque[Call]) -> list[Call]:
    return [made.popleft() for _ in range(len(made))]


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent, "runs in a child process"  # noqa: S101
    connection.wait([parent.sentinel])
    os._exit(1)


def _packed(account: Account, region: str) -> Packed:
    listing = list_images(account, region)
    pieces = encode_images(listing.images)
    return Packed(
        version=version_of(pieces),
        body=encode_body(pieces),
        size=sum(map(len, pieces)),
        count=len(listing.images),
        problems=listing.problems,
        request_id=listing.request_id,
        moved=listing.moved,
        seconds=listing.seconds,
        calls=listing.calls,
    )
