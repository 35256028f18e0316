"""The dashboard's settings, and one page more: the floor that everything is compared with. And what
a bench wants to know the cost of is left out, as the environment says."""

import os

from dashboard import settings
from dashboard.settings import *  # noqa: F403

ROOT_URLCONF = "tests.bench.urls"
WITHOUT = os.environ.get("BENCH_WITHOUT", "").split(",")
MIDDLEWARE = [each for each in settings.MIDDLEWARE if each not in WITHOUT]
