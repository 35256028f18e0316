"""What is over is deleted, little by little."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from images.history.models import Change
from images.sandbox import Sandbox

pytestmark = pytest.mark.backend

MANY = 2500


def test_of_many_things_that_are_over_nobody_waits_for_all(cloud: Sandbox) -> None:
    """Each statement, which is a transaction of its own, deletes a thousand at most."""
    now = timezone.now()
    ended, running = now - timedelta(days=1), now + timedelta(days=1)
    Session.objects.bulk_create(
        Session(session_key=f"{number}", expire_date=ended if number else running)
        for number in range(MANY + 1)
    )
    Change.objects.bulk_create(
        Change(key="key", region="bj", at=now - timedelta(days=31), kind="status", uuid=f"{number}")
        for number in range(MANY)
    )
    with CaptureQueriesContext(connection) as captured:
        call_command("refresh")

    assert list(Session.objects.values_list("session_key", flat=True)) == ["0"]
    assert not Change.objects.filter(key="key").exists()
    deletions = [each["sql"] for each in captured if each["sql"].startswith("DELETE")]
    for table in ("django_session", "history_change"):
        sizes = [
            each.partition(" IN ")[2].count(",") + 1
            for each in deletions
            if re.search(rf'FROM "{table}"', each)
        ]
        assert sizes == [1000, 1000, 500]
