"""Jobs carried by the threads of one process, where SQLite is the database."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import structlog
from django.db import connections

from dashboard.scheduling.jobs import AT_ONCE, JOBS, Job

log = structlog.get_logger("dashboard.scheduling")

# So many wait for each that is under way. Who is not among them is put in line later.
WAITING = 5

Put = Callable[[Iterable[Job]], None]


@contextmanager
def running() -> Iterator[Put]:
    """Carry jobs, which are put in line by what is yielded; at the end, those under way end."""
    pools = {
        queue: ThreadPoolExecutor(count, thread_name_prefix=queue)
        for queue, count in AT_ONCE.items()
    }
    held: dict[str, str] = {}  # key -> queue of what waits or is under way
    lock = threading.Lock()

    def put(jobs: Iterable[Job]) -> None:
        for job in jobs:
            with lock:
                length = sum(queue == job.queue for queue in held.values())
                if job.key in held or length >= AT_ONCE[job.queue] * (1 + WAITING):
                    continue
                held[job.key] = job.queue
            pools[job.queue].submit(carry, job)

    def carry(job: Job) -> None:
        try:
            JOBS[job.name](**job.arguments)
        except Exception:
            log.exception("job failed", job=job.key)
        finally:
            connections.close_all()
            with lock:
                del held[job.key]

    try:
        yield put
    finally:
        for pool in pools.values():
            pool.shutdown(wait=False, cancel_futures=True)
        for pool in pools.values():
            pool.shutdown(wait=True)
