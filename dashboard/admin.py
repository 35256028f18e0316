"""What the admin pages leave out: jobs are the refreshers' own, and no change is noted."""

from __future__ import annotations

from django.apps import apps
from django.contrib import admin

if apps.is_installed("procrastinate.contrib.django"):
    from procrastinate.contrib.django.models import ProcrastinateJob

    admin.site.unregister(ProcrastinateJob)
