"""What the service module tells others: `region_read` is sent with each list that was read.

    key       the credential's cache key
    reading   what was read

It is sent by the process that read the list, before anyone is shown it. A receiver keeps what the
list changed, and answers with an `Unconfirmed` where that is to be confirmed first. A receiver that
fails costs nobody a page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from django.dispatch import Signal

from images.cloud.records import Image
from images.services.snapshots import Unconfirmed

log = structlog.get_logger("images.services")

region_read = Signal()


@dataclass(frozen=True)
class Reading:
    """The list of a region as it was read between `began_at` and `at` (Unix seconds). `version` is
    the same for the same images, `whole` says that the list lacks none."""

    region: str
    version: str
    began_at: float
    at: float
    images: Sequence[Image]
    whole: bool


def tell(key: str, reading: Reading) -> Unconfirmed | None:
    """What of the reading is still to be confirmed, if anything is."""
    doubts = None
    for _receiver, answer in region_read.send_robust(sender=Reading, key=key, reading=reading):
        if isinstance(answer, Exception):
            log.error("changes not kept", region=reading.region, failure=repr(answer))
        else:
            doubts = answer or doubts
    return doubts
