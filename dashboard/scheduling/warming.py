"""What a worker has in memory before it takes requests, so that no visitor waits for that."""

from __future__ import annotations

import time

import structlog
from django.db import DatabaseError
from django.db.models import F

from dashboard import maintenance
from dashboard.tokens import access
from images import services

log = structlog.get_logger("dashboard.scheduling")

# It goes on for no longer, and for no more accounts: those that were used last come first.
MOST_SECONDS, MOST_ACCOUNTS = 10.0, 20


def warm_up() -> int:
    """Load the lists that are cached of the accounts used last; return of how many.

    Nothing is asked of the cloud. Without a database the worker begins without them.
    """
    end, loaded = time.monotonic() + MOST_SECONDS, 0
    used = maintenance.in_use().exclude(last_used_at=None).order_by(F("last_used_at").desc())
    try:
        for token in used[:MOST_ACCOUNTS]:
            credential = access.stored(token)
            if credential and time.monotonic() < end:
                loaded += services.known([credential]) is not None
    except DatabaseError as error:
        log.warning("not warmed up", failure=repr(error))
    return loaded
