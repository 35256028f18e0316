"""The dashboard's settings, and one page more: the floor that everything is compared with."""

from dashboard.settings import *  # noqa: F403

ROOT_URLCONF = "tests.bench.urls"
