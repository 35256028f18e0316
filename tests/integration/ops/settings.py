"""The dashboard's settings, and one page more: one that breaks with secrets at hand."""

from dashboard.settings import *  # noqa: F403

ROOT_URLCONF = "tests.integration.ops.urls"
