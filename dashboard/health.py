"""Is this process up (/healthz), and can it serve (/readyz)? The cloud's trouble is not ours."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe


@require_safe
@login_not_required
def healthz(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"ok": True})


@require_safe
@login_not_required
def readyz(request: HttpRequest) -> HttpResponse:
    parts = {"database": _database_answers(), "cache": _cache_answers()}
    return JsonResponse(parts, status=200 if all(parts.values()) else 503)


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _cache_answers() -> bool:
    try:
        cache.set("readyz", "1", 60)
        return bool(cache.get("readyz") == "1")
    # Any cache backend, each with errors of its own.
    except Exception:
        return False
