"""/healthz and /readyz: for whatever restarts a process, or sends it visitors."""

from __future__ import annotations

import socket
import time
from typing import Any

import pytest
from django.core.cache.backends.locmem import LocMemCache
from django.test import Client
from pytest_django import Settings

from images.sandbox import Sandbox, Weather
from tests.integration.conftest import use_redis

READY = {"database": True, "cache": True}


def test_it_works(anonymous: Client) -> None:
    up, ready = anonymous.get("/healthz"), anonymous.get("/readyz")

    assert (up.status_code, up.json()) == (200, {"ok": True})
    assert (ready.status_code, ready.json()) == (200, READY)
    assert "sessionid" not in anonymous.cookies


def test_the_clouds_trouble_is_not_ours(anonymous: Client, cloud: Sandbox) -> None:
    cloud.misbehave(Weather("hang"))

    assert anonymous.get("/readyz").json() == READY
    assert not cloud.calls


def test_without_its_cache_it_is_up_and_not_ready(anonymous: Client, settings: Settings) -> None:
    backend = "django.core.cache.backends.db.DatabaseCache"
    settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": "a_table_that_is_gone"}}
    ready = anonymous.get("/readyz")

    assert ready.status_code == 503
    assert ready.json() == {"database": True, "cache": False}
    assert anonymous.get("/healthz").status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_it_is_only_read(anonymous: Client, path: str) -> None:
    assert anonymous.head(path).status_code == 200
    assert anonymous.post(path).status_code == 405


def test_nobody_logs_the_machines_that_ask(
    anonymous: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    for path in ("/healthz", "/readyz", "/metrics", "/accounts/login/"):
        anonymous.get(path)

    logged = [record.msg for record in caplog.records if record.name == "dashboard.request"]
    assert [line["path"] for line in logged if isinstance(line, dict)] == ["/accounts/login/"]


def test_a_cache_that_hangs_is_named_in_time(anonymous: Client, settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        use_redis(settings, silent.getsockname()[1])
        started = time.monotonic()
        ready = anonymous.get("/readyz")

    assert (ready.status_code, ready.json()) == (503, {"database": True, "cache": False})
    assert time.monotonic() - started < 6


def test_a_cache_that_takes_nothing_is_not_ready(anonymous: Client, settings: Settings) -> None:
    assert anonymous.get("/readyz").status_code == 200
    settings.CACHES = {"default": {"BACKEND": f"{__name__}.Full", "LOCATION": "full"}}

    assert anonymous.get("/readyz").json() == {"database": True, "cache": False}


class Full(LocMemCache):
    """Keeps what it had, and takes nothing new, as on a disk that is full."""

    def set(self, *args: Any, **kwargs: Any) -> None:
        return None
