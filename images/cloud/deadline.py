"""A moment by which all that is asked of the cloud at once is over."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator

from images.cloud.errors import OutOfTime

NOT_IN_TIME = "the cloud did not answer in time"


class Deadline:
    """A moment by which everything is over. `clock` counts seconds, as time.monotonic does."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._end = clock() + seconds

    def left(self) -> float:
        """Seconds left, more than 0; OutOfTime when there are none."""
        left = self._end - self._clock()
        if left <= 0:
            raise OutOfTime(NOT_IN_TIME)
        return left

    def move(self, left: float) -> None:
        """Have so many seconds left from now on."""
        self._end = self._clock() + left

    @contextlib.contextmanager
    def stopped(self) -> Iterator[None]:
        """Take none of the time for what happens within."""
        began = self._clock()
        try:
            yield
        finally:
            self._end += self._clock() - began
