"""`manage.py prepare`: bring the database up to date and make the cache's table; safe to repeat."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Bring the database up to date and make the cache's table."

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", verbosity=0)
        if "cache" in settings.DATABASES:
            call_command("createcachetable", database="cache")
