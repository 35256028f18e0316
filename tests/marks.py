"""What `make test` leaves to `make test-all`, which is run before anything is released.

`thorough` is a test, or some values of one, that is dear and that another one of the gate stands
for: kills, restarts, storms, every fault on every page. `backend` are the modules that ask the
database or a cache themselves: these the gate runs on PostgreSQL and Redis as well.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from typing import Any, TypeVar

import pytest

T = TypeVar("T")

VARIABLE = "TESTS_EVERYTHING"
EVERYTHING = bool(os.environ.get(VARIABLE))


def many(in_the_gate: int, in_all: int) -> int:
    """How many examples are made up."""
    return in_all if EVERYTHING else in_the_gate


def in_time(took: float, most: float) -> bool:
    """Whether seconds were enough. The gate does not ask: others may use its processors."""
    return took < most or not EVERYTHING


def some(values: Iterable[T], in_the_gate: Collection[Any]) -> list[Any]:
    """All values of a parameter, of which the others are thorough."""
    return [
        value if value in in_the_gate else pytest.param(value, marks=pytest.mark.thorough)
        for value in values
    ]
