"""How often the cloud is asked: the budget of calls, and the breaker of a cloud that is away."""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Iterator

import pytest
from django.core.cache import cache
from pytest_django import Settings

from images import services
from images.cloud.deadline import Deadline
from images.sandbox import Fault, Sandbox
from images.services import breaker, budget
from tests.integration.conftest import Clock, Credential

pytestmark = pytest.mark.backend

FIVE = 5


@pytest.fixture
def credential(cloud: Sandbox) -> Credential:
    return Credential(cloud.token, "good")


class Seconds:
    """Stand still, but for what is waited."""

    now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def seconds(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Iterator[Seconds]:
    seconds = Seconds()
    monkeypatch.setattr(budget, "clock", seconds)
    monkeypatch.setattr(budget, "pause", seconds.wait)
    settings.UPSTREAM_CALLS_PER_SECOND = FIVE
    yield seconds
    budget.forget()


def calls(count: int, seconds: Seconds) -> Counter[int]:
    """Make so many calls one after the other; return how many fell into which second."""
    permit, deadline = budget.permits(), Deadline(10)
    made: Counter[int] = Counter()
    for _ in range(count):
        permit(deadline)
        made[int(seconds.now) - int(Seconds.now)] += 1
    return made


def test_what_nobody_waits_for_takes_no_more_calls_a_second_than_set(seconds: Seconds) -> None:
    with budget.background():
        assert calls(12, seconds) == {0: 5, 1: 5, 2: 2}


def test_a_person_borrows_calls_and_others_wait_until_they_are_given_back(
    seconds: Seconds,
) -> None:
    assert calls(FIVE * 6, seconds) == {0: 30}
    with budget.background():
        assert calls(1, seconds) == {6: 1}


def test_a_person_finds_calls_where_all_of_this_second_are_taken(seconds: Seconds) -> None:
    with budget.background():
        calls(FIVE, seconds)
    assert calls(1, seconds) == {0: 1}


def test_without_a_cache_each_process_counts_for_itself(no_cache: None, seconds: Seconds) -> None:
    with budget.background():
        assert calls(7, seconds) == {0: 5, 1: 2}


def test_zero_is_no_limit(seconds: Seconds, settings: Settings) -> None:
    settings.UPSTREAM_CALLS_PER_SECOND = 0
    with budget.background():
        assert calls(100, seconds) == {0: 100}


def test_every_call_of_a_reading_takes_its_place(
    cloud: Sandbox, clock: Clock, credential: Credential, seconds: Seconds, settings: Settings
) -> None:
    """Also those that the worker process makes, and those that are tried again."""
    cloud.misbehave(Fault("errno", errno=40000, endpoint="cimg/list", region="bj", times=1))
    with budget.background():
        services.keep_warm(credential)
    assert len(cloud.calls) == 8
    assert int(seconds.now) == int(Seconds.now) + 1
    with budget.background():
        assert calls(3, seconds)[1] == 2  # what the reading left of its last second


def test_a_reading_may_wait_for_its_calls_for_longer_than_for_the_cloud(
    cloud: Sandbox, credential: Credential, settings: Settings
) -> None:
    settings.UPSTREAM_CALLS_PER_SECOND, settings.UPSTREAM_DEADLINE_SECONDS = 2, 1
    with budget.background():
        found = services.keep_warm(credential)
    assert found
    assert {region.state for region in found.regions} == {"fresh"}
    assert len(cloud.calls) == 7


@pytest.fixture
def nobody(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A cloud that is away; two readings in a row are enough to know."""
    monkeypatch.setattr(breaker, "SILENT_READINGS", 2)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


def test_a_cloud_that_answers_nobody_is_left_alone_but_for_one_who_tries(
    cloud: Sandbox, clock: Clock, nobody: str, settings: Settings
) -> None:
    there, settings.DIDIYUN_API_URL = settings.DIDIYUN_API_URL, nobody
    one, two, three = (Credential(f"{number:064x}", f"key {number}") for number in range(3))
    services.keep_warm(one)
    assert not breaker.is_open()
    services.keep_warm(two)
    assert breaker.is_open()

    # It is back, and nobody knows yet.
    settings.DIDIYUN_API_URL = there
    assert breaker.lets_ask()  # who tries, and takes long to tell
    found = services.keep_warm(three)
    assert found
    assert found.failure
    assert found.failure.kind == "unavailable"
    assert not cloud.calls

    # It refuses that token, so it answers.
    cache.delete(breaker.PROBE)
    clock.now += 60
    services.keep_warm(three)
    assert not breaker.is_open()
    clock.now += 60
    services.keep_warm(one)
    assert {call.token_last4 for call in cloud.calls} == {"0000", "0002"}


def test_one_account_that_the_cloud_lets_wait_stops_no_other(
    cloud: Sandbox, clock: Clock, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(breaker, "SILENT_READINGS", 2)
    settings.UPSTREAM_DEADLINE_SECONDS = 1
    dead, good = Credential(cloud.other_token, "dead"), Credential(cloud.token, "good")
    cloud.misbehave(Fault("hang", token=cloud.other_token))
    for _ in range(3):
        services.keep_warm(dead)
        services.keep_warm(good)
        clock.now += 60
    assert not breaker.is_open()
    assert cloud.calls
