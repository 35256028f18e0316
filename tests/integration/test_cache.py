"""A cache that fails costs speed, never a page: real caches, failing in their own ways."""

from __future__ import annotations

import contextlib
import json
import socket
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from django.core.cache.backends.locmem import LocMemCache
from django.db import OperationalError, connections
from django.test import Client
from pytest_django import Settings
from pytest_django.asserts import assertContains

from dashboard.caching.forgiving import Forgiving
from dashboard.people.models import User
from images.sandbox import Fault, Sandbox
from images.services import COOL_DOWN_SECONDS, store
from tests.dashboards import ON_SERVERS
from tests.integration import cached
from tests.integration.cached import ALIASES
from tests.integration.conftest import PASSWORD, Clock, Keep, let_refreshes_finish, use_redis
from tests.integration.images.pages import Page

pytestmark = pytest.mark.backend

LIST = "/images/"
EVERYTHING = 36


def a_visit(browser: Client, clock: Clock) -> None:
    """Sign in, look around, ask for a refresh, take the file, sign out."""
    form = {"login": "person", "password": PASSWORD}
    assert browser.post("/accounts/login/", form).status_code == 302
    for path in (LIST, f"{LIST}?os=CentOS", "/tokens/"):
        assert browser.get(path).status_code == 200
    clock.now += COOL_DOWN_SECONDS
    assert browser.post("/images/refresh/").status_code == 302
    file = browser.get(f"{LIST}export.json").getvalue()
    assert len(json.loads(file)["images"]) == EVERYTHING
    page = Page(browser.get(LIST))
    assert page.total == len(page.rows) == EVERYTHING
    assert set(page.regions.values()) == {"fresh"}
    assert not page.failures
    assert browser.post("/accounts/logout/").status_code == 302
    assert browser.get(LIST).status_code == 302


@pytest.fixture
def visitor(anonymous: Client, person: User, keep: Keep, cloud: Sandbox) -> Client:
    keep(person, cloud.token)
    return anonymous


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """A server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=200) as server:
        server.setblocking(False)
        yield server


def connections_to(server: socket.socket) -> int:
    number = 0
    with contextlib.suppress(BlockingIOError):
        while True:
            server.accept()[0].close()
            number += 1
    return number


class FailingBelow(LocMemCache):
    """Raises at what OPTIONS names, as a server that cannot be reached."""

    def __init__(self, name: str, params: dict[str, Any]) -> None:
        super().__init__(name, params)
        self._failing = params["OPTIONS"]["failing"]

    def _do(self, operation: str, *args: Any, **kwargs: Any) -> Any:
        if operation in self._failing:
            raise ConnectionError("no way to the cache")
        return getattr(super(), operation)(*args, **kwargs)

    def get(self, *args: Any, **kwargs: Any) -> Any:
        return self._do("get", *args, **kwargs)

    def set(self, *args: Any, **kwargs: Any) -> Any:
        return self._do("set", *args, **kwargs)

    def add(self, *args: Any, **kwargs: Any) -> Any:
        return self._do("add", *args, **kwargs)

    def touch(self, *args: Any, **kwargs: Any) -> Any:
        return self._do("touch", *args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        return self._do("delete", *args, **kwargs)


class FullBelow(LocMemCache):
    """Takes nothing and says nothing of it, as a database cache does on a full disk."""

    def set(self, *args: Any, **kwargs: Any) -> None:
        return None

    def add(self, *args: Any, **kwargs: Any) -> bool:
        return False


class Failing(Forgiving, FailingBelow):
    pass


class Full(Forgiving, FullBelow):
    pass


def test_lists_that_make_room_take_neither_throttles_nor_locks_along(
    visitor: Client, settings: Settings
) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"login_failed": "2/h/key"}
    form = {"login": "person", "password": "a wrong one"}
    visitor.login(username="person", password=PASSWORD)
    assert Page(visitor.get(LIST)).total == EVERYTHING
    for _ in range(2):
        Client().post("/accounts/login/", form)
    assert store.take_lock("somebody's")
    lists = cached.names(aliases=("lists",))
    assert {part for part in ("head", "body") for name in lists if part in name} == {"head", "body"}
    for name in lists:
        cached.delete(name)
    store.forget()  # as another process

    page = Client().post("/accounts/login/", form | {"password": PASSWORD})
    assertContains(page, "Too many failed login attempts")
    assert not store.take_lock("somebody's")
    assert Page(visitor.get(LIST)).total == EVERYTHING


only_of_a_file = pytest.mark.skipif(
    ON_SERVERS, reason="a cache in a file fails so; this run's is a Redis"
)


def use_cache(settings: Settings, backend: type[LocMemCache], failing: tuple[str, ...]) -> None:
    settings.CACHES = {
        alias: {
            "BACKEND": f"{__name__}.{backend.__name__}",
            "LOCATION": uuid.uuid4().hex,  # empty
            "OPTIONS": {"failing": failing},
        }
        for alias in ALIASES
    }


OPERATIONS = ("get", "set", "add", "touch", "delete")


@pytest.mark.parametrize(
    "failing", [*((each,) for each in OPERATIONS if each != "delete"), OPERATIONS], ids="-".join
)
def test_a_cache_that_cannot_be_reached_costs_no_page(
    visitor: Client, clock: Clock, settings: Settings, failing: tuple[str, ...]
) -> None:
    use_cache(settings, Failing, failing)

    a_visit(visitor, clock)


def test_a_lock_that_cannot_be_given_back_costs_no_page(
    visitor: Client, clock: Clock, settings: Settings
) -> None:
    use_cache(settings, Failing, ("delete",))
    settings.UPSTREAM_DEADLINE_SECONDS = 1

    a_visit(visitor, clock)


def test_a_cache_that_takes_nothing_costs_no_page(
    visitor: Client, clock: Clock, settings: Settings
) -> None:
    use_cache(settings, Full, ())

    a_visit(visitor, clock)


def test_a_redis_that_is_gone_costs_no_page(no_cache: None, visitor: Client, clock: Clock) -> None:
    a_visit(visitor, clock)


def test_a_redis_that_hangs_costs_no_page_and_is_waited_for_once(
    visitor: Client, clock: Clock, settings: Settings, silent: socket.socket
) -> None:
    use_redis(settings, silent.getsockname()[1])

    a_visit(visitor, clock)

    assert connections_to(silent) <= 2 * len(ALIASES)  # seldom more than 5 s go by


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_without_a_cache_the_cloud_is_asked_no_more_than_with_one(
    no_cache: None, visitor: Client, cloud: Sandbox, settings: Settings, clock: Clock
) -> None:
    visitor.login(username="person", password=PASSWORD)
    visitor.get(LIST)
    cloud.reset_calls()
    for _ in range(3):
        assert set(Page(visitor.get(LIST)).regions.values()) == {"fresh"}
    assert not cloud.calls

    clock.now += settings.INVENTORY_FRESH_SECONDS
    assert set(Page(visitor.get(LIST)).regions.values()) == {"stale"}
    let_refreshes_finish()
    assert set(Page(visitor.get(LIST)).regions.values()) == {"fresh"}


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_what_the_cloud_refused_is_remembered_without_a_cache(
    no_cache: None, visitor: Client, cloud: Sandbox, settings: Settings, clock: Clock
) -> None:
    visitor.login(username="person", password=PASSWORD)
    cloud.misbehave(Fault("status", status=503))
    assert Page(visitor.get(LIST)).failures
    cloud.reset_calls()

    assert Page(visitor.get(LIST)).failures
    let_refreshes_finish()
    assert not cloud.calls


@only_of_a_file
@pytest.mark.django_db(databases="__all__", transaction=True)
def test_a_full_disk_under_the_cache_costs_no_page(visitor: Client, clock: Clock) -> None:
    with connections["cache"].cursor() as cursor:
        cursor.execute("PRAGMA max_page_count=1")  # no more than there are
        with contextlib.suppress(OperationalError):
            for number in range(10_000):
                cursor.execute("INSERT INTO cache VALUES (%s, %s, %s)", [str(number), "x", "9999"])
        try:
            a_visit(visitor, clock)
        finally:
            cursor.execute("PRAGMA max_page_count=1073741823")


@only_of_a_file
@pytest.mark.django_db(databases="__all__", transaction=True)
def test_a_cache_file_locked_by_someone_else_costs_no_page(visitor: Client, clock: Clock) -> None:
    path = connections["cache"].settings_dict["NAME"]
    with connections["cache"].cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout=50")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        a_visit(visitor, clock)


@only_of_a_file
@pytest.mark.django_db(databases="__all__", transaction=True)
def test_caches_without_their_tables_cost_no_page(visitor: Client, clock: Clock) -> None:
    tables = ("cache", "lists")
    with connections["cache"].cursor() as cursor:
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} RENAME TO no_{table}")
        try:
            a_visit(visitor, clock)
        finally:
            for table in tables:
                cursor.execute(f"ALTER TABLE no_{table} RENAME TO {table}")
