"""Two workers over one cache: whichever answers, nobody is shown an older list than there is."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

from images.sandbox import Sandbox
from images.services import memory
from tests.integration.conftest import Clock, let_refreshes_finish
from tests.integration.images.pages import Page

pytestmark = pytest.mark.backend

LIST = "/images/"
BEFORE = 36


class Workers:
    """Processes that have nothing in common but database and cache: one at a time is this one."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.monkeypatch = monkeypatch
        self.held: dict[str, Any] = {
            name: OrderedDict() for name in ("first", "second", "refresher")
        }

    def become(self, name: str) -> None:
        let_refreshes_finish()
        self.monkeypatch.setattr(memory, "_cached", self.held[name])


@pytest.fixture
def workers(
    monkeypatch: pytest.MonkeyPatch, viewer: Client, clock: Clock, settings: Settings
) -> Workers:
    """Both workers hold the list as it was, fresh for 20 s."""
    settings.INVENTORY_FRESH_SECONDS = 20
    workers = Workers(monkeypatch)
    for name in ("first", "second"):
        workers.become(name)
        assert Page(viewer.get(LIST)).total == BEFORE
    return workers


def refreshed(workers: Workers, cloud: Sandbox) -> None:
    """`manage.py refresh` reads that there is one more."""
    cloud.add_image("bj", name="the-new-one")
    workers.become("refresher")
    call_command("refresh")


FILES = ("export.csv", "export.json")
API = "/api/v1/images"


@pytest.mark.parametrize("address", [*(f"{LIST}{name}" for name in FILES), API, LIST, "/overview/"])
@pytest.mark.django_db(databases="__all__", transaction=True)
def test_after_a_while_without_visitors_each_worker_begins_with_what_was_read_last(
    viewer: Client, cloud: Sandbox, clock: Clock, workers: Workers, address: str
) -> None:
    clock.now += 60
    refreshed(workers, cloud)
    for name in ("first", "second"):
        workers.become(name)
        response: Any = viewer.get(address)
        assert response.headers["X-Inventory-Regions"].count("age=0") == 3
        assert b"the-new-one" in response.getvalue() or address == "/overview/"


@pytest.mark.parametrize("address", [*(f"{LIST}{name}" for name in FILES), API])
@pytest.mark.django_db(databases="__all__", transaction=True)
def test_files_and_scripts_get_what_was_read_last_at_once(
    viewer: Client, cloud: Sandbox, clock: Clock, workers: Workers, address: str
) -> None:
    clock.now += 25
    refreshed(workers, cloud)
    for name in ("first", "second"):
        workers.become(name)
        response: Any = viewer.get(address)
        assert b"the-new-one" in response.getvalue()


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_a_page_waits_for_nothing_where_what_it_has_was_fresh_a_moment_ago(
    viewer: Client, cloud: Sandbox, clock: Clock, workers: Workers
) -> None:
    clock.now += 25
    refreshed(workers, cloud)
    workers.become("first")
    first = Page(viewer.get(LIST))
    let_refreshes_finish()
    then = Page(viewer.get(LIST))

    assert (first.total, then.total) == (BEFORE, BEFORE + 1)


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_what_is_old_is_shown_at_once_where_there_is_nothing_newer(
    viewer: Client, cloud: Sandbox, clock: Clock, workers: Workers
) -> None:
    """As before: the cloud is asked behind."""
    cloud.add_image("bj", name="the-new-one")
    clock.now += 600
    workers.become("second")
    first = Page(viewer.get(LIST))

    assert first.total == BEFORE
    assert set(first.regions.values()) == {"stale"}
