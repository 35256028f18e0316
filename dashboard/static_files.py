"""Django's staticfiles app, leaving out what no page asks for: all htmx but the one in use."""

from __future__ import annotations

from django.contrib.staticfiles.apps import StaticFilesConfig


class StaticFiles(StaticFilesConfig):
    ignore_patterns = (*StaticFilesConfig.ignore_patterns, "htm*x-4*", "ext")
