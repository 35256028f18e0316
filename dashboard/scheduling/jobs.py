"""The jobs of `manage.py refresh`, whoever carries them: see `pool` and `queue`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from dashboard import maintenance
from dashboard.scheduling import accounts
from dashboard.scheduling.accounts import Account
from dashboard.tokens import access, lifecycle
from dashboard.tokens.models import Token
from images import services
from images.services import budget
from images.services.counting import ACCOUNT_READS
from images.services.verification import known_verdict

# How often it is looked for what is due. Lists that somebody looks at are read that much sooner.
LOOK_SECONDS = 5.0
# The lines that jobs wait in, and how many of each a process does side by side. An account whose
# cloud does not answer keeps its place for the whole deadline: it never waits where others do.
LISTS, SLOW_LISTS, MAINTENANCE = "lists", "slow lists", "maintenance"
AT_ONCE = {LISTS: 4, SLOW_LISTS: 2, MAINTENANCE: 2}
# Priorities have 32 bits: from 2020 (Unix seconds) on, moments fit until 2088.
EPOCH = 1_577_836_800


@dataclass(frozen=True)
class Job:
    """A call of the function `name` of JOBS with `arguments`, waiting in the line `queue`.

    Of one `key` only one waits at a time. Of those that wait, a greater `priority` is first.
    """

    queue: str
    key: str
    name: str
    arguments: dict[str, Any]
    priority: int = 0


def read_account(tokens: Sequence[str]) -> bool:
    """Read what is due of the account that these tokens have the secret of.

    Return whether anything was read: it is not, if somebody else has done so meanwhile.
    """
    for token in maintenance.in_use().filter(pk__in=tokens).select_related("team"):
        credential = access.stored(token)
        if credential:
            return _read(token, credential, tokens)
    return False


def _read(token: Token, credential: access.Credential, tokens: Sequence[str]) -> bool:
    team = token.team.slug if token.team else ""
    names = {"token": str(token.pk), "team": team, "account": token.label}
    with structlog.contextvars.bound_contextvars(**names), budget.background():
        inventory = services.keep_warm(credential, within=LOOK_SECONDS)
    if inventory is None:
        return False
    failure = inventory.token_failure or inventory.last_failure
    ACCOUNT_READS.labels(token.pk, failure.kind if failure else "ok").inc()
    verdict = known_verdict(inventory)
    for each in Token.objects.filter(pk__in=tokens):
        lifecycle.note_verdict(each, verdict)
    return True


def check_tokens() -> int:
    """Ask the cloud about tokens that were not checked for long; return about how many."""
    with budget.background():
        return maintenance.check_due_tokens()


def prune() -> int:
    """Delete what is over; return how much that was."""
    return maintenance.prune()


JOBS: dict[str, Callable[..., int]] = {
    job.__name__: job for job in (read_account, check_tokens, prune)
}
CHECK_TOKENS = Job(MAINTENANCE, "check_tokens", "check_tokens", {})
PRUNE = Job(MAINTENANCE, "prune", "prune", {})


def reading_jobs(within: float = LOOK_SECONDS) -> list[Job]:
    """Return a job for each account that is due, those first that may wait least."""
    return [_reading_job(account) for account in accounts.due(within)]


def _reading_job(account: Account) -> Job:
    tokens = sorted(str(token) for token in account.tokens)
    return Job(
        queue=SLOW_LISTS if account.is_slow else LISTS,
        key=f"read {tokens[0]}",
        name=read_account.__name__,
        arguments={"tokens": tokens},
        priority=max(-(2**31), min(2**31 - 1, EPOCH - round(account.wanted_by))),
    )
