"""Django's staticfiles app, without files that no page uses: all of htmx but the version in use."""

from __future__ import annotations

from django.contrib.staticfiles.apps import StaticFilesConfig


class StaticFiles(StaticFilesConfig):
    ignore_patterns = (*StaticFilesConfig.ignore_patterns, "htm*x-4*", "ext")
