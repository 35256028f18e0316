"""Jobs carried by Procrastinate in PostgreSQL: any number of processes share them.

A process that is killed leaves a job behind that nobody ends. Nothing waits for it: what it was to
read is still due, and put in line again.
"""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import wraps
from typing import Any

import structlog
from django.db import connections
from procrastinate import App, PsycopgConnector
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.contrib.django.utils import connector_params
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.jobs import Status
from procrastinate.worker import Worker

from dashboard.scheduling.jobs import AT_ONCE, JOBS, Job
from dashboard.scheduling.pool import Put

log = structlog.get_logger("dashboard.scheduling")

# So many wait in one line at most. Who is not among them is put in it later.
MOST_WAITING = 100
POLL_SECONDS = 1.0
# A database that is away is tried again, and jobs that nobody ends are removed, this often.
RETRY_SECONDS, TIDY_SECONDS = 5.0, 60.0


@contextmanager
def running() -> Iterator[Put]:
    """Carry jobs of anybody's, which are put in line by what is yielded.

    At the end, those that this process is at end.
    """
    stopped = threading.Event()
    carrier = threading.Thread(target=lambda: asyncio.run(_carry(stopped)), name="carrier")
    carrier.start()
    try:
        yield put
    finally:
        stopped.set()
        carrier.join()


def put(jobs: Iterable[Job]) -> None:
    """Put jobs in line, as far as there is room, and none twice."""
    app = App(connector=DjangoConnector())
    rows = ProcrastinateJob.objects.filter(status=Status.TODO.value)
    waiting = dict(rows.values_list("queueing_lock", "queue_name"))
    length = Counter(waiting.values())
    for job in jobs:
        if job.key in waiting or length[job.queue] >= MOST_WAITING:
            continue
        length[job.queue] += 1
        try:
            app.configure_task(
                job.name, queue=job.queue, queueing_lock=job.key, priority=job.priority
            ).defer(**job.arguments)
        except AlreadyEnqueued:
            continue  # Another process was quicker.


async def _carry(stopped: threading.Event) -> None:
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(sum(AT_ONCE.values()) + 1))
    while not stopped.is_set():
        try:
            await _work(stopped)
        except Exception:
            # An unreachable database comes back.
            log.exception("refresh failed")
            await asyncio.to_thread(stopped.wait, RETRY_SECONDS)


async def _work(stopped: threading.Event) -> None:
    """Do jobs until told to stop, or until the database does not answer."""
    connector = PsycopgConnector(
        min_size=1, max_size=len(AT_ONCE) + 1, kwargs=connector_params(), timeout=RETRY_SECONDS
    )
    app = App(connector=connector)
    for name, job in JOBS.items():
        app.task(name=name)(_ending_connections(job))
    async with app.open_async():
        workers = [_worker(app, queue, count) for queue, count in AT_ONCE.items()]
        running = [asyncio.create_task(worker.run()) for worker in workers]  # type: ignore[no-untyped-call]
        tidying = asyncio.create_task(_tidy(app))
        stopping = asyncio.create_task(asyncio.to_thread(stopped.wait))
        try:
            await asyncio.wait([*running, stopping], return_when=asyncio.FIRST_COMPLETED)
        finally:
            tidying.cancel()
            for worker in workers:
                worker.stop()  # type: ignore[no-untyped-call]
            await asyncio.gather(*running)


def _worker(app: App, queue: str, count: int) -> Worker:
    return Worker(
        app=app,
        queues=[queue],
        name=queue,
        concurrency=count,
        fetch_job_polling_interval=POLL_SECONDS,
        # Notifications do not come through a pgbouncer that pools transactions.
        listen_notify=False,
        delete_jobs="always",
        install_signal_handlers=False,
    )


async def _tidy(app: App) -> None:
    while True:
        for job in await app.job_manager.get_stalled_jobs():
            if job.id is not None:
                await app.job_manager.finish_job_by_id_async(
                    job.id, status=Status.FAILED, delete_job=True
                )
        await asyncio.sleep(TIDY_SECONDS)


def _ending_connections(job: Callable[..., int]) -> Callable[..., int]:
    @wraps(job)
    def carried(**arguments: Any) -> int:
        try:
            return job(**arguments)
        finally:
            connections.close_all()

    return carried
