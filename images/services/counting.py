"""What is counted of the inventory, for metrics and log lines.

Labels are names of ours, never a path, a token or anything that the cloud sent. Where several
processes serve, as under gunicorn, prometheus-client adds them up through files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, Counter, Histogram

from images.cloud.client import Call

REGISTRY = CollectorRegistry()

UPSTREAM_CALLS = Histogram(
    "dashboard_upstream_call_duration_seconds",
    "Calls of the cloud, each retry its own.",
    ("endpoint", "outcome"),
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 50),
    registry=REGISTRY,
)
INTERNAL_FAILURES = Counter(
    "dashboard_internal_failures",
    "Lists that were not read for a fault of the dashboard's own.",
    registry=REGISTRY,
)
READING_PROCESSES = Counter(
    "dashboard_reading_processes",
    "Processes that read lists, by how they ended.",
    ("outcome",),
    registry=REGISTRY,
)
EVICTIONS = Counter(
    "dashboard_memory_evictions",
    "Inventories that a process no longer held, for others took their memory.",
    registry=REGISTRY,
)
CACHE_READS = Counter(
    "dashboard_inventory_reads",
    "Where the parts of an inventory came from: this process, the shared cache, or nowhere.",
    ("part", "source"),
    registry=REGISTRY,
)
ACCOUNT_READS = Counter(
    "dashboard_account_reads",
    "Accounts read without being asked for, by token and outcome.",
    ("token_id", "outcome"),
    registry=REGISTRY,
)
FETCH_WAITS = Histogram(
    "dashboard_fetch_wait_seconds",
    "Waits for someone else's reading of the cloud.",
    buckets=(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 50),
    registry=REGISTRY,
)

# A listing of 10,000 images takes 100 calls; a log line names no more than these.
REQUEST_IDS_NAMED = 20
REQUEST_ID_LENGTH = 100


def note_ending(outcome: str) -> None:
    READING_PROCESSES.labels(outcome).inc()


def note_read(part: str, source: str) -> None:
    """`part` is head or body, `source` process, cache or none."""
    CACHE_READS.labels(part, source).inc()


@dataclass
class Journal:
    """The calls that were made for one piece of work, in any thread or process."""

    calls: list[Call] = field(default_factory=list)

    @property
    def line(self) -> dict[str, int | list[str]]:
        """What a log line says of them; nothing where there were none."""
        if not self.calls:
            return {}
        ids = [call.request_id[:REQUEST_ID_LENGTH] for call in self.calls if call.request_id]
        return {"upstream_calls": len(self.calls), "upstream_request_ids": ids[:REQUEST_IDS_NAMED]}


_journal: ContextVar[Journal | None] = ContextVar("journal", default=None)


@contextmanager
def journal() -> Iterator[Journal]:
    """Collect the calls of what happens within."""
    mine = Journal()
    before = _journal.set(mine)
    try:
        yield mine
    finally:
        _journal.reset(before)


Recorder = Callable[[Call], None]

_recorder: ContextVar[Recorder | None] = ContextVar("recorder", default=None)
_makers: list[Callable[[], Recorder | None]] = []


def trace_with(maker: Callable[[], Recorder | None]) -> None:
    """Have calls recorded by what `maker` returns where a piece of work begins."""
    _makers[:] = [maker]


def recorder() -> Recorder | None:
    """Return what records calls in the trace that is open now; None where there is none."""
    return _recorder.get() or next((maker() for maker in _makers), None)


@contextmanager
def recording(mine: Recorder | None) -> Iterator[None]:
    """Record calls in the trace of whoever set this off, in another thread."""
    before = _recorder.set(mine)
    try:
        yield
    finally:
        _recorder.reset(before)


def noter() -> Callable[[Call], None]:
    """Return what counts calls, and writes them to the journal and the trace that are open now.

    The calls themselves are made in threads that know of neither.
    """
    mine, record = _journal.get(), recorder()

    def note(call: Call) -> None:
        UPSTREAM_CALLS.labels(call.endpoint, call.outcome).observe(call.seconds)
        if mine:
            mine.calls.append(call)
        if record:
            record(call)

    return note
