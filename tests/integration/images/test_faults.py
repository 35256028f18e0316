"""What a person sees of every way in which the cloud can misbehave."""

from __future__ import annotations

import json
import re
import threading
import time
from itertools import pairwise
from typing import NamedTuple

import pytest
from django.test import Client
from pytest_django import Settings

from dashboard.audit.trail import Actor
from dashboard.people import teams
from dashboard.people.models import Role, User
from dashboard.tokens.models import State
from images.cloud.errors import CloudError
from images.messages import EXPLANATIONS
from images.sandbox import ERRORS, KINDS, Fault, Sandbox
from images.sandbox.odd_answers import ANSWERS
from images.sandbox.odd_items import ITEMS
from tests.integration.conftest import Clock, Keep, let_refreshes_finish, read_again
from tests.integration.images.pages import Node, Page, both
from tests.marks import in_time, some

URL = "/images/"
BY = Actor("ann")
REGIONS = ("gz", "bj", "sh")


class Trouble(NamedTuple):
    """How one kind of failure is told: the status of a page with nothing else, and the words."""

    status: int
    title: str
    advice: str


TROUBLES = {
    "refused": Trouble(403, "The cloud does not accept this token", "Replace it here"),
    "forbidden": Trouble(403, "This token is not allowed to list images", "for permission"),
    "arrears": Trouble(402, "The cloud account is in arrears", "once the balance has been paid"),
    "bad-request": Trouble(502, "The cloud did not understand our request", "Report it with"),
    "unavailable": Trouble(503, "The cloud is not available", "try again soon"),
    "unreadable": Trouble(502, "The cloud's response could not be read", "Try again"),
    "too-large": Trouble(502, "The cloud's response is too large", "can raise the limits"),
    "out-of-time": Trouble(504, "The cloud did not respond in time", "Try again in a moment"),
}
ABOUT_THE_TOKEN = ("refused", "forbidden")
TROUBLE_OF_ERRNO = {
    **dict.fromkeys(ERRORS, "unavailable"),
    4: "refused",
    10000001: "forbidden",
    1000011: "arrears",
    1: "bad-request",
    13: "bad-request",
    0: "unreadable",  # success, but without what was asked for
}

LONG = 3600.0  # seconds, longer than any test waits
FAILING = {
    "status": ("unavailable", Fault("status", status=500, html=True)),
    "errno": ("unavailable", Fault("errno", errno=41026)),
    "errno_status": ("forbidden", Fault("errno_status", errno=10000001, status=503)),
    "reset": ("unavailable", Fault("reset")),
    "reset_in_body": ("unavailable", Fault("reset_in_body")),
    "hang": ("out-of-time", Fault("hang")),
    "drip": ("out-of-time", Fault("drip", seconds=0.05)),
    "slow": ("out-of-time", Fault("slow", seconds=LONG)),
    "short_body": ("unavailable", Fault("short_body")),
    "truncated": ("unreadable", Fault("truncated")),
    "html": ("unreadable", Fault("html")),
    "not_json": ("unreadable", Fault("not_json")),
    "data_null": ("unreadable", Fault("data_null")),
    "items_null": ("unreadable", Fault("items_null")),
    "items_wrong_type": ("unreadable", Fault("items_wrong_type")),
    "answer_array": ("unreadable", Fault("answer_array")),
    "redirect": ("unreadable", Fault("redirect")),
    "huge": ("too-large", Fault("huge")),
    "deep": ("unreadable", Fault("deep")),
    "gzip_bomb": ("too-large", Fault("gzip_bomb")),
    "bad_encoding": ("unreadable", Fault("bad_encoding")),
    "echo_token": ("unavailable", Fault("echo_token", spelling="unicode")),
    "unfit_failure": ("unavailable", Fault("unfit_failure", errno=41026)),
}
# These leave a list that can be shown.
PASSING = ("moving",)
ODD = (*ITEMS, *ANSWERS, "huge_errno")  # each has tests of its own
WAITING = ("hang", "drip", "slow")
DEADLINE = 1  # second
# One for each kind of failure that no documented errno is. The client is tried in all of them.
OF_EACH_KIND = ("status", "errno_status", "html", "huge", "hang")


def at(fault: Fault, endpoint: str, region: str | None = None) -> Fault:
    fields = vars(fault) | {"endpoint": endpoint, "region": region}
    return Fault(**fields)


@pytest.fixture
def impatient(settings: Settings) -> None:
    settings.UPSTREAM_DEADLINE_SECONDS = DEADLINE


# What is the region's where the others list with the token.
OF_A_REGION = {
    "refused": Trouble(403, "This region does not accept the token", "is retried automatically"),
    "forbidden": Trouble(403, "Not allowed to list images in this region", "for permission"),
}


def assert_tells(place: Node, kind: str, *, of_a_region: bool = False) -> None:
    """What it is, what to do about it, and what the cloud's support asks for."""
    troubles = TROUBLES | OF_A_REGION if of_a_region else TROUBLES
    _, title, advice = troubles[kind]
    assert title in place.text
    assert advice in place.text
    links = [node.attributes["href"] for node in place.all("a", href=True)]
    replaces = [link for link in links if re.fullmatch(r"/tokens/[0-9a-f-]{36}/replace/", link)]
    assert len(replaces) == (kind in ABOUT_THE_TOKEN and not of_a_region)
    others = [other.title for name, other in troubles.items() if name != kind]
    assert not [title for title in others if title in place.text]


def assert_tells_alone(page: Page, kind: str, token: str) -> None:
    """A page that can show nothing else."""
    assert page.failures == [kind]
    assert_tells(page.one(data_failure=kind), kind)
    assert "Try again" in [button.text for button in page.all("button")]
    assert page.total is None
    assert not page.rows
    assert not page.all("table")
    assert "no custom images" not in page.text
    assert "No matches" not in page.text
    assert token not in page.html


def facts_of(page: Page) -> dict[str, str]:
    """The numbers beside the first failure, by their names."""
    facts = [span.text.rpartition(" ") for span in page.all(_class="facts")[0].all("span")]
    return {name: value for name, _, value in facts}


def test_there_is_a_test_for_every_kind_of_fault() -> None:
    assert {*FAILING, *PASSING, *ODD} == set(KINDS)


def test_there_are_words_for_every_kind_of_failure() -> None:
    kinds = {each.kind for each in CloudError.__subclasses__()}

    assert kinds == set(EXPLANATIONS)


@pytest.mark.parametrize("errno", [errno for errno in ERRORS if errno])
def test_every_documented_errno_is_explained(viewer: Client, cloud: Sandbox, errno: int) -> None:
    cloud.misbehave(Fault("errno", errno=errno))
    kind = TROUBLE_OF_ERRNO[errno]

    for page in both(viewer, URL, TROUBLES[kind].status):
        assert_tells_alone(page, kind, cloud.token)
        assert page.one("q").text == ERRORS[errno]
        facts = facts_of(page)
        assert facts["errno"] == str(errno)
        assert facts["HTTP"] == "200"
        assert re.fullmatch("[0-9a-f]{32}", facts["requestId"])
        assert not page.regions
    assert {call.endpoint for call in cloud.calls} == {"region/list"}


def test_success_without_an_answer_is_explained(viewer: Client, cloud: Sandbox) -> None:
    cloud.misbehave(Fault("errno", errno=0))

    for page in both(viewer, URL, 502):
        assert_tells_alone(page, "unreadable", cloud.token)
        assert re.fullmatch("[0-9a-f]{32}", facts_of(page)["requestId"])


@pytest.mark.parametrize("errno", [99, -1, 2**62])
def test_an_errno_that_is_in_no_document_is_shown(
    viewer: Client, cloud: Sandbox, errno: int
) -> None:
    cloud.misbehave(Fault("errno", errno=errno))

    for page in both(viewer, URL, 503):
        assert_tells_alone(page, "unavailable", cloud.token)
        assert facts_of(page)["errno"] == str(errno)


@pytest.mark.parametrize("name", some(FAILING, OF_EACH_KIND))
def test_a_fault_at_the_list_of_regions_is_explained(
    viewer: Client, cloud: Sandbox, settings: Settings, name: str
) -> None:
    if name in WAITING:
        settings.UPSTREAM_DEADLINE_SECONDS = DEADLINE
    kind, fault = FAILING[name]
    cloud.misbehave(at(fault, "region/list"))
    started = time.monotonic()
    pages = both(viewer, URL, TROUBLES[kind].status)
    took = time.monotonic() - started
    cloud.clear_faults()

    for page in pages:
        assert_tells_alone(page, kind, cloud.token)
    assert in_time(took, DEADLINE + 1 if name in WAITING else 10)
    assert len(cloud.calls) <= 3


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("name", some(FAILING, OF_EACH_KIND))
def test_a_fault_in_every_region_is_no_empty_account(
    viewer: Client, cloud: Sandbox, settings: Settings, name: str
) -> None:
    if name not in WAITING:
        settings.UPSTREAM_DEADLINE_SECONDS = 10
    kind, fault = FAILING[name]
    cloud.misbehave(at(fault, "cimg/list"))
    started = time.monotonic()
    pages = both(viewer, URL, TROUBLES[kind].status)
    took = time.monotonic() - started
    at_work = [
        each.name for each in threading.enumerate() if each.name.startswith(("pages-", "region"))
    ]
    cloud.clear_faults()

    for page in pages:
        assert_tells_alone(page, kind, cloud.token)
        assert page.regions == dict.fromkeys(REGIONS, "failed")
    assert in_time(took, settings.UPSTREAM_DEADLINE_SECONDS + 1)
    assert not at_work


DATE = "Wed, 21 Oct 2065 07:28:00 GMT"


@pytest.mark.parametrize("html", [True, False])
@pytest.mark.parametrize(
    ("status", "retry_after"),
    [
        *((status, None) for status in (404, 429, 500, 502, 503, 504)),
        *((status, wait) for status in (429, 503) for wait in ("0", "3600", DATE)),
    ],
)
def test_an_http_error_is_explained_at_once_however_long_it_asks_us_to_wait(
    viewer: Client, cloud: Sandbox, status: int, html: bool, retry_after: str | None
) -> None:
    cloud.misbehave(Fault("status", status=status, html=html, retry_after=retry_after))
    started = time.monotonic()
    pages = both(viewer, URL, 503)

    for page in pages:
        assert_tells_alone(page, "unavailable", cloud.token)
        facts = facts_of(page)
        assert facts["HTTP"] == str(status)
        assert ("errno" in facts) is ("requestId" in facts) is not html
    assert in_time(time.monotonic() - started, 5)
    assert len(cloud.calls) <= 3


def test_a_cloud_where_nobody_answers_is_explained(viewer: Client, cloud: Sandbox) -> None:
    cloud.stop()

    for page in both(viewer, URL, 503):
        assert_tells_alone(page, "unavailable", cloud.token)


@pytest.mark.parametrize("endpoint", ["region/list", "cimg/list"])
def test_a_redirect_to_another_host_is_not_followed(
    viewer: Client, cloud: Sandbox, endpoint: str
) -> None:
    with Sandbox(images=1, token=cloud.token) as elsewhere:
        location = f"{elsewhere.url}/dicloud/i/{endpoint}"
        cloud.misbehave(Fault("redirect", endpoint=endpoint, location=location))
        for page in both(viewer, URL, 502):
            assert_tells_alone(page, "unreadable", cloud.token)
            assert facts_of(page)["HTTP"] == "302"
            assert elsewhere.url not in page.html
        assert not elsewhere.calls


@pytest.mark.parametrize("name", some(FAILING, OF_EACH_KIND))
def test_a_fault_in_one_region_leaves_the_others_alone(
    viewer: Client, cloud: Sandbox, settings: Settings, name: str
) -> None:
    if name in WAITING:
        settings.UPSTREAM_DEADLINE_SECONDS = DEADLINE
    kind, fault = FAILING[name]
    cloud.misbehave(at(fault, "cimg/list", "bj"))
    started = time.monotonic()
    pages = both(viewer, URL)
    took = time.monotonic() - started
    cloud.clear_faults()

    for page in pages:
        assert page.regions == {"gz": "fresh", "bj": "failed", "sh": "fresh"}
        assert page.total == len(page.rows) == 24
        assert {row.attributes["data-region"] for row in page.rows} == {"gz", "sh"}
        assert page.failures == [kind]
        notice = page.one(data_failure=kind)
        assert_tells(notice, kind, of_a_region=True)
        assert notice.text.startswith("Beijing bj: ")
        assert "Its images are missing below." in notice.text
        assert "not available" in page.one("li", data_region="bj").text
        assert cloud.token not in page.html
    assert in_time(took, DEADLINE + 1 if name in WAITING else 10)


# What several regions suffer from alike


def test_one_cause_is_told_once_with_its_regions(
    viewer: Client, cloud: Sandbox, clock: Clock
) -> None:
    cloud.misbehave(Fault("errno", errno=41026, region="bj"))
    cloud.misbehave(Fault("errno", errno=16000002, region="sh"))
    both(viewer, URL)
    clock.now += 20
    read_again(cloud.token)

    for page in both(viewer, URL):
        [notice] = page.notices
        assert page.failures == ["unavailable"]
        assert notice.startswith("Beijing bj · Shanghai sh: The cloud is not available.")
        assert f"First failed {READ}" in notice
        assert "Their images are missing below." in notice
        facts = [node.text for node in page.all("p", _class="facts")]
        assert [each.split()[0] for each in facts] == ["Beijing", "Shanghai"]
        assert ["errno 41026" in facts[0], "errno 16000002" in facts[1]] == [True, True]
        assert "open" not in page.one("details", data_fold="facts-unavailable").attributes
        assert page.regions == {"gz": "fresh", "bj": "failed", "sh": "failed"}


@pytest.mark.usefixtures("impatient")
def test_a_token_that_is_refused_is_one_banner_on_every_page(
    viewer: Client, cloud: Sandbox, clock: Clock
) -> None:
    both(viewer, URL)
    clock.now += 4000
    cloud.misbehave(Fault("errno", errno=4))
    read_again(cloud.token)
    uuid = cloud.images("bj")[0]["cimgUuid"]

    for address in (URL, f"{URL}bj/{uuid}/", "/overview/", "/overview/coverage/", "/changes/"):
        page = Page(viewer.get(address))
        [notice] = page.notices
        assert notice.startswith("All 3 regions: The cloud does not accept this token.")
        assert f"the oldest from {READ}" in notice
        assert len(page.all("p", _class="facts")) == 1 or address == "/changes/"
        assert page.regions == dict.fromkeys(REGIONS, "stale")
    wall = Page(viewer.get("/overview/display"))
    assert wall.text.count("does not accept this token") == 1
    assert "All 3 regions: showing old data" in wall.text


def test_what_hides_most_is_told_first(viewer: Client, cloud: Sandbox, clock: Clock) -> None:
    cloud.misbehave(Fault("errno", errno=41026, region="sh"))
    both(viewer, URL)
    cloud.misbehave(Fault("errno", errno=1000011, region="bj"))
    clock.now += 600
    read_again(cloud.token)

    for page in both(viewer, URL):
        assert page.failures == ["unavailable", "arrears"]
        assert page.notices[0].startswith("Shanghai sh: ")
        assert "Its images are missing below." in page.notices[0]
        assert f"Showing the last good list, from {READ}" in page.notices[1]


def test_who_cannot_replace_a_token_is_told_who_can(
    browser: Client, cloud: Sandbox, keep: Keep, person: User, stranger: User
) -> None:
    blue = teams.create("<Blue>", by=BY)
    teams.set_role(blue, stranger, Role.ADMIN, by=BY)
    teams.set_role(blue, person, Role.VIEWER, by=BY)
    keep(stranger, "0" * 64, team=blue)

    [page, _] = both(browser, URL, 403)

    state = page.one(data_failure="refused")
    assert "An admin of <Blue> can fix this." in state.text
    assert state.one("a", href=f"/teams/{blue.slug}/").text == "<Blue>"
    assert "Replace" not in state.text


@pytest.mark.backend
@pytest.mark.parametrize(
    ("whose", "kind"), [("forbidden", "forbidden"), ("arrears", "arrears"), ("nobody", "refused")]
)
def test_a_token_that_reaches_nothing_is_explained_and_noted(
    browser: Client, cloud: Sandbox, person: User, keep: Keep, whose: str, kind: str
) -> None:
    secret = getattr(cloud, f"{whose}_token", "0" * 64)
    token = keep(person, secret)

    for page in both(browser, URL, TROUBLES[kind].status):
        assert_tells_alone(page, kind, secret)
    token.refresh_from_db()
    noted = {"forbidden": State.FORBIDDEN, "arrears": State.UNVERIFIED, "refused": State.REFUSED}
    assert token.state == noted[kind]
    assert TROUBLES[kind].title in Page(browser.get("/tokens/")).text


def test_empty_regions_beside_a_missing_one_are_no_empty_account(
    viewer: Client, cloud: Sandbox
) -> None:
    for region in ("gz", "sh"):
        for image in cloud.images(region):
            cloud.remove_image(region, image["cimgUuid"])
    cloud.misbehave(Fault("errno", errno=41026, region="bj"))

    for page in both(viewer, URL):
        assert page.total == 0
        assert "the images of Beijing bj are unknown" in page.text
        assert "no custom images" not in page.text


# With a good list from before


STALE = [
    ("refused", Fault("errno", errno=4)),
    ("forbidden", Fault("errno", errno=10000001)),
    ("arrears", Fault("errno", errno=1000011)),
    ("bad-request", Fault("errno", errno=13)),
    ("unavailable", Fault("errno", errno=41026)),
    ("unreadable", Fault("html")),
    ("out-of-time", Fault("hang")),
]
KIND_NAMES = [kind for kind, _ in STALE]
READ = "2023-11-14 22:13 UTC"  # when the clock of the tests stands still


@pytest.mark.backend
@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(("kind", "fault"), STALE, ids=KIND_NAMES)
def test_the_last_good_list_of_a_region_stays_with_its_age_and_the_reason(
    viewer: Client, cloud: Sandbox, clock: Clock, kind: str, fault: Fault
) -> None:
    [good, _] = both(viewer, URL)
    clock.now += 600
    cloud.misbehave(at(fault, "cimg/list", "bj"))
    read_again(cloud.token)
    cloud.clear_faults()
    cloud.reset_calls()

    for page in both(viewer, URL):
        assert page.uuids == good.uuids
        assert page.regions == {"gz": "fresh", "bj": "stale", "sh": "fresh"}
        assert page.failures == [kind]
        notice = page.one(data_failure=kind)
        assert_tells(notice, kind, of_a_region=True)
        assert f"Beijing bj: {(TROUBLES | OF_A_REGION)[kind].title}." in notice.text
        assert f"Showing the last good list, from {READ}" in notice.text
        assert "missing" not in notice.text
        assert READ in page.one("li", data_region="bj").text
        assert "22:23 UTC" in page.one("li", data_region="gz").text
    assert not cloud.calls


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("kind", "fault"),
    [*STALE, *(pytest.param(*each, marks=pytest.mark.thorough) for each in FAILING.values())],
    ids=[*KIND_NAMES, *FAILING],
)
def test_the_last_good_lists_stay_with_any_fault_and_are_fresh_after_it(
    viewer: Client, cloud: Sandbox, clock: Clock, settings: Settings, kind: str, fault: Fault
) -> None:
    if kind != "out-of-time":
        settings.UPSTREAM_DEADLINE_SECONDS = 10
    [good, _] = both(viewer, URL)
    clock.now += 4000  # the list of regions is old as well
    cloud.misbehave(fault)
    started = time.monotonic()
    read_again(cloud.token)
    assert in_time(time.monotonic() - started, settings.UPSTREAM_DEADLINE_SECONDS + 1)
    cloud.clear_faults()
    cloud.reset_calls()

    for page in both(viewer, URL):
        assert page.uuids == good.uuids
        assert page.regions == dict.fromkeys(REGIONS, "stale")
        assert set(page.failures) == {kind}
        for notice in page.all(data_failure=kind):
            assert_tells(notice, kind)
        for region in REGIONS:
            assert READ in page.one("li", data_region=region).text
        assert cloud.token not in page.html
    assert not cloud.calls
    clock.now += 60 if kind in ABOUT_THE_TOKEN else 15  # the pause after a first failure
    read_again(cloud.token)
    for page in both(viewer, URL):
        assert page.uuids == good.uuids
        assert page.regions == dict.fromkeys(REGIONS, "fresh")
        assert not page.failures
        assert not page.notices


@pytest.mark.backend
def test_what_is_too_old_is_not_shown(
    viewer: Client, cloud: Sandbox, clock: Clock, settings: Settings
) -> None:
    both(viewer, URL)
    clock.now += settings.INVENTORY_STALE_SECONDS + 1
    cloud.misbehave(Fault("errno", errno=41026))
    read_again(cloud.token)

    for page in both(viewer, URL, 503):
        assert_tells_alone(page, "unavailable", cloud.token)


@pytest.mark.backend
@pytest.mark.django_db(databases="__all__", transaction=True)
def test_an_old_list_is_shown_at_once_and_refreshed_in_the_background(
    viewer: Client, cloud: Sandbox, clock: Clock
) -> None:
    both(viewer, URL)
    made = cloud.add_image("bj", name="new")["cimgUuid"]
    clock.now += 100
    cloud.misbehave(Fault("hang"))
    old = Page(viewer.get(URL))
    cloud.clear_faults()
    let_refreshes_finish()
    clock.now += 1000
    Page(viewer.get(URL))
    let_refreshes_finish()
    new = Page(viewer.get(URL))

    assert old.regions == dict.fromkeys(REGIONS, "stale")
    assert made not in old.uuids
    assert new.regions == dict.fromkeys(REGIONS, "fresh")
    assert made in new.uuids


@pytest.mark.backend
@pytest.mark.django_db(databases="__all__", transaction=True)
def test_a_cloud_that_stays_away_is_asked_less_often_up_to_the_usual(
    viewer: Client, cloud: Sandbox, clock: Clock
) -> None:
    both(viewer, URL)
    cloud.misbehave(Fault("html"))
    asked = []
    for _ in range(1000):
        clock.now += 10
        cloud.reset_calls()
        viewer.get(URL)
        let_refreshes_finish()
        asked += [clock.now] if cloud.calls else []
        if len(asked) == 6:
            break

    pauses = [later - earlier for earlier, later in pairwise(asked)]
    assert pauses == [20, 30, 60, 60, 60]


@pytest.mark.backend
def test_a_failure_is_remembered_and_costs_the_next_page_nothing(
    viewer: Client, cloud: Sandbox, clock: Clock
) -> None:
    cloud.misbehave(Fault("errno", errno=41039))
    both(viewer, URL, 503)
    calls = len(cloud.calls)
    clock.now += 10
    both(viewer, f"{URL}?os=CentOS", 503)

    assert len(cloud.calls) == calls == 1


# What can be shown


def test_fields_that_cannot_be_read_are_named(viewer: Client, cloud: Sandbox) -> None:
    cloud.misbehave(Fault("wrong_types", endpoint="cimg/list"))

    for page in both(viewer, URL):
        assert page.total == 36
        assert not page.failures
        [notice] = page.notices  # one for all regions
        assert notice.startswith("All 3 regions")
        assert "Fields that could not be read are shown as unknown" in notice
        assert re.search(r"\bsize ×36\b", notice)
        assert set(page.cells("size")) == {"–"}
        assert {name.partition(" cimg-")[0] for name in page.cells("name")} == {"(no name)"}


def test_entries_that_are_no_image_are_counted(viewer: Client, cloud: Sandbox) -> None:
    for entry in (
        None,
        "damaged",
        {"name": "nameless"},
        {"cimgUuid": "../../etc"},
        {"cimgUuid": 7},
    ):
        cloud.shelf("bj").slots.insert(1, json.dumps(entry).encode())
    cloud.shelf("sh").slots.insert(1, b"null")

    for page in both(viewer, URL):
        assert page.total == 36
        left_out, fields = page.notices
        assert left_out.startswith("Beijing bj · Shanghai sh")
        assert "6 entries could not be read as images and are left out." in left_out
        assert fields.startswith("Beijing bj")
        assert not page.failures


def test_damaged_entries_cost_only_themselves(viewer: Client, cloud: Sandbox) -> None:
    cloud.misbehave(Fault("damaged_items", endpoint="cimg/list"))

    for page in both(viewer, URL):
        assert page.total is not None
        assert 27 <= page.total < 36
        assert len([notice for notice in page.notices if "left out" in notice]) == 1
        assert not page.failures


def test_a_list_that_never_rests_is_said_to_be_uncertain(viewer: Client, cloud: Sandbox) -> None:
    cloud.max_limit = 5
    cloud.misbehave(Fault("moving", region="bj"))

    for page in both(viewer, URL):
        [notice] = page.notices
        assert notice.startswith("Beijing bj: images were added or removed during")
        assert page.total is not None
        assert page.total > 36
        assert not page.failures


def test_a_slow_answer_is_only_slow(viewer: Client, cloud: Sandbox) -> None:
    cloud.misbehave(Fault("slow", seconds=0.05))

    for page in both(viewer, URL):
        assert page.total == 36
        assert not page.notices


@pytest.mark.parametrize(
    "fault",
    [
        Fault("errno", errno=41026, times=2),
        Fault("status", status=503, html=True, times=2),
        Fault("status", status=429, html=True, times=1, retry_after="0"),
        Fault("reset", times=2),
        Fault("short_body", times=2),
    ],
    ids=lambda fault: fault.kind,
)
def test_what_passes_is_not_even_noticed(viewer: Client, cloud: Sandbox, fault: Fault) -> None:
    cloud.misbehave(fault)

    for page in both(viewer, URL):
        assert page.total == 36
        assert not page.notices
        assert not page.failures
