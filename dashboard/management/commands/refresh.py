from __future__ import annotations

import signal
import threading
import time
from types import FrameType
from typing import Any

import structlog
from django.core.management.base import BaseCommand, CommandParser
from django.db import close_old_connections

from dashboard import maintenance
from images.cloud import heap
from images.services import lease

log = structlog.get_logger("dashboard.maintenance")

# How often it looks for lists that are about to be stale. They are read that much sooner.
LOOK_SECONDS = 5
LOCK = "dashboard.refresh"
ROUND_SECONDS = 600
# The lock lasts for a round and its last reading; a process that hangs blocks others no longer.
LOCK_SECONDS = 900


class Command(BaseCommand):
    help = (
        "Reads the lists that people will come for before they are old, checks the tokens that "
        "were not checked for long, and deletes secrets, links and history whose time is over. "
        "Once, or until stopped. Of several at once only one does the work."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--every",
            type=int,
            metavar="SECONDS",
            help="go on until stopped: see to tokens and what is over every so many seconds, to "
            f"lists every {LOOK_SECONDS}",
        )

    def handle(self, *args: Any, every: int | None, **options: Any) -> None:
        stopped = threading.Event()
        heap.share()
        heap.map_large()
        if every:
            self._go_on(stopped, max(1, every))
        elif not self._round(stopped):
            self.stdout.write("Another process is at it.")

    def _go_on(self, stopped: threading.Event, every: int) -> None:
        def stop(number: int, frame: FrameType | None) -> None:
            # In another thread: this one may hold the event's lock already, in `wait` or in an
            # earlier signal, and would then wait for itself forever.
            threading.Thread(target=stopped.set, name="stop").start()

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        pause, next_whole = min(every, LOOK_SECONDS), time.monotonic()
        while not stopped.is_set():
            whole = time.monotonic() >= next_whole
            try:
                close_old_connections()
                if self._round(stopped, within=pause, whole=whole) and whole:
                    next_whole = time.monotonic() + every
            except Exception:
                # An unreachable database comes back; a process that has ended does not.
                log.exception("refresh failed")
            stopped.wait(pause)

    def _round(self, stopped: threading.Event, within: float = 0, whole: bool = True) -> bool:
        """Run a round and return True, or return False if another process is running one.

        Only a `whole` round does more than read lists.
        """
        if not lease.take(LOCK, LOCK_SECONDS):
            return False
        end = time.monotonic() + ROUND_SECONDS

        def go_on() -> bool:
            return not stopped.is_set() and time.monotonic() < end

        try:
            maintenance.keep_lists_warm(go_on, within)
            checked = maintenance.check_due_tokens(go_on) if whole else 0
            pruned = maintenance.prune() if whole else 0
            maintenance.note_round()
        finally:
            lease.drop(LOCK)
        if checked or pruned:
            self.stdout.write(f"{checked} tokens checked, {pruned} things deleted")
        return True
