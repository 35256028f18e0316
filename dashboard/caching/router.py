"""The database router that puts the caches' tables, and nothing else, into a file of their own."""

from __future__ import annotations

from typing import Any


class CacheRouter:
    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        return "cache" if model._meta.app_label == "django_cache" else None

    db_for_write = db_for_read

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool | None:
        return (app_label == "django_cache") == (db == "cache")
