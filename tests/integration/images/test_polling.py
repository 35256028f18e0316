"""/images/news/…: what an open page asks by itself, for all who watch at the price of one."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from dashboard.people import sessions
from dashboard.people.models import User
from images.sandbox import Fault, Sandbox
from images.services.jobs import JOB_POLL_SECONDS
from tests.integration.conftest import Clock, Keep, let_refreshes_finish, read_again
from tests.integration.images.pages import FRAGMENT, Node, Page, both

LIST = "/images/"
REGIONS = ("gz", "bj", "sh")
# A job that ends has its region read behind.
pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)


@pytest.fixture
def cloud(cloud: Sandbox, clock: Clock, settings: Settings) -> Sandbox:
    """Its jobs go on by our clock, and lists stay fresh meanwhile."""
    cloud.clock = clock
    settings.INVENTORY_FRESH_SECONDS = 3000
    return cloud


def running(cloud: Sandbox) -> list[tuple[str, dict[str, Any]]]:
    """The images that have a running job, and their regions."""
    return [
        (region, image)
        for region in REGIONS
        for image in cloud.images(region)
        if not image.get("job", {}).get("done", True)
    ]


def busy(cloud: Sandbox, kind: str, region: str = "bj") -> dict[str, Any]:
    """The image of the region that has a running job of this kind."""
    return next(
        image for place, image in running(cloud) if (place, image["job"]["type"]) == (region, kind)
    )


def ask(browser: Client, page: Page, at: str = LIST) -> Page:
    """What the page at this address gets when it asks how far its jobs are."""
    address = page.one(id="news").attributes["hx-get"]
    headers = {**FRAGMENT, "HX-Current-URL": f"http://testserver{at}"}
    return Page(browser.get(address, headers=headers))


def path_of(region: str, image: dict[str, Any]) -> str:
    return f"{LIST}{region}/{image['cimgUuid']}/"


def swapped(page: Page) -> dict[str, Node]:
    """What takes the place of something, by its id, besides the state of the regions."""
    parts = {node.attributes["id"]: node for node in page.all(hx_swap_oob="true")}
    assert page.regions == dict.fromkeys(REGIONS, "fresh") or not parts
    return {name: node for name, node in parts.items() if name != "status"}


def place(region: str, image: dict[str, Any]) -> str:
    return f"job-{region}-{image['cimgUuid']}"


def results(cloud: Sandbox) -> list[tuple[str | None, int]]:
    """The calls of `result` since the last look: region, and how many jobs."""
    calls = [(call.region, len(call.jobs)) for call in cloud.calls if call.endpoint == "result"]
    cloud.reset_calls()
    return sorted(calls, key=str)


def test_an_open_page_says_how_far_a_job_is(viewer: Client, cloud: Sandbox, clock: Clock) -> None:
    for page in both(viewer, LIST):
        poller = page.one(id="news").attributes
        assert poller["hx-swap"] == "none"
        assert poller["hx-push-url"] == "false"
    creating = busy(cloud, "CreateCIMG")
    row = page.one(id=place("bj", creating))
    assert row.text == "Creating 12.5 %"
    assert row.one("progress").attributes["value"] == "12.5"
    clock.now += 30  # of 600, for the 87.5 % that are left
    answer = ask(viewer, page)

    assert answer.status == 200
    assert "HX-Request" in answer.response["Vary"]
    parts = swapped(answer)
    assert set(parts) <= {node.attributes["id"] for node in page.all(id=True)}
    assert len(parts) == 5
    assert parts[place("bj", creating)].text == "Creating 16.9 % about 9 min left"
    # Who is told what is left needs no bar.
    assert not parts[place("bj", creating)].all("progress")
    assert parts[place("bj", busy(cloud, "DeleteCIMG"))].text == "Deleting 80 % about 1 min left"


@pytest.mark.parametrize("at", [LIST, "/overview/"])
def test_a_page_left_open_keeps_nobody_signed_in(
    viewer: Client, cloud: Sandbox, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    hours = itertools.count()
    monkeypatch.setattr(sessions, "clock", lambda: 3600.0 * next(hours))
    poller = Page(viewer.get(at)).one(id="news").attributes
    headers = {**FRAGMENT, "HX-Trigger": poller["id"]}
    told = [viewer.get(poller["hx-get"], headers=headers).status_code for _ in range(30)]

    assert set(told[:24]) <= {200, 204}
    assert told[24:] == [403] * 6


def test_only_running_jobs_are_asked_for(viewer: Client, cloud: Sandbox, clock: Clock) -> None:
    failed = {"jobUuid": "f" * 32, "type": "ImportCIMG", "done": True, "success": False}
    unlisted = {"jobUuid": "a,b", "type": "ImportCIMG", "done": False, "progress": 1}
    for job in (failed, {**failed, "success": True}, unlisted):
        cloud.add_image("bj", job=job)
    page = Page(viewer.get(LIST))
    cloud.reset_calls()
    ask(viewer, page)

    asked = {call.region: set(call.jobs) for call in cloud.calls}
    assert asked == {
        region: {
            image["job"]["jobUuid"]
            for image in cloud.images(region)
            if "job" in image and not image["job"]["done"] and image["job"] != unlisted
        }
        for region in REGIONS
    }


def importing(percent: float) -> dict[str, Any]:
    """A job of which the cloud tells no id."""
    return {"progress": percent, "done": False, "type": "ImportCIMG"}


def test_each_image_has_its_own_job_where_jobs_have_no_id(
    viewer: Client, cloud: Sandbox, clock: Clock
) -> None:
    slow, fast = (cloud.add_image("bj", job=importing(percent)) for percent in (12.5, 60))
    page = Page(viewer.get(LIST))
    assert swapped(ask(viewer, page))[place("bj", slow)].text == "Importing 12.5 %"
    for number, minutes in enumerate((1, 2)):
        clock.now += 60
        cloud.change_image("bj", slow["cimgUuid"], job=importing(12.5))
        cloud.change_image("bj", fast["cimgUuid"], job=importing(60 + 10 * minutes))
        read_again(cloud.token, everything=True)
        page = Page(viewer.get(LIST))
        cloud.reset_calls()
        parts = swapped(ask(viewer, page))
        asked = {uuid for call in cloud.calls for uuid in call.jobs}
        assert "" not in asked, number

    assert parts[place("bj", slow)].text == "Importing 12.5 % no progress for 2 min"
    assert parts[place("bj", fast)].text == "Importing 80 % about 2 min left"
    stalled = json.loads(viewer.get("/api/v1/overview").content)["running"]
    minutes_still = {each["image"]["cimgUuid"]: each["stalled_minutes"] for each in stalled}
    assert (minutes_still[slow["cimgUuid"]], minutes_still[fast["cimgUuid"]]) == (2, 0)


def test_of_jobs_without_an_id_the_cloud_is_not_asked(
    viewer: Client, cloud: Sandbox, clock: Clock
) -> None:
    for region, image in running(cloud):
        cloud.remove_image(region, image["cimgUuid"])
    cloud.add_image("bj", job=importing(5))
    page = Page(viewer.get(LIST))
    results(cloud)
    assert swapped(ask(viewer, page))
    assert not results(cloud)


def test_a_job_that_follows_another_on_an_image_is_its_own(
    viewer: Client, cloud: Sandbox, clock: Clock
) -> None:
    image = busy(cloud, "CreateCIMG")
    ask(viewer, Page(viewer.get(LIST)))
    clock.now += 240
    job = {**importing(47.5), "type": "DeleteCIMG"}
    cloud.change_image("bj", image["cimgUuid"], job=job)
    read_again(cloud.token, everything=True)

    parts = swapped(ask(viewer, Page(viewer.get(LIST))))
    assert parts[place("bj", image)].text == "Deleting 47.5 %"


def test_many_who_watch_cost_the_cloud_what_one_costs(
    viewer: Client, cloud: Sandbox, clock: Clock, stranger: User, keep: Keep
) -> None:
    keep(stranger, cloud.token)
    other = Client()
    other.force_login(stranger)
    pages = [(each, Page(each.get(LIST))) for each in (viewer, other)]
    results(cloud)
    for _ in range(3):
        answers = [ask(each, page) for each, page in pages * 5]
        assert len({answer.html for answer in answers}) == 1
        assert results(cloud) == [("bj", 3), ("gz", 1), ("sh", 1)]
        clock.now += JOB_POLL_SECONDS - 1
        ask(viewer, pages[0][1])
        assert not results(cloud)
        clock.now += 1


def test_what_another_account_lists_is_its_own(
    viewer: Client, cloud: Sandbox, clock: Clock, stranger: User, keep: Keep
) -> None:
    keep(stranger, cloud.other_token)
    mine = Page(viewer.get(LIST))
    asked = swapped(ask(viewer, mine))
    viewer.force_login(stranger)
    theirs = Page(viewer.get(LIST))

    cloud.reset_calls()
    assert len(asked) == 5
    assert len(swapped(ask(viewer, theirs))) == 1
    assert not set(swapped(ask(viewer, theirs))) & set(asked)
    # A page of other accounts, left open, shows those of whoever is signed in now.
    assert ask(viewer, mine).uuids == theirs.uuids
    assert not set(theirs.uuids) & set(mine.uuids)
    assert {call.token_last4 for call in cloud.calls} == {cloud.other_token[-4:]}


def test_only_rows_that_are_shown_are_swapped(viewer: Client, cloud: Sandbox) -> None:
    creating = busy(cloud, "CreateCIMG")
    page = Page(viewer.get(f"{LIST}?q={creating['cimgUuid']}"))
    assert list(swapped(ask(viewer, page))) == [place("bj", creating)]
    hidden = Page(viewer.get(f"{LIST}?columns=name"))
    assert not swapped(ask(viewer, hidden))


def test_without_a_running_job_the_page_asks_seldom_and_of_no_job(
    viewer: Client, cloud: Sandbox
) -> None:
    busy_ones = {image["cimgUuid"] for _, image in running(cloud)}
    quiet = next(each for each in cloud.images("bj") if each["cimgUuid"] not in busy_ones)
    for page in both(viewer, f"{LIST}?q={quiet['cimgUuid']}"):
        assert page.total == 1
        assert page.one(id="news").attributes["hx-trigger"] == "every 30s"
    results(cloud)
    assert not swapped(ask(viewer, page))
    for address in (f"{LIST}?status=Ready", f"{LIST}?q=nothing-"):
        page = Page(viewer.get(address))
        assert not busy_ones & set(page.uuids)
        assert ask(viewer, page).status == 200
    assert not results(cloud)


def test_an_open_page_gets_what_came_and_went(viewer: Client, cloud: Sandbox, clock: Clock) -> None:
    page = Page(viewer.get(f"{LIST}?q=came-just-now"))
    assert page.total == 0
    clock.now += 3001
    old = ask(viewer, page)  # which has the lists read again, behind
    assert set(old.regions.values()) == {"stale"}
    let_refreshes_finish()
    cloud.add_image("bj", name="came-just-now", status="Ready")
    clock.now += 3001
    ask(viewer, page)
    let_refreshes_finish()
    new = ask(viewer, page)

    assert new.response["HX-Retarget"] == "#images"
    assert new.cells("name") == ["came-just-now"]
    assert set(new.regions.values()) == {"fresh"}
    assert not ask(viewer, new).rows


def test_a_page_that_showed_nothing_shows_what_is_there_now(
    viewer: Client, cloud: Sandbox, clock: Clock
) -> None:
    cloud.misbehave(Fault("html"))
    page = Page(viewer.get(LIST))
    assert page.failures
    cloud.clear_faults()
    clock.now += 16
    ask(viewer, page)
    let_refreshes_finish()

    assert ask(viewer, page).total == 36


def test_the_open_panel_shows_it_too(viewer: Client, cloud: Sandbox, clock: Clock) -> None:
    creating = busy(cloud, "CreateCIMG")
    address = f"{path_of('bj', creating)}?q=nothing-like-this"
    page = Page(viewer.get(address))
    assert not page.rows
    clock.now += 30
    [(name, panel)] = swapped(ask(viewer, page, address)).items()

    assert name == "job"
    assert "In progress Creating 16.9 % 16.9 % about 9 min left" in panel.text
    assert creating["job"]["jobUuid"] in panel.text
    assert set(swapped(ask(viewer, Page(viewer.get(LIST)), path_of("bj", creating)))) >= {
        "job",
        place("bj", creating),
    }


def test_a_job_that_stands_still_is_said_to(viewer: Client, cloud: Sandbox, clock: Clock) -> None:
    importing = busy(cloud, "ImportCIMG")
    for region, image in running(cloud):
        if image["cimgUuid"] != importing["cimgUuid"]:  # It would end meanwhile, and be read.
            cloud.remove_image(region, image["cimgUuid"])
    page = Page(viewer.get(f"{LIST}?q={importing['cimgUuid']}"))
    told = []
    for seconds in (0, 116, 4, 300):
        clock.now += seconds
        told.append(swapped(ask(viewer, page))[place("bj", importing)].text)

    assert told == [
        "Importing 41 %",
        "Importing 41 %",
        "Importing 41 % no progress for 2 min",
        "Importing 41 % no progress for 7 min",
    ]


def test_when_a_job_ends_its_region_is_read_once_and_the_list_is_new(
    viewer: Client, cloud: Sandbox, clock: Clock
) -> None:
    creating = busy(cloud, "CreateCIMG", "gz")  # 45 s are left
    page = Page(viewer.get(LIST))
    cloud.reset_calls()
    clock.now += 46
    answers = [ask(viewer, page)]
    let_refreshes_finish()
    listed = [call.region for call in cloud.calls if call.endpoint == "cimg/list"]
    assert set(listed) == {"gz"}
    assert place("gz", creating) in swapped(answers[0])
    assert "Creating done" in swapped(answers[0])[place("gz", creating)].text

    new = ask(viewer, page)
    assert new.response["HX-Retarget"] == "#images"
    assert new.response["HX-Reswap"] == "outerHTML"
    assert new.total == 36
    [row] = [row for row in new.rows if row.attributes["data-image"] == creating["cimgUuid"]]
    assert "Ready" in row.text
    assert not row.all(_class="job job-running")
    for _ in range(3):
        clock.now += JOB_POLL_SECONDS
        assert "HX-Retarget" not in ask(viewer, new).response.headers
        let_refreshes_finish()
    assert listed == [call.region for call in cloud.calls if call.endpoint == "cimg/list"]


def test_the_panel_stays_open_when_its_job_ends_and_closes_when_its_image_is_gone(
    viewer: Client, cloud: Sandbox, clock: Clock
) -> None:
    creating, deleting = busy(cloud, "CreateCIMG", "gz"), busy(cloud, "DeleteCIMG")
    pages = {
        address: Page(viewer.get(address))
        for address in (path_of("gz", creating), path_of("bj", deleting))
    }
    clock.now += 91
    for address, page in pages.items():
        ask(viewer, page, address)
        let_refreshes_finish()
    stays, closes = (ask(viewer, page, address) for address, page in pages.items())

    assert stays.one(data_detail=creating["cimgUuid"])
    assert not stays.all(id="job")
    assert "HX-Replace-Url" not in stays.response.headers
    assert not closes.all(data_detail=True)
    assert closes.total == 35
    assert closes.response["HX-Replace-Url"] == LIST


def test_a_failed_refresh_after_a_job_ended_is_not_repeated_with_every_look(
    viewer: Client, cloud: Sandbox, clock: Clock
) -> None:
    page = Page(viewer.get(LIST))
    cloud.misbehave(Fault("html", endpoint="cimg/list"))
    cloud.reset_calls()
    clock.now += 46
    for _ in range(4):
        ask(viewer, page)
        let_refreshes_finish()
        clock.now += JOB_POLL_SECONDS

    assert [call.region for call in cloud.calls if call.endpoint == "cimg/list"] == ["gz"]


@pytest.mark.parametrize("kind", ["html", "reset", "errno", "data_null", "wrong_types"])
def test_a_cloud_that_does_not_say_leaves_what_was_known(
    viewer: Client, cloud: Sandbox, clock: Clock, kind: str
) -> None:
    creating = busy(cloud, "CreateCIMG")
    page = Page(viewer.get(f"{LIST}?q={creating['cimgUuid']}"))
    clock.now += 10
    before = ask(viewer, page)
    cloud.misbehave(Fault(kind, endpoint="result"))
    clock.now += JOB_POLL_SECONDS
    during = ask(viewer, page)
    assert (during.status, during.html) == (200, before.html)
    results(cloud)
    clock.now += JOB_POLL_SECONDS
    assert ask(viewer, page).html == before.html
    if kind != "wrong_types":  # an answer of which nothing could be used is no failure
        assert not results(cloud)
    cloud.clear_faults()
    clock.now += 20  # all before any job ends
    assert "17.8 %" in swapped(ask(viewer, page))[place("bj", creating)].text


def test_one_region_that_fails_does_not_keep_the_others_from_moving(
    viewer: Client, cloud: Sandbox, clock: Clock
) -> None:
    page = Page(viewer.get(LIST))
    cloud.misbehave(Fault("html", endpoint="result", region="bj"))
    clock.now += 30
    parts = swapped(ask(viewer, page))

    assert parts[place("gz", busy(cloud, "CreateCIMG", "gz"))].text.startswith("Creating 96 %")
    assert parts[place("bj", busy(cloud, "CreateCIMG"))].text == "Creating 12.5 %"


def test_without_a_cache_the_jobs_are_told_all_the_same(
    no_cache: None, viewer: Client, cloud: Sandbox, clock: Clock
) -> None:
    page = Page(viewer.get(LIST))
    clock.now += 30
    parts = swapped(ask(viewer, page))
    assert parts[place("bj", busy(cloud, "CreateCIMG"))].text.startswith("Creating 16.9 %")


def test_a_process_that_knows_less_than_the_page_changes_nothing(
    viewer: Client, cloud: Sandbox
) -> None:
    page = Page(viewer.get(LIST))
    poller = page.one(id="news")
    *start, as_of, shown, end = poller.attributes["hx-get"].split("/")
    other_lists = shown[:8] + "0" * 16
    assert len(shown) == len(other_lists)
    poller.attributes["hx-get"] = "/".join([*start, as_of, other_lists, end])
    assert ask(viewer, page).status == 204
    poller.attributes["hx-get"] = "/".join([*start, "0", other_lists, end])
    assert ask(viewer, page).total == 36


def test_an_account_that_comes_or_goes_makes_the_list_anew(
    viewer: Client, cloud: Sandbox, person: User, keep: Keep
) -> None:
    page, other = Page(viewer.get(LIST)), keep(person, cloud.other_token, "Other")
    read_again(cloud.other_token)
    with_other = ask(viewer, page)
    assert {row.attributes["data-account"] for row in with_other.rows} == {
        str(token.pk) for token in person.tokens.all()
    }
    assert ask(viewer, with_other).all(id="images") == []

    other.delete()
    assert ask(viewer, with_other).total == page.total == 36


@pytest.mark.parametrize(
    "at", ["", "/nowhere/", "/images/bj/nothing/", "/images/?q=%00", "//[", "[", "x"]
)
def test_a_strange_page_that_asks_is_no_error(viewer: Client, cloud: Sandbox, at: str) -> None:
    assert ask(viewer, Page(viewer.get(LIST)), at).status == 200


def test_a_visitor_is_sent_to_sign_in(viewer: Client, anonymous: Client, cloud: Sandbox) -> None:
    page = Page(viewer.get(LIST))
    results(cloud)
    answer = ask(anonymous, page)

    assert answer.status == 403
    assert answer.response["HX-Redirect"].startswith("/accounts/login/")
    assert not results(cloud)
