from __future__ import annotations

import gc
import signal
import threading
import time
from contextlib import AbstractContextManager
from types import FrameType
from typing import Any

import structlog
from django.core.management.base import BaseCommand, CommandParser
from django.db import close_old_connections, connection
from prometheus_client import start_http_server

from dashboard import environment, maintenance
from dashboard.scheduling import jobs, pool
from dashboard.scheduling.jobs import CHECK_TOKENS, JOBS, LOOK_SECONDS, PRUNE
from images.cloud import heap
from images.services import counting

log = structlog.get_logger("dashboard.scheduling")

PRUNE_SECONDS = 3600


class Command(BaseCommand):
    help = (
        "Reads the lists that are due, checks the tokens that were not checked for long, and "
        "deletes secrets, links and history whose time is over. Once, one after the other, or "
        "until stopped, many side by side. Any number of these processes share the work."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--every",
            type=int,
            metavar="SECONDS",
            help="go on until stopped: check tokens every so many seconds, and look every "
            f"{LOOK_SECONDS:.0f} for lists that are due",
        )

        parser.add_argument(
            "--metrics-port",
            type=int,
            metavar="PORT",
            help="with --every: where Prometheus reads what this process counts, on HOST",
        )

    def handle(
        self, *args: Any, every: int | None, metrics_port: int | None, **options: Any
    ) -> None:
        heap.share()
        heap.map_large()
        # What is imported stays: looking through it for garbage takes 60 ms after each reading.
        gc.freeze()
        if every and metrics_port:
            host = environment.text("HOST", "127.0.0.1")
            start_http_server(metrics_port, host, counting.REGISTRY)
        if every:
            self._go_on(max(1, every))
        else:
            self._once()

    def _once(self) -> None:
        for job in jobs.reading_jobs(within=0):
            JOBS[job.name](**job.arguments)
        checked, pruned = jobs.check_tokens(), jobs.prune()
        maintenance.note_round()
        if checked or pruned:
            self.stdout.write(f"{checked} tokens checked, {pruned} things deleted")

    def _go_on(self, every: int) -> None:
        stopped = threading.Event()

        def stop(number: int, frame: FrameType | None) -> None:
            # In another thread: this one may hold the event's lock already, in `wait` or in an
            # earlier signal, and would then wait for itself forever.
            threading.Thread(target=stopped.set, name="stop").start()

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        check_at = prune_at = 0.0
        with _carrier() as put:
            while not stopped.is_set():
                now = time.monotonic()
                try:
                    close_old_connections()
                    put(jobs.reading_jobs())
                    if now >= check_at:
                        put([CHECK_TOKENS])
                        check_at = now + every
                    if now >= prune_at:
                        put([PRUNE])
                        prune_at = now + PRUNE_SECONDS
                    maintenance.note_round()
                except Exception:
                    # An unreachable database comes back; a process that has ended does not.
                    log.exception("refresh failed")
                stopped.wait(min(every, LOOK_SECONDS))


def _carrier() -> AbstractContextManager[pool.Put]:
    """Return what carries the jobs: PostgreSQL's queue, or threads of this process."""
    if connection.vendor == "postgresql":
        from dashboard.scheduling import queue  # Its models are there only then.

        return queue.running()
    return pool.running()
