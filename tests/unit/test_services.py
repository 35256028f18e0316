"""What pages do not show of the service module: what a process holds, and how much of it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections
from pytest_django import Settings

from images import services
from images.cloud.records import Job
from images.sandbox import Sandbox
from images.services import freshness, memory, single_flight, store
from images.services.inventory import Inventory
from images.services.progress import Known, first_seen
from tests.integration import cached

pytestmark = [pytest.mark.backend, pytest.mark.django_db(databases="__all__", transaction=True)]


class Clock:
    now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


class Someone:
    """A credential: its name stands for its secret in the cache."""

    def __init__(self, cloud: Sandbox, name: str = "someone") -> None:
        self.secret = cloud.token
        self.cache_key = name


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(freshness, "clock", clock)
    return clock


@pytest.fixture
def cloud(cloud: Sandbox, settings: Settings) -> Iterator[Sandbox]:
    settings.DIDIYUN_API_URL = cloud.url
    cached.clear()
    store.forget()
    yield cloud
    finish()


def finish() -> None:
    for thread in threading.enumerate():
        if thread.name in ("refresh", "load"):
            thread.join()


def names(inventory: Inventory) -> set[str | None]:
    return {image.name for image in inventory.images}


def calls_of(cloud: Sandbox) -> int:
    """How many there were since the last look."""
    calls = len(cloud.calls)
    cloud.reset_calls()
    return calls


def test_what_is_held_is_not_built_again(cloud: Sandbox, clock: Clock) -> None:
    first, second = (services.inventory(Someone(cloud)) for _ in range(2))

    assert first.index is second.index
    assert len(first.images) == 36


def test_those_who_come_at_once_build_one_index(
    cloud: Sandbox, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_elsewhere(cloud, monkeypatch)
    together = threading.Barrier(6)

    def look() -> Inventory:
        together.wait()
        try:
            return services.inventory(Someone(cloud))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(together.parties) as pool:
        seen = [each.result() for each in [pool.submit(look) for _ in range(together.parties)]]

    assert len({id(inventory.index) for inventory in seen}) == 1
    assert len(seen[0].images) == 36


@pytest.mark.parametrize("elsewhere", [False, True], ids=["read here", "read elsewhere"])
def test_a_refresh_takes_no_room_for_what_did_not_change(
    cloud: Sandbox, clock: Clock, monkeypatch: pytest.MonkeyPatch, elsewhere: bool
) -> None:
    old = services.inventory(Someone(cloud))
    made = cloud.add_image("bj", name="new")["cimgUuid"]
    changed = cloud.images("gz")[0]["cimgUuid"]
    cloud.change_image("gz", changed, name="renamed")
    clock.now += 30
    if elsewhere:
        read_elsewhere(cloud, monkeypatch)
        services.inventory(Someone(cloud))
        finish()
    new = services.inventory(Someone(cloud), again=not elsewhere)

    held = {id(image) for image in old.images}
    assert {image.uuid for image in new.images if id(image) not in held} == {made, changed}
    assert {"new", "renamed"} <= names(new)


def test_a_process_holds_no_more_than_it_may(
    cloud: Sandbox, clock: Clock, settings: Settings
) -> None:
    """The account that was looked at longest ago goes first, and comes back from the cache."""
    first = services.inventory(Someone(cloud, "first"))
    settings.INVENTORY_MEMORY_MB = 0
    second = services.inventory(Someone(cloud, "second"))
    calls_of(cloud)
    again = services.inventory(Someone(cloud, "first"))

    assert services.inventory(Someone(cloud, "first")).index is again.index
    assert again.index is not first.index
    assert list(again.images) == list(first.images) == list(second.images)
    assert calls_of(cloud) == 0


def test_what_is_looked_at_often_stays(cloud: Sandbox, clock: Clock, settings: Settings) -> None:
    often = services.inventory(Someone(cloud, "often"))
    services.inventory(Someone(cloud, "once"))
    services.inventory(Someone(cloud, "often"))
    held = sum(each.size_now for each in memory._cached.values()) / 2**20
    settings.INVENTORY_MEMORY_MB = held  # Two as large as these fit, and not a third.
    services.inventory(Someone(cloud, "new"))

    assert set(memory._cached) == {"often", "new"}
    assert services.inventory(Someone(cloud, "often")).index is often.index


def read_elsewhere(cloud: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """As another process, which holds nothing yet, reads everything anew."""
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(memory, "_cached", OrderedDict())
        services.inventory(Someone(cloud), again=True)


def test_what_another_process_read_is_loaded_in_the_background(
    cloud: Sandbox, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    services.inventory(Someone(cloud))
    cloud.add_image("bj", name="new")
    clock.now += 30
    read_elsewhere(cloud, monkeypatch)
    calls_of(cloud)
    before = services.inventory(Someone(cloud))
    finish()
    after = services.inventory(Someone(cloud))

    assert "new" not in names(before)
    assert [state.age for state in before.regions] == [30, 30, 30]
    assert "new" in names(after)
    assert [state.age for state in after.regions] == [0, 0, 0]
    assert calls_of(cloud) == 0


def test_what_another_process_found_unchanged_is_not_loaded_again(
    cloud: Sandbox, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = services.inventory(Someone(cloud))
    clock.now += 30
    read_elsewhere(cloud, monkeypatch)
    after = services.inventory(Someone(cloud))

    assert after.index is before.index
    assert [state.age for state in after.regions] == [0, 0, 0]


def test_what_is_too_old_to_be_shown_is_not_shown_while_the_new_is_loaded(
    cloud: Sandbox, clock: Clock, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    services.inventory(Someone(cloud))
    cloud.add_image("bj", name="new")
    clock.now += settings.INVENTORY_STALE_SECONDS + 1
    read_elsewhere(cloud, monkeypatch)

    assert "new" in names(services.inventory(Someone(cloud)))


def test_without_a_cache_everyone_is_served_even_an_empty_account(
    cloud: Sandbox, settings: Settings
) -> None:
    backend = "dashboard.caching.backends.Database"
    gone = {"BACKEND": backend, "LOCATION": "a_table_that_is_gone"}
    settings.CACHES = dict.fromkeys(cached.ALIASES, gone)
    full = services.inventory(Someone(cloud))
    for region in ("gz", "bj", "sh"):
        for image in cloud.images(region):
            cloud.remove_image(region, image["cimgUuid"])
    empty = services.inventory(Someone(cloud, "empty"))

    assert len(full.images) == 36
    assert len(empty.images) == 0
    assert [state.state for state in empty.regions] == ["fresh"] * 3
    assert empty.failure is None


def test_who_comes_just_after_another_has_finished_does_not_ask_again(
    cloud: Sandbox, clock: Clock
) -> None:
    """It saw nothing in the cache; when it gets the lock, everything is there."""
    services.inventory(Someone(cloud))
    calls_of(cloud)
    head = single_flight.refresh_or_wait(Someone(cloud), clock.now)

    assert [entry.count for entry in head.regions] == [12, 12, 12]
    assert calls_of(cloud) == 0


def test_what_is_known_of_jobs_is_read_again_and_damage_is_nothing_known(cloud: Sandbox) -> None:
    job = Job("a" * 32, "ImportCIMG", 40.0, False, None, None)
    known = Known({"j1": first_seen(job, 1.0)}, 2.0)
    store.save_jobs("someone", "bj", known)
    [name] = cached.names("someone")
    kept = cached.get(name)

    assert store.load_jobs("someone", "bj") == known
    for damaged in (None, b"", kept[:-1], kept + b"x", b"\xc1", "text", 7):
        cached.put(name, damaged)
        assert store.load_jobs("someone", "bj") is None
