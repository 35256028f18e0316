"""What the service module tells others and asks them, each with the credential's cache `key`.

    region_read      `reading`: a list was read, and nobody was shown it yet. A receiver keeps what
                     it changed, and answers with an `Unconfirmed` if that is to be confirmed first.
    head_published   `schedule`: a head is in the cache. A receiver keeps its `Schedule`.
    head_wanted      A receiver answers with the moment that it last kept.

The last two tell the newest head from one that somebody put back into the cache: a receiver keeps
the moment where who writes to the cache cannot. A receiver that fails costs nobody a page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from django.dispatch import Signal

from images.cloud.records import Image
from images.services.snapshots import Head, Unconfirmed

log = structlog.get_logger("images.services")

region_read = Signal()
head_published = Signal()
head_wanted = Signal()


@dataclass(frozen=True)
class Reading:
    """The list of a region as it was read between `began_at` and `at` (Unix seconds).

    `version` is the same for the same images, `whole` says that the list lacks none.
    """

    region: str
    version: str
    began_at: float
    at: float
    images: Sequence[Image]
    whole: bool


@dataclass(frozen=True)
class Schedule:
    """When the cloud was asked for a head, and when something in it is to be read again.

    All are Unix seconds: `due_at` while somebody looks, `idle_due_at` while nobody does. `is_slow`
    says that the cloud let the reading wait for an answer that did not come.
    """

    asked_at: float
    due_at: float
    idle_due_at: float
    is_slow: bool


def tell(key: str, reading: Reading) -> Unconfirmed | None:
    """Return what of the reading is still to be confirmed, if anything is."""
    answers = _answers(region_read, Reading, key=key, reading=reading)
    return next((each for each in reversed(answers) if each), None)


def publish(key: str, schedule: Schedule) -> None:
    """Tell that the head in the cache is now the one with these schedule."""
    _answers(head_published, Head, key=key, schedule=schedule)


def published_at(key: str) -> float:
    """Return the moment of the last head that was published, 0.0 if nobody knows."""
    return max(_answers(head_wanted, Head, key=key), default=0.0)


def _answers(signal: Signal, sender: type, **named: Any) -> list[Any]:
    """Return what the receivers answer; a failure is logged, and is no answer."""
    answers = []
    for _receiver, answer in signal.send_robust(sender=sender, **named):
        if isinstance(answer, Exception):
            log.error("not kept in the database", failure=repr(answer))
        else:
            answers.append(answer)
    return answers
