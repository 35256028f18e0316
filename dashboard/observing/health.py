"""Health checks: whether this process is up (/healthz), and whether it can serve (/readyz).

Trouble at the cloud counts for neither. Both answer within seconds whatever hangs: the cache's
backends give up by themselves, and the database is asked in a thread that can be left behind.
"""

from __future__ import annotations

import uuid
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotInTime

import structlog
from django.contrib.auth.decorators import login_not_required
from django.core.cache import caches
from django.core.cache.backends.base import BaseCache
from django.db import DatabaseError, connections
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

log = structlog.get_logger("dashboard.health")

DATABASE_SECONDS = 3.0
KEPT_SECONDS = 10
# What no page is without.
REQUIRED = "database"

# Two threads, so that a database that hangs holds no more than these.
_asking = ThreadPoolExecutor(2, thread_name_prefix="readyz")


@require_safe
@login_not_required
def healthz(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"ok": True})


@require_safe
@login_not_required
def readyz(request: HttpRequest) -> HttpResponse:
    """Answer 200 if the database answers, and say which other parts do.

    Without the caches pages still work, only more slowly: a load balancer that took this process
    away would leave people without any. `degraded` names those that are missed.
    """
    found = parts()
    degraded = [name for name, answers in found.items() if name != REQUIRED and not answers]
    status = 200 if found[REQUIRED] else 503
    return JsonResponse({**found, "degraded": degraded}, status=status)


def parts() -> dict[str, bool]:
    """Return by name whether the database and the two caches answer."""
    database = _asking.submit(_ask_database)
    answers = {"cache": _answers(caches["default"]), "lists": _answers(caches["lists"])}
    return {"database": _in_time(database), **answers}


def _in_time(database: Future[bool]) -> bool:
    try:
        return database.result(DATABASE_SECONDS)
    except NotInTime:
        database.cancel()  # Otherwise requests would queue up while it hangs.
        log.warning("database hangs", seconds=DATABASE_SECONDS)
        return False


def _ask_database() -> bool:
    """Return whether the database answers, over a connection that no later check uses again."""
    try:
        # This reads a table, because SQLite answers "SELECT 1" without its file.
        MigrationRecorder.Migration.objects.exists()
    except DatabaseError as error:
        log.warning("database failed", error=repr(error))
        return False
    finally:
        connections.close_all()
    return True


def _answers(cache: BaseCache) -> bool:
    # The name is unique, because others ask at the same time.
    name, value = f"readyz:{uuid.uuid4().hex}", "1"
    try:
        cache.set(name, value, KEPT_SECONDS)
        answers: bool = cache.get(name) == value
        cache.delete(name)
    # Each cache backend has errors of its own.
    except Exception:
        return False
    return answers
