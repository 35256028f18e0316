"""What a killed process leaves locked is free within seconds, and nobody works twice meanwhile.

The other process is `manage.py refresh` over the test's own databases; it can be killed.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings as current
from django.core.cache import cache
from django.core.management import call_command
from django.db import connections
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from dashboard.people.models import User
from dashboard.tokens import vault
from dashboard.tokens.models import Token
from images.sandbox import Fault, Sandbox
from images.services import lease, store
from tests.dashboards import ON_SERVERS
from tests.integration.conftest import PATIENCE, Keep
from tests.integration.images.pages import Page
from tests.stack.running import wait_until

pytestmark = [pytest.mark.backend, pytest.mark.django_db(databases="__all__", transaction=True)]

ROOT = Path(__file__).resolve().parents[2]
# From the death of a process until the next one may do its work.
FREE_WITHIN = 5.0

Start = Callable[..., subprocess.Popen[str]]


def here() -> dict[str, str]:
    """The variables of a process on the database and the cache that this one has."""
    database = str(connections["default"].settings_dict["NAME"])
    if ON_SERVERS:
        server = os.environ["DATABASE_URL"].rpartition("/")[0]
        cache, lists = (current.CACHES[alias]["LOCATION"] for alias in ("default", "lists"))
        addresses = {"CACHE_URL": str(cache), "CACHE_LISTS_URL": str(lists)}
        return {"DATABASE_URL": f"{server}/{database}", **addresses}
    cache_file = Path(connections["cache"].settings_dict["NAME"])
    assert cache_file.name == "cache.sqlite3", "as it is called in VAR_DIR"
    return {"DATABASE_URL": f"sqlite:///{database}", "VAR_DIR": str(cache_file.parent)}


@pytest.fixture
def start(settings: Settings, cloud: Sandbox, person: User, keep: Keep) -> Iterator[Start]:
    """Starts a refresher that has one token's lists to read."""
    keep(person, cloud.token, last_used_at=timezone.now(), checked_at=timezone.now())
    environment = (
        os.environ
        | here()
        | {
            "SECRET_KEY": settings.SECRET_KEY,
            "TOKEN_KEYS": settings.TOKEN_KEYS,
            "DIDIYUN_API_URL": cloud.url,
        }
    )
    with ExitStack() as ending:

        def start(*arguments: str, **variables: str) -> subprocess.Popen[str]:
            command = [sys.executable, "manage.py", "refresh", *arguments]
            process = subprocess.Popen(
                command, env=environment | variables, cwd=ROOT, stderr=subprocess.PIPE, text=True
            )
            ending.callback(process.communicate)
            ending.callback(process.kill)
            return process

        yield start


def asked(cloud: Sandbox) -> Counter[str]:
    return Counter(call.endpoint for call in cloud.calls)


def refresh() -> str:
    out = StringIO()
    call_command("refresh", stdout=out)
    return out.getvalue()


@pytest.mark.thorough
def test_who_waits_for_a_killed_process_is_served_within_seconds(
    start: Start, cloud: Sandbox, browser: Client
) -> None:
    cloud.misbehave(Fault("hang", endpoint="cimg/list"))
    process = start()
    wait_until(lambda: asked(cloud)["cimg/list"] == 3)
    process.kill()
    killed = time.monotonic()
    cloud.clear_faults()
    page = Page(browser.get("/images/"))

    assert time.monotonic() - killed < FREE_WITHIN
    assert (page.status, page.total) == (200, 36)


def test_who_has_waited_long_enough_is_told_that_the_list_is_still_being_read(
    start: Start, cloud: Sandbox, browser: Client, settings: Settings
) -> None:
    """The cloud may yet answer the one who reads: nothing is wrong with it, nor with the token."""
    settings.UPSTREAM_DEADLINE_SECONDS = 1
    token = Token.objects.get()
    cloud.misbehave(Fault("slow", seconds=3600, endpoint="cimg/list"))  # until it is cleared
    process = start(UPSTREAM_DEADLINE_SECONDS="50")
    wait_until(lambda: asked(cloud)["cimg/list"] == 3)
    waiting = Page(browser.get("/images/"))

    assert (waiting.status, waiting.failures) == (503, ["still-reading"])
    assert "The list is still being read" in waiting.one(data_failure="still-reading").text
    assert Token.objects.get().state == token.state
    cloud.clear_faults()
    assert process.wait(PATIENCE) == 0
    page = Page(browser.get("/images/"))
    assert (page.status, page.total, page.failures) == (200, 36, [])
    assert asked(cloud) == {"region/list": 1, "cimg/list": 6}


@pytest.mark.thorough
def test_another_takes_over_from_a_killed_refresher_within_seconds(
    start: Start, cloud: Sandbox
) -> None:
    cloud.misbehave(Fault("hang", endpoint="cimg/list"))
    process = start()
    wait_until(lambda: asked(cloud)["cimg/list"] == 3)
    assert refresh() == ""
    assert asked(cloud)["cimg/list"] == 3
    process.kill()
    killed = time.monotonic()
    cloud.clear_faults()
    cloud.reset_calls()
    wait_until(lambda: refresh() == "" and asked(cloud)["cimg/list"] == 6)

    assert time.monotonic() - killed < FREE_WITHIN


@pytest.mark.thorough
def test_a_reading_that_takes_longer_than_a_lease_is_still_the_only_one(
    start: Start, cloud: Sandbox
) -> None:
    cloud.misbehave(Fault("slow", seconds=3600, endpoint="cimg/list"))  # until it is cleared
    process, key = start(), vault.cache_key(cloud.token)
    wait_until(lambda: asked(cloud)["cimg/list"] == 3)
    end = time.monotonic() + lease.LEASE_SECONDS + 2
    while time.monotonic() < end:
        assert not store.take_lock(key)
        assert refresh() == ""
    cloud.clear_faults()

    assert process.wait(PATIENCE) == 0
    assert asked(cloud) == {"region/list": 1, "cimg/list": 6}
    assert store.take_lock(key)


def test_a_refresher_that_goes_on_reads_again_and_stops_when_told(
    start: Start, cloud: Sandbox
) -> None:
    process = start("--every", "60", INVENTORY_FRESH_SECONDS="6")
    wait_until(lambda: asked(cloud)["cimg/list"] == 12)
    process.send_signal(signal.SIGTERM)
    _, logged = process.communicate(timeout=PATIENCE)

    assert process.returncode == 0
    assert asked(cloud)["region/list"] == 1
    assert '"event": "refresh"' in logged
    assert cloud.token not in logged
    assert store.take_lock(vault.cache_key(cloud.token))


ACCOUNTS = 12


@pytest.fixture
def many(cloud: Sandbox, person: User, keep: Keep) -> list[str]:
    """Accounts that somebody looks at; returns how their secrets end."""
    secrets = [f"{number:064x}" for number in range(ACCOUNTS)]
    for number, secret in enumerate(secrets):
        cloud.accounts[secret] = cloud.accounts[cloud.token]
        now = timezone.now()
        keep(person, secret, f"Number {number}", last_used_at=now, checked_at=now)
    return [secret[-4:] for secret in secrets]


def read_by(cloud: Sandbox) -> Counter[str]:
    """Return how many lists were read of which account."""
    return Counter(call.token_last4 for call in cloud.calls if call.endpoint == "cimg/list")


def test_refreshers_side_by_side_share_the_accounts(
    start: Start, cloud: Sandbox, many: list[str]
) -> None:
    running = [start("--every", "60", INVENTORY_FRESH_SECONDS="3600") for _ in range(2)]
    wait_until(lambda: min(read_by(cloud)[last4] for last4 in many) == 6)
    for process in running:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE)
        assert process.returncode == 0

    assert read_by(cloud) == dict.fromkeys([*many, cloud.token[-4:]], 6)


def test_what_a_killed_refresher_was_at_another_reads(
    start: Start, cloud: Sandbox, many: list[str]
) -> None:
    cloud.misbehave(Fault("slow", seconds=3600, endpoint="cimg/list"))  # until it is cleared
    first = start("--every", "60", INVENTORY_FRESH_SECONDS="3600")
    wait_until(lambda: len(read_by(cloud)) >= 4)
    second = start("--every", "60", INVENTORY_FRESH_SECONDS="3600")
    first.kill()
    first.wait()
    cloud.clear_faults()
    wait_until(lambda: all(read_by(cloud)[last4] >= 6 for last4 in many))
    second.send_signal(signal.SIGTERM)
    _, logged = second.communicate(timeout=PATIENCE)
    assert second.returncode == 0
    assert "job failed" not in logged


@pytest.fixture
def name() -> Iterator[str]:
    name = f"lock:{uuid.uuid4()}"
    yield name
    lease.drop(name)
    cache.delete(name)


def killed() -> None:
    """As if this process had been, and another one asked from now on."""
    lease.forget()


def test_a_lock_is_kept_while_it_is_renewed_and_free_when_it_is_not(name: str) -> None:
    assert lease.take(name, 60)
    owner, end = cache.get(name), time.monotonic() + lease.LEASE_SECONDS + 1.5
    wait_until(lambda: time.monotonic() > end or cache.get(name) != owner)
    assert cache.get(name) == owner
    assert not lease.take(name, 60)
    killed()
    assert not lease.take(name, 60)
    wait_until(lambda: lease.take(name, 60))

    assert cache.get(name) != owner


def test_only_its_owner_gives_it_back(name: str) -> None:
    assert lease.take(name, 60)
    cache.set(name, "someone else's", 60)  # who took it while this process stood still
    lease.drop(name)

    assert cache.get(name) == "someone else's"
    assert not lease.take(name, 60)


def test_who_has_lost_it_does_not_take_it_back(name: str) -> None:
    assert lease.take(name, 60)
    cache.set(name, "someone else's", 60)
    end = time.monotonic() + 2 * lease.RENEWAL_INTERVAL_SECONDS
    wait_until(lambda: time.monotonic() > end or cache.get(name) != "someone else's")
    assert cache.get(name) == "someone else's"


def test_what_the_cache_has_lost_is_locked_again(name: str) -> None:
    assert lease.take(name, 60)
    owner = cache.get(name)
    assert owner
    cache.delete(name)

    wait_until(lambda: cache.get(name) == owner)


def test_who_hangs_does_not_keep_others_out_for_good(name: str) -> None:
    assert lease.take(name, 0.5)
    wait_until(lambda: cache.get(name) is None)


@pytest.mark.thorough
@pytest.mark.skipif(ON_SERVERS, reason="a cache in a file is locked so; this run's is a Redis")
def test_a_locked_database_costs_no_lock(name: str) -> None:
    assert lease.take(name, 60)
    owner, path = cache.get(name), connections["cache"].settings_dict["NAME"]
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        wait_until(lambda: cache.get(name) is None)  # No renewal can be written.
    wait_until(lambda: cache.get(name) == owner)


def test_without_a_cache_it_is_a_lock_of_this_process(no_cache: None, name: str) -> None:
    assert lease.take(name, 60)
    assert not lease.take(name, 60)
    lease.drop(name)
    assert lease.take(name, 60)
