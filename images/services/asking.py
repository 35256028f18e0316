"""How the cloud is asked with a token, and what is remembered where it fails."""

from __future__ import annotations

from django.conf import settings

from images.cloud.client import KIB, MIB, Account, Limits
from images.cloud.deadline import Deadline
from images.cloud.errors import CloudError, Internal
from images.services import budget, counting, freshness
from images.services.snapshots import Failure, failure_of


def account(secret: str, seconds: float | None = None) -> Account:
    """Return whom to ask as, with all the time that one listing may take, or less."""
    deadline = Deadline(min(settings.UPSTREAM_DEADLINE_SECONDS, seconds or float("inf")))
    limits = Limits(
        images=settings.UPSTREAM_MAX_IMAGES,
        size=settings.UPSTREAM_MAX_MB * MIB,
        memory=settings.UPSTREAM_MEMORY_MB * MIB,
        image=settings.UPSTREAM_IMAGE_KB * KIB,
    )
    return Account(
        settings.DIDIYUN_API_URL,
        secret,
        deadline,
        limits,
        note=counting.noter(),
        permit=budget.permits(),
        ended=counting.note_ending,
    )


def failure(error: CloudError, before: Failure | None) -> Failure:
    """Return what to remember of an attempt that failed just now."""
    if isinstance(error, Internal):
        counting.INTERNAL_FAILURES.inc()
    # A cloud that is back shows within the time in which a list grows old anyway.
    longest = settings.INVENTORY_FRESH_SECONDS
    return failure_of(error, now=freshness.clock(), before=before, longest=longest)
