"""What a worker process tells its parent, and hears from it, once it is at work."""

from __future__ import annotations

import os
import threading
from multiprocessing.connection import Connection

from images.cloud.deadline import Deadline

# What the process says to be allowed one more call.
ASKS = "asks"


class Desk:
    """The process's end of the pipe, for all its threads.

    The parent grants each call that is asked for, and says with it how many seconds are left.
    """

    def __init__(self, parent: Connection, deadline: Deadline) -> None:
        self._parent, self._deadline = parent, deadline
        self._sending, self._granted = threading.Lock(), threading.Semaphore(0)
        threading.Thread(target=self._listen, name="permits", daemon=True).start()

    def permit(self, deadline: Deadline) -> None:
        self.send(ASKS)
        self._granted.acquire()

    def send(self, told: object) -> None:
        with self._sending:
            self._parent.send(told)

    def _listen(self) -> None:
        try:
            while True:
                self._deadline.move(self._parent.recv())
                self._granted.release()
        except (EOFError, OSError):
            os._exit(1)  # Nobody listens any more.
