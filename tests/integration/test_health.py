"""/healthz and /readyz: for whatever restarts a process, or sends it visitors."""

from __future__ import annotations

import socket
import time
from typing import Any

import pytest
from django.core.cache.backends.locmem import LocMemCache
from django.test import Client
from pytest_django import Settings

from images.sandbox import Fault, Sandbox
from tests.integration.cached import ALIASES
from tests.integration.conftest import use_redis
from tests.marks import in_time

pytestmark = pytest.mark.backend

READY = {"database": True, "cache": True, "lists": True, "degraded": []}
WITHOUT_CACHES = {
    "database": True,
    "cache": False,
    "lists": False,
    "degraded": ["cache", "lists"],
}

NOWHERE = {
    "BACKEND": "django.core.cache.backends.db.DatabaseCache",
    "LOCATION": "a_table_that_is_gone",
}


def test_it_is_up_and_ready_without_a_session(anonymous: Client) -> None:
    up, ready = anonymous.get("/healthz"), anonymous.get("/readyz")

    assert (up.status_code, up.json()) == (200, {"ok": True})
    assert (ready.status_code, ready.json()) == (200, READY)
    assert "sessionid" not in anonymous.cookies


def test_the_clouds_trouble_is_not_ours(anonymous: Client, cloud: Sandbox) -> None:
    cloud.misbehave(Fault("hang"))

    assert anonymous.get("/readyz").json() == READY
    assert not cloud.calls


@pytest.mark.parametrize("gone", [("default",), ("lists",), ALIASES], ids="-".join)
def test_without_a_cache_it_is_ready_and_names_it(
    anonymous: Client, settings: Settings, gone: tuple[str, ...]
) -> None:
    settings.CACHES = settings.CACHES | dict.fromkeys(gone, NOWHERE)
    ready = anonymous.get("/readyz")

    assert ready.status_code == 200
    names = {"default": "cache", "lists": "lists"}
    missed = [names[alias] for alias in gone]
    assert ready.json() == READY | dict.fromkeys(missed, False) | {"degraded": missed}
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

    assert (ready.status_code, ready.json()) == (200, WITHOUT_CACHES)
    assert in_time(time.monotonic() - started, 6)


def test_a_cache_that_takes_nothing_is_named(anonymous: Client, settings: Settings) -> None:
    assert anonymous.get("/readyz").status_code == 200
    full = {"BACKEND": f"{__name__}.Full", "LOCATION": "full"}
    settings.CACHES = settings.CACHES | {"default": full}

    assert anonymous.get("/readyz").json() == READY | {"cache": False, "degraded": ["cache"]}


class Full(LocMemCache):
    """Keeps what it had, and takes nothing new, as on a disk that is full."""

    def set(self, *args: Any, **kwargs: Any) -> None:
        return None
