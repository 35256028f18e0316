"""manage.py refresh reads lists before people come for them: which, when, and what of the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from dashboard import maintenance
from dashboard.audit.trail import Actor
from dashboard.displays import links
from dashboard.displays.models import Display
from dashboard.people import teams
from dashboard.people.models import User
from dashboard.scheduling import jobs, warming
from dashboard.scheduling.jobs import JOBS
from dashboard.tokens.models import State, Token
from images.history.models import Published
from images.sandbox import Fault, Sandbox
from images.services import store
from tests.integration.conftest import Clock, Keep
from tests.integration.images.pages import Page
from tests.integration.ops.test_refresh_command import refresh

pytestmark = pytest.mark.backend

BY = Actor("test")
LIST = "/images/"
REGIONS = ("gz", "bj", "sh")
EVERYTHING = {"region/list": 1, "cimg/list": 6}
LISTS = {"cimg/list": 6}
TICK = 5.0  # seconds

KeepUsed = Callable[..., Token]


@pytest.fixture
def keep_used(keep: Keep, person: User) -> KeepUsed:
    """Stores a token that was used just now, and need not be checked."""

    def keep_used(secret: str, label: str = "Main", **fields: Any) -> Token:
        now = timezone.now()
        return keep(person, secret, label, **{"last_used_at": now, "checked_at": now, **fields})

    return keep_used


def asked(cloud: Sandbox) -> Counter[str]:
    """How often the cloud was asked for what since the last look."""
    calls = Counter(call.endpoint for call in cloud.calls)
    cloud.reset_calls()
    return calls


def look_ahead(within: float = TICK) -> int:
    """One of the looks of a refresher that goes on; how many accounts it reads."""
    return sum(JOBS[job.name](**job.arguments) for job in jobs.reading_jobs(within))


def test_a_list_is_read_before_anybody_asks_for_it(
    browser: Client, cloud: Sandbox, clock: Clock, keep_used: KeepUsed, settings: Settings
) -> None:
    keep_used(cloud.token)
    refresh()
    assert asked(cloud) == EVERYTHING
    page = Page(browser.get(LIST))

    assert page.total == 36
    assert page.regions == dict.fromkeys(REGIONS, "fresh")
    assert not cloud.calls

    made = cloud.add_image("bj", name="new")["cimgUuid"]
    clock.now += settings.INVENTORY_FRESH_SECONDS
    refresh()
    assert asked(cloud) == LISTS
    page = Page(browser.get(LIST))
    assert made in page.uuids
    assert page.regions == dict.fromkeys(REGIONS, "fresh")
    assert not cloud.calls


def test_a_list_is_read_just_before_it_is_old(
    cloud: Sandbox, clock: Clock, keep_used: KeepUsed, settings: Settings
) -> None:
    keep_used(cloud.token)
    assert look_ahead() == 1
    asked(cloud)
    clock.now += settings.INVENTORY_FRESH_SECONDS - TICK - 1
    assert look_ahead() == 0
    assert not cloud.calls
    clock.now += 1
    assert look_ahead() == 1
    assert asked(cloud) == LISTS
    assert look_ahead() == 0


@pytest.mark.parametrize(
    ("fields", "read"),
    [
        ({}, True),
        ({"last_used_at": None}, True),
        ({"disabled_at": timezone.now()}, False),
        ({"expires_on": date(2020, 1, 1)}, False),
        ({"expires_on": timezone.now().date() + timedelta(days=1)}, True),
        # It may be accepted again by now.
        ({"state": State.REFUSED}, True),
        ({"state": State.FORBIDDEN}, True),
        ({"state": State.REFUSED, "last_ok_at": None}, False),
        ({"state": State.UNVERIFIED, "last_ok_at": None}, False),
        # The cloud was away, which says nothing against the token.
        ({"state": State.UNREACHABLE}, True),
    ],
)
def test_only_what_has_worked_and_may_be_used_is_read(
    cloud: Sandbox, keep_used: KeepUsed, fields: dict[str, object], read: bool
) -> None:
    keep_used(cloud.token, **fields)

    assert look_ahead() == read
    assert bool(cloud.calls) is read


@pytest.mark.parametrize(("minutes", "looks"), [(2.5, True), (3.5, False), (None, False)])
def test_an_account_that_nobody_looks_at_is_read_less_often(
    cloud: Sandbox,
    clock: Clock,
    keep_used: KeepUsed,
    settings: Settings,
    minutes: float | None,
    looks: bool,
) -> None:
    used = {"last_used_at": minutes and timezone.now() - timedelta(minutes=minutes)}
    keep_used(cloud.token, **used)
    assert look_ahead() == 1
    clock.now += settings.INVENTORY_FRESH_SECONDS
    assert look_ahead() == looks
    clock.now += settings.INVENTORY_IDLE_SECONDS - settings.INVENTORY_FRESH_SECONDS - 1
    assert look_ahead() == looks
    clock.now += 1
    assert look_ahead() == (not looks)


def test_what_an_open_wall_shows_is_looked_at(
    person: User, cloud: Sandbox, clock: Clock, keep_used: KeepUsed, settings: Settings
) -> None:
    blue = teams.create("Blue", by=BY)
    token = keep_used(cloud.token, team=blue, last_used_at=None)
    links.make(blue, token, "Wall", query="", days=7, language="en", by=BY)
    Display.objects.update(last_seen_at=timezone.now())
    assert look_ahead() == 1

    clock.now += settings.INVENTORY_FRESH_SECONDS
    Display.objects.update(last_seen_at=timezone.now() - timedelta(minutes=4))
    assert look_ahead() == 0
    Display.objects.update(last_seen_at=timezone.now())
    assert look_ahead() == 1

    clock.now += settings.INVENTORY_FRESH_SECONDS
    Display.objects.update(expires_at=timezone.now())
    assert look_ahead() == 0


def test_who_may_wait_least_is_read_first(
    cloud: Sandbox, clock: Clock, keep_used: KeepUsed
) -> None:
    """Sixty seconds late are a whole interval for who looks, and a fifteenth for who does not."""
    looked_at = keep_used(cloud.token, "Looked at")
    idle = keep_used(cloud.other_token, "Idle", last_used_at=None)
    assert look_ahead() == 2
    Published.objects.update(due_at=clock.now - 60, idle_due_at=clock.now - 300)
    order = [job.arguments["tokens"] for job in jobs.reading_jobs()]
    assert order == [[str(looked_at.pk)], [str(idle.pk)]]

    Published.objects.update(idle_due_at=clock.now - 1000)
    order = [job.arguments["tokens"] for job in jobs.reading_jobs()]
    assert order == [[str(idle.pk)], [str(looked_at.pk)]]


def test_many_that_come_due_together_hold_up_none_that_somebody_looks_at(
    cloud: Sandbox, clock: Clock, keep_used: KeepUsed
) -> None:
    looked_at = keep_used(cloud.token, "Looked at")
    idle = keep_used(cloud.other_token, "Idle", last_used_at=None)
    look_ahead()
    Published.objects.update(due_at=clock.now + TICK, idle_due_at=clock.now - 100)

    first, second = jobs.reading_jobs()
    assert first.arguments["tokens"] == [str(looked_at.pk)]
    assert second.arguments["tokens"] == [str(idle.pk)]
    assert first.priority > second.priority

    # Both are in line meanwhile, and the one that is put there again is where it was.
    clock.now += 60
    assert jobs.reading_jobs() == [first, second]


def test_an_account_whose_cloud_does_not_answer_waits_in_a_line_of_its_own(
    cloud: Sandbox, clock: Clock, keep_used: KeepUsed, settings: Settings
) -> None:
    settings.UPSTREAM_DEADLINE_SECONDS = 1
    keep_used(cloud.token, "Good")
    dead = keep_used(cloud.other_token, "Dead")
    cloud.misbehave(Fault("hang", token=cloud.other_token, endpoint="cimg/list", region="bj"))
    look_ahead()
    clock.now += 60
    lines = {job.arguments["tokens"][0]: job.queue for job in jobs.reading_jobs()}
    assert lines.pop(str(dead.pk)) == jobs.SLOW_LISTS
    assert set(lines.values()) == {jobs.LISTS}

    cloud.clear_faults()
    look_ahead()
    clock.now += 60
    assert {job.queue for job in jobs.reading_jobs()} == {jobs.LISTS}


def test_reading_ahead_is_not_using(cloud: Sandbox, keep_used: KeepUsed) -> None:
    blue = teams.create("Blue", by=BY)
    token = keep_used(cloud.token, team=blue, last_used_at=None)
    links.make(blue, token, "Wall", query="", days=7, language="en", by=BY)
    refresh()

    token.refresh_from_db()
    assert cloud.calls
    assert (token.last_used_at, token.last_used_by) == (None, "")


def test_two_tokens_with_the_same_secret_are_read_once(
    stranger: User, cloud: Sandbox, clock: Clock, keep: Keep, keep_used: KeepUsed
) -> None:
    keep_used(cloud.token)
    keep(stranger, cloud.token, last_used_at=timezone.now(), checked_at=timezone.now())

    assert look_ahead() == 1
    assert asked(cloud) == EVERYTHING

    clock.now += 3600
    cloud.misbehave(Fault("errno", errno=4))
    assert look_ahead() == 1
    assert set(Token.objects.values_list("state", flat=True)) == {State.REFUSED}


def test_one_that_cannot_be_read_holds_up_no_other(
    browser: Client, cloud: Sandbox, clock: Clock, keep_used: KeepUsed, settings: Settings
) -> None:
    settings.UPSTREAM_DEADLINE_SECONDS = 1
    broken = keep_used("e" * 64, "Broken", last_used_at=timezone.now() + timedelta(seconds=3))
    Token.objects.filter(pk=broken.pk).update(sealed="gone:AAAA")
    dead = keep_used(cloud.other_token, "Dead", last_used_at=timezone.now() + timedelta(seconds=2))
    keep_used("f" * 64, "Refused", last_used_at=timezone.now() + timedelta(seconds=1))
    good = keep_used(cloud.token, "Good")
    cloud.misbehave(Fault("hang", token=cloud.other_token))
    assert look_ahead() == 3

    states = dict(Token.objects.values_list("label", "state"))
    assert states == {
        "Broken": State.VALID,
        "Dead": State.UNREACHABLE,
        "Refused": State.REFUSED,
        "Good": State.VALID,
    }
    asked(cloud)
    page = Page(browser.get(f"{LIST}?token={good.pk}"))
    assert page.regions == dict.fromkeys(REGIONS, "fresh")
    assert not cloud.calls

    # A failure is waited out, and has passed by itself.
    cloud.clear_faults()
    assert look_ahead() == 0
    clock.now += 15
    assert look_ahead() == 1
    dead.refresh_from_db()
    assert dead.state == State.VALID


def test_a_region_that_failed_is_waited_out(
    cloud: Sandbox, clock: Clock, keep_used: KeepUsed
) -> None:
    keep_used(cloud.token)
    cloud.misbehave(Fault("not_json", endpoint="cimg/list", region="bj"))
    assert look_ahead() == 1
    cloud.clear_faults()
    clock.now += 14.9
    assert look_ahead() == 0
    asked(cloud)
    clock.now += 0.1
    assert look_ahead() == 1
    assert {call.region for call in cloud.calls} == {"bj"}


def test_one_that_is_refused_is_asked_about_less_and_less_often(
    cloud: Sandbox, clock: Clock, keep_used: KeepUsed
) -> None:
    token = keep_used(cloud.token)
    cloud.misbehave(Fault("errno", errno=4))
    asked_at: list[float] = []
    while len(asked_at) < 7:
        if look_ahead():
            assert asked(cloud) == {"region/list": 1}
            asked_at.append(clock.now)
        clock.now += TICK
    assert [later - earlier for earlier, later in pairwise(asked_at)] == [
        *(60, 120, 240, 480, 900, 900)
    ]
    token.refresh_from_db()
    assert token.state == State.REFUSED

    cloud.clear_faults()
    clock.now += 900
    assert look_ahead() == 1
    assert asked(cloud) == EVERYTHING
    token.refresh_from_db()
    assert token.state == State.VALID


def test_one_that_was_put_right_and_checked_is_read_again_at_once(
    cloud: Sandbox, clock: Clock, keep_used: KeepUsed
) -> None:
    token = keep_used(cloud.token)
    cloud.misbehave(Fault("errno", errno=4))
    assert look_ahead() == 1
    cloud.clear_faults()
    Token.objects.update(checked_at=timezone.now() - timedelta(minutes=15))
    assert maintenance.check_due_tokens() == 1
    token.refresh_from_db()
    assert token.state == State.VALID

    asked(cloud)
    assert look_ahead() == 1
    assert asked(cloud) == EVERYTHING


def test_without_a_cache_a_round_still_ends(
    no_cache: None, cloud: Sandbox, keep_used: KeepUsed
) -> None:
    keep_used(cloud.token)

    assert refresh() == ""
    assert asked(cloud) == EVERYTHING


def bodies_loaded(browser: Client) -> float:
    """Return how often a list was decoded from the cache, as /metrics counts it."""
    text = browser.get("/metrics").content.decode()
    line = 'dashboard_inventory_reads_total{part="body",source="cache"} '
    return sum(float(each.removeprefix(line)) for each in text.splitlines() if line in each)


def test_a_worker_has_the_lists_used_last_before_it_takes_requests(
    browser: Client, cloud: Sandbox, keep_used: KeepUsed
) -> None:
    keep_used(cloud.token)
    browser.get(LIST)
    store.forget()  # as a process that has just started
    asked(cloud)
    assert warming.warm_up() == 1

    before = bodies_loaded(browser)
    assert Page(browser.get(LIST)).total == 36
    assert bodies_loaded(browser) == before
    assert not cloud.calls
    store.forget()
    browser.get(LIST)
    assert bodies_loaded(browser) == before + 3


def test_nothing_is_asked_of_the_cloud_to_start(cloud: Sandbox, keep_used: KeepUsed) -> None:
    keep_used(cloud.token)
    assert warming.warm_up() == 0
    assert not cloud.calls
