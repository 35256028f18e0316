from __future__ import annotations

import signal
import threading
import time
from types import FrameType
from typing import Any

import structlog
from django.core.cache import cache
from django.core.management.base import BaseCommand, CommandParser
from django.db import close_old_connections

from dashboard.accounts import upkeep

log = structlog.get_logger("dashboard.accounts")

LOCK = "dashboard.accounts.refresh"
# A process that died in its round holds nobody up for longer. Within it the round is over, with
# what the last of its checks may take.
LOCK_SECONDS = 900
ROUND_SECONDS = 600


class Command(BaseCommand):
    help = (
        "Checks the tokens that were not checked for long, and deletes secrets, links and history "
        "whose time is over. Once, or every so many seconds. Of several at once only one does the "
        "work."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--every", type=int, metavar="SECONDS", help="go on until stopped")

    def handle(self, *args: Any, every: int | None, **options: Any) -> None:
        stopped = threading.Event()
        if not every:
            self._round(stopped)
            return

        def stop(number: int, frame: FrameType | None) -> None:
            stopped.set()

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        while not stopped.is_set():
            try:
                close_old_connections()
                self._round(stopped)
            except Exception:
                # A database that is away comes back; this process would not.
                log.exception("refresh failed")
            stopped.wait(max(1, every))

    def _round(self, stopped: threading.Event) -> None:
        if not cache.add(LOCK, "taken", LOCK_SECONDS):
            self.stdout.write("Another process is at it.")
            return
        end = time.monotonic() + ROUND_SECONDS
        try:
            checked = upkeep.check_due_tokens(
                lambda: not stopped.is_set() and time.monotonic() < end
            )
            pruned = upkeep.prune()
            upkeep.note_round()
        finally:
            cache.delete(LOCK)
        if checked or pruned:
            self.stdout.write(f"{checked} tokens checked, {pruned} things deleted")
