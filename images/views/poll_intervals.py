"""How often an open page asks what is new, as its element says it to htmx."""

from __future__ import annotations

from images.services.jobs import JOB_POLL_SECONDS

LIST = OVERVIEW = "every 30s"
# While jobs run, or a list is to be confirmed: in a little more than the interval in which the
# cloud is asked, so that it is never a moment too early.
LIST_BUSY = f"load delay:300ms, every {JOB_POLL_SECONDS * 1000 + 100}ms"
OVERVIEW_BUSY = "every 10s"
WALL_SECONDS = 10
