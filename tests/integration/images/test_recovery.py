"""Every failure of the cloud passes by itself: nobody presses a button, no refresher runs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from dashboard.api_keys import keys
from dashboard.audit.trail import Actor
from dashboard.displays import links
from dashboard.people import teams
from dashboard.people.models import User
from dashboard.scheduling import jobs
from dashboard.scheduling.jobs import JOBS
from dashboard.tokens.models import State, Token
from images.sandbox import Fault, Sandbox
from images.services import store
from tests.dashboards import ON_SERVERS
from tests.integration import cached
from tests.integration.conftest import Clock, Keep, let_refreshes_finish, read_again
from tests.integration.images.pages import FRAGMENT, Page, both
from tests.integration.images.test_faults import (
    DEADLINE,
    FAILING,
    OF_EACH_KIND,
    REGIONS,
    TROUBLE_OF_ERRNO,
    TROUBLES,
    URL,
    at,
)
from tests.marks import some

pytestmark = [pytest.mark.backend, pytest.mark.django_db(databases="__all__", transaction=True)]

REFUSALS = ("refused", "forbidden")
FIRST_PAUSE, FIRST_PAUSE_REFUSED, LONGEST_PAUSE = 15.0, 60.0, 900.0
# Long enough for every list, and the list of regions, to be old.
LONG = 4000.0

FAULTS = {
    **FAILING,
    **{
        f"errno {errno}": (
            TROUBLE_OF_ERRNO.get(errno, "unavailable"),
            Fault("errno", errno=errno),
        )
        for errno in (4, 10000001, 1000011, 1, 13, 2, 40000, 99)
    },
    **{
        f"HTTP {status}": ("unavailable", Fault("status", status=status, html=True))
        for status in (404, 502, 503)
    },
    **{
        f"HTTP {status} for {seconds} seconds": (
            "unavailable",
            Fault("status", status=status, html=status == 503, retry_after=seconds),
        )
        for status, seconds in ((429, "3600"), (429, "120"), (503, "120"), (503, "12"))
    },
}
# How a failure is remembered is the same for all: it is tried once in each place on servers.
GATE = ("errno 4",) if ON_SERVERS else (*OF_EACH_KIND, "errno 4", "errno 1000011", "errno 40000")
PLACES = {
    "one region": ("cimg/list", "bj"),
    "every region": ("cimg/list", None),
    "the list of regions": ("region/list", None),
}


def seen(browser: Client, url: str = URL) -> Page:
    """What a person sees who looks twice: the first look may set off a reading."""
    browser.get(url)
    let_refreshes_finish()
    page = Page(browser.get(url))
    let_refreshes_finish()
    return page


def given(cloud: Sandbox, fault: Fault, place: str) -> None:
    endpoint, region = PLACES[place]
    cloud.misbehave(Fault(**vars(fault) | {"endpoint": endpoint, "region": region}))


def pause_after(kind: str, fault: Fault) -> float:
    """No shorter than the cloud asks for, within a quarter of an hour."""
    first = FIRST_PAUSE_REFUSED if kind in REFUSALS else FIRST_PAUSE
    return min(max(first, float(fault.retry_after or 0)), LONGEST_PAUSE)


def noted() -> tuple[str, dict[str, bool | None]]:
    """The state of the token, and where it can list, as its page shows."""
    token = Token.objects.get()
    return token.state, {region["id"]: region["ok"] for region in token.regions}


def is_well(page: Page) -> bool:
    return page.regions == dict.fromkeys(REGIONS, "fresh") and not page.failures


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", some(FAULTS, GATE))
def test_what_failed_comes_back_within_its_pause_to_whoever_looks_and_to_the_refresher(
    viewer: Client, cloud: Sandbox, clock: Clock, settings: Settings, name: str, place: str
) -> None:
    kind, fault = FAULTS[name]
    settings.UPSTREAM_DEADLINE_SECONDS = DEADLINE if kind == "out-of-time" else 10
    good = seen(viewer)
    clock.now += LONG
    given(cloud, fault, place)
    failing = seen(viewer)
    cloud.clear_faults()
    assert set(failing.failures) == {kind}
    assert failing.uuids == good.uuids
    cloud.reset_calls()
    clock.now += pause_after(kind, fault) - 1
    Page(viewer.get(URL))
    let_refreshes_finish()
    # Meanwhile the regions grow old whose list of regions is not to be asked for.
    failed_there = {"one region": {"bj"}, "every region": {*REGIONS}}.get(place, {None})
    assert not [call for call in cloud.calls if call.region in failed_there]
    clock.now += 1
    assert is_well(seen(viewer))
    assert noted() == (State.VALID, dict.fromkeys(REGIONS, True))

    # From nothing, and nobody looks.
    cached.clear()
    store.forget()
    given(cloud, fault, place)
    failing = seen(viewer)
    cloud.clear_faults()
    assert set(failing.failures) == {kind}
    clock.now += pause_after(kind, fault)
    assert [JOBS[job.name](**job.arguments) for job in jobs.reading_jobs(0)] == [True]
    assert noted() == (State.VALID, dict.fromkeys(REGIONS, True))
    cloud.reset_calls()
    assert is_well(Page(viewer.get(URL)))
    assert not cloud.calls


@pytest.mark.parametrize("errno", [4, 10000001])
def test_a_refusal_of_one_region_is_no_more_than_that(
    viewer: Client, cloud: Sandbox, clock: Clock, errno: int
) -> None:
    cloud.misbehave(Fault("errno", errno=errno, endpoint="cimg/list", region="bj"))
    page = Page(viewer.get(URL))

    assert page.regions == {"gz": "fresh", "bj": "failed", "sh": "fresh"}
    [notice] = [each for each in page.notices if "errno" in each]
    assert notice.startswith("Beijing bj: ")
    assert "in this region" in notice or "This region does not accept" in notice
    assert "retried automatically" in notice
    assert "Replace" not in notice
    assert noted() == (State.VALID, {"gz": True, "bj": False, "sh": True})
    image = Page(viewer.get(f"{URL}bj/{'0' * 32}/"))
    failure = image.one("section", _class="state state-bad")
    assert "region" in failure.text
    assert "Replace the token" not in failure.text


@pytest.mark.parametrize(
    ("others", "state", "title"),
    [
        (Fault("errno", errno=4), State.REFUSED, TROUBLES["refused"].title),
        (Fault("errno", errno=10000001), State.REFUSED, TROUBLES["refused"].title),
        (Fault("errno", errno=1000011), State.UNVERIFIED, TROUBLES["arrears"].title),
        (Fault("html"), State.UNREACHABLE, TROUBLES["unreadable"].title),
    ],
    ids=["refuse", "forbid", "are in arrears", "are silent"],
)
def test_a_token_is_refused_where_every_region_refuses_it(
    viewer: Client, cloud: Sandbox, others: Fault, state: State, title: str
) -> None:
    """Where others are silent it may list there."""
    cloud.misbehave(Fault("errno", errno=4, endpoint="cimg/list", region="gz"))
    cloud.misbehave(at(others, "cimg/list"))
    page = Page(viewer.get(URL))
    assert title in page.one("section", _class="state state-bad").text
    assert Token.objects.get().state == state

    token = Token.objects.get()
    Token.objects.update(state=State.UNVERIFIED)
    viewer.post(f"/tokens/{token.pk}/check/")
    assert Token.objects.get().state == state


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("errno", [4, 10000001])
def test_what_is_refused_is_asked_about_with_a_call_a_place_after_1_2_4_to_15_minutes(
    viewer: Client, cloud: Sandbox, clock: Clock, settings: Settings, errno: int, place: str
) -> None:
    seen(viewer)
    settings.INVENTORY_FRESH_SECONDS = LONG * 4  # What does not fail is not read anew meanwhile.
    clock.now += LONG * 4
    given(cloud, Fault("errno", errno=errno), place)
    failed_there = {"one region": {"bj"}, "every region": {*REGIONS}}.get(place, {None})
    asked: list[float] = []
    while len(asked) < 7:
        cloud.reset_calls()
        viewer.get(URL)
        let_refreshes_finish()
        calls = [call.region for call in cloud.calls if call.region in failed_there]
        if calls:
            assert sorted(calls, key=str) == sorted(failed_there, key=str)
            asked.append(clock.now)
        clock.now += 30

    pauses = [later - earlier for earlier, later in pairwise(asked)]
    assert pauses == [60, 120, 240, 480, 900, 900]


def the_open_page(browser: Client, cloud: Sandbox, person: User) -> Callable[[], object]:
    """The address that an open list asks by itself."""
    news = Page(browser.get(URL)).one(id="news").attributes["hx-get"]
    return lambda: browser.get(news, headers=FRAGMENT)


def the_open_overview(browser: Client, cloud: Sandbox, person: User) -> Callable[[], object]:
    news = Page(browser.get("/overview/")).one(id="news").attributes["hx-get"]
    return lambda: browser.get(news, headers=FRAGMENT)


def the_wall(browser: Client, cloud: Sandbox, person: User) -> Callable[[], object]:
    by = Actor("test")
    team, token = teams.create("Blue", by=by), Token.objects.get()
    Token.objects.update(team=team)
    token.team = team
    _, key = links.make(team, token, "Wall", query="", days=7, language="en", by=by)
    return lambda: Client().get(f"/display/{key}/")


def the_api(browser: Client, cloud: Sandbox, person: User) -> Callable[[], object]:
    _, secret = keys.make(person, "Script", days=7, by=Actor("test"))
    return lambda: Client().get("/api/v1/images", headers={"Authorization": f"Bearer {secret}"})


@pytest.mark.parametrize("place", ["every region", "the list of regions"])
@pytest.mark.parametrize("looker", [the_open_page, the_open_overview, the_wall, the_api])
@pytest.mark.parametrize(
    "name", some(["errno 4", "errno 10000001", "errno 40000"], ("errno 4", *GATE))
)
def test_it_comes_back_to_whatever_looks(
    viewer: Client,
    cloud: Sandbox,
    clock: Clock,
    person: User,
    name: str,
    looker: Callable[..., Callable[[], object]],
    place: str,
) -> None:
    kind, fault = FAULTS[name]
    given(cloud, fault, place)
    page = Page(viewer.get(URL))
    assert page.failures == [kind]
    assert Token.objects.get().state != State.VALID
    look = looker(viewer, cloud, person)
    cloud.clear_faults()
    clock.now += pause_after(kind, fault)
    look()
    let_refreshes_finish()
    cloud.reset_calls()
    look()

    assert Token.objects.get().state == State.VALID
    assert is_well(Page(viewer.get(URL)))
    assert {call.endpoint for call in cloud.calls} <= {"result"}  # How far jobs are.


def test_a_token_that_works_again_when_it_is_checked_is_read_with_at_once(
    viewer: Client, cloud: Sandbox, clock: Clock
) -> None:
    cloud.misbehave(Fault("errno", errno=4))
    assert Page(viewer.get(URL)).failures == ["refused"]
    cloud.clear_faults()
    clock.now += 1
    viewer.post(f"/tokens/{Token.objects.get().pk}/check/")

    assert is_well(Page(viewer.get(URL)))


@pytest.mark.parametrize("damage", ["damaged_items", "no regions"])
def test_a_list_of_regions_that_lacks_some_is_read_again_soon(
    viewer: Client,
    cloud: Sandbox,
    clock: Clock,
    settings: Settings,
    damage: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as emptied:
        if damage == "no regions":
            emptied.setattr(type(cloud), "regions", lambda self: [])
        else:
            cloud.misbehave(Fault(damage, endpoint="region/list"))
        assert not is_well(seen(viewer))
    cloud.clear_faults()
    clock.now += settings.INVENTORY_FRESH_SECONDS

    assert is_well(seen(viewer))


@pytest.mark.parametrize("name", ["errno 4", "errno 10000001", "errno 1000011", "html", "HTTP 503"])
def test_an_account_that_fails_leaves_the_others_whole_whatever_the_failure_is(
    viewer: Client, cloud: Sandbox, person: User, keep: Keep, name: str
) -> None:
    """The page says which and why in one line, and so it is for whoever asks for that one alone."""
    alone = Page(viewer.get(URL))
    kind, fault = FAULTS[name]
    failing = keep(person, cloud.other_token, "Failing")
    cloud.misbehave(Fault(**vars(fault) | {"token": cloud.other_token}))
    read_again(cloud.other_token)

    for page in both(viewer, URL):
        assert (page.failures, page.uuids) == ([kind], alone.uuids)
        [notice] = page.notices
        assert notice.startswith("Failing: ")
        assert "Main" not in notice
        menu = page.one("details", _class="menu accounts")
        assert menu.one(data_account_state="failed").one("bdi").text == "Failing"
        assert menu.one(data_account_state="fresh").one("bdi").text == "Main"
    page = Page(viewer.get(f"{URL}?account={failing.pk}"))
    assert (page.failures, page.total) == ([kind], None)
    assert f"{URL}?account={Token.objects.get(label='Main').pk}" in page.links
    assert is_well(Page(viewer.get(f"{URL}?account=main")))


def test_a_token_that_nobody_reads_with_because_it_failed_comes_back_as_well(
    viewer: Client, cloud: Sandbox, clock: Clock, person: User, keep: Keep
) -> None:
    """Whoever looks at another of their tokens has it asked about."""
    dead = keep(person, cloud.other_token, "Dead", state=State.REFUSED)
    cloud.misbehave(Fault("errno", errno=4, token=cloud.other_token))

    def a_minute_later() -> str:
        clock.now += FIRST_PAUSE_REFUSED
        before = timezone.now() - timedelta(minutes=1, seconds=1)
        Token.objects.update(checked_at=before, last_failed_at=before)
        cloud.reset_calls()
        seen(viewer)
        dead.refresh_from_db()
        return dead.state

    assert a_minute_later() == a_minute_later() == State.REFUSED
    seen(viewer)
    assert len([call for call in cloud.calls if call.token_last4 == dead.last_four]) <= 1
    cloud.clear_faults()
    assert State.VALID in (a_minute_later(), a_minute_later(), a_minute_later())
    assert is_well(Page(viewer.get(f"{URL}?token={dead.pk}")))
