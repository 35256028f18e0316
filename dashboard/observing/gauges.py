"""Gauges of tokens, snapshots and jobs, read from the database and the cache on request.

A worker reads them at most once in KEPT_SECONDS, however often it is asked.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from math import ceil

from django.db import DatabaseError
from django.db.models import F
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from dashboard import __version__, maintenance
from dashboard.audit import trail
from dashboard.observing import health
from dashboard.scheduling import accounts
from dashboard.tokens import access
from dashboard.tokens.models import State, Token
from images.services import breaker, budget, freshness, store
from images.services.progress import Progress
from images.services.snapshots import RegionHead

KEPT_SECONDS = 5.0
# So many of the tokens used last have series of their own; all are counted by state.
TOKENS_SHOWN = 500
# The states of tokens with which nobody reads, whatever the cloud last said of them.
DISABLED, EXPIRED = "disabled", "expired"
STATES = (*State.values, DISABLED, EXPIRED)

OF_TOKEN = ("token", "token_id")
OF_REGION = (*OF_TOKEN, "region")
# A value of a region's list and its running jobs, as both are cached; None for no value.
Value = Callable[[RegionHead, Sequence[Progress] | None], float | None]

BY_REGION: dict[str, tuple[str, Value]] = {
    "dashboard_snapshot_age_seconds": (
        "How old the list of a region is.",
        lambda entry, _: max(0.0, freshness.clock() - entry.fetched_at) if entry.version else None,
    ),
    "dashboard_snapshot_images": (
        "Images in the list of a region.",
        lambda entry, _: entry.count if entry.version else None,
    ),
    "dashboard_snapshot_bytes": (
        "What the list of a region takes, before compression.",
        lambda entry, _: entry.size if entry.version else None,
    ),
    "dashboard_jobs_running": (
        "Jobs under way.",
        lambda _, jobs: None if jobs is None else len(jobs),
    ),
    "dashboard_jobs_stalled": (
        "Jobs under way that have not moved for two minutes.",
        lambda _, jobs: None if jobs is None else sum(job.stalled_minutes > 0 for job in jobs),
    ),
}


class Now(Collector):
    """A collector of the gauges, which reads them again after KEPT_SECONDS."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: list[Metric] = []
        self._until = 0.0

    def collect(self) -> Iterable[Metric]:
        with self._lock:
            if time.monotonic() >= self._until:
                self._kept = list(_read())
                self._until = time.monotonic() + KEPT_SECONDS
            return self._kept

    def forget(self) -> None:
        """Read the gauges again the next time, as a process does that has just started."""
        self._until = 0.0


NOW = Now()


def _read() -> Iterable[Metric]:
    parts = health.parts()
    ready = GaugeMetricFamily("dashboard_ready", "Whether it answers.", labels=("part",))
    for part, answers in parts.items():
        ready.add_metric([part], float(answers))
    yield ready
    build = GaugeMetricFamily("dashboard_build_info", "What runs.", labels=("version",))
    build.add_metric([__version__], 1)
    yield build
    yield GaugeMetricFamily(
        "dashboard_upstream_breaker_open",
        "1 while the cloud answers nobody, and is asked by one at a time.",
        value=float(breaker.is_open()),
    )
    used = budget.used()
    if used is not None:
        yield GaugeMetricFamily(
            "dashboard_upstream_budget_used_ratio",
            "The part of the calls allowed in the last second that was made.",
            value=used,
        )
    last = maintenance.last_round()
    if last is not None:
        yield GaugeMetricFamily(
            "dashboard_refresher_last_round_timestamp_seconds",
            "When `manage.py refresh` last finished a round, on any machine.",
            value=last,
        )
    if parts["database"]:
        try:
            tokens = list(Token.objects.order_by(F("last_used_at").desc(nulls_last=True), "pk"))
            noted = trail.last().number
            lags = accounts.lags()
        except DatabaseError:
            return
        yield GaugeMetricFamily(
            "dashboard_audit_entries", "Entries of the audit log: never fewer.", value=noted
        )
        yield from _fleet(lags)
        yield _states(tokens)
        yield from _of_tokens([each for each in tokens if _state(each) in State.values])


def _fleet(lags: list[float]) -> Iterable[Metric]:
    """`lags` are the seconds for which each account is overdue, in order."""
    yield GaugeMetricFamily("dashboard_accounts", "Accounts that are read.", value=len(lags))
    yield GaugeMetricFamily(
        "dashboard_accounts_overdue",
        "Accounts that should have been read by now.",
        value=sum(lag > 0 for lag in lags),
    )
    lag = GaugeMetricFamily(
        "dashboard_refresh_lag_seconds",
        "For how long accounts are overdue: half of them, 95 in a hundred, and all, for no longer.",
        labels=("quantile",),
    )
    for quantile in (0.5, 0.95, 1.0) if lags else ():
        lag.add_metric([f"{quantile:g}"], lags[ceil(quantile * len(lags)) - 1])
    yield lag


def _state(token: Token) -> str:
    if token.disabled_at:
        return DISABLED
    return EXPIRED if token.has_expired else token.state


def _states(tokens: list[Token]) -> Metric:
    counts = Counter(map(_state, tokens))
    metric = GaugeMetricFamily("dashboard_tokens", "Tokens by state.", labels=("state",))
    for state in STATES:
        metric.add_metric([state], counts[state])
    return metric


def _of_tokens(tokens: list[Token]) -> Iterable[Metric]:
    state = GaugeMetricFamily(
        "dashboard_token_state", "1 for the state of a token.", labels=(*OF_TOKEN, "state")
    )
    used = GaugeMetricFamily(
        "dashboard_token_used_timestamp_seconds", "When a token was last used.", labels=OF_TOKEN
    )
    failing = GaugeMetricFamily(
        "dashboard_snapshot_failing",
        "1 where the last reading of a region failed; of the list of regions where none is named.",
        labels=(*OF_REGION, "reason"),
    )
    by_region = {
        name: GaugeMetricFamily(name, text, labels=OF_REGION)
        for name, (text, _) in BY_REGION.items()
    }
    for token in tokens[:TOKENS_SHOWN]:
        names = [token.label, str(token.pk)]
        state.add_metric([*names, token.state], 1)
        if token.last_used_at:
            used.add_metric(names, token.last_used_at.timestamp())
        credential = access.stored(token)
        head = store.load_head(credential.cache_key) if credential else None
        if credential is None or head is None:
            continue
        if head.failure:
            failing.add_metric([*names, "", head.failure.kind], 1)
        for entry in head.regions:
            region = entry.region.id
            if entry.failure:
                failing.add_metric([*names, region, entry.failure.kind], 1)
            known = store.load_jobs(credential.cache_key, region)
            jobs = [each for each in known.jobs.values() if not each.job.done] if known else None
            for name, (_, value_of) in BY_REGION.items():
                value = value_of(entry, jobs)
                if value is not None:
                    by_region[name].add_metric([*names, region], value)
    yield from (state, used, failing, *by_region.values())
