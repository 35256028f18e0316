"""What a cloud that sends too much or too odd a thing, and a fault of our own, make of a page."""

from __future__ import annotations

import os
import resource
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from dashboard.people import sessions
from dashboard.people.models import User
from images.cloud.client import MIB
from images.sandbox import Fault, Sandbox
from images.services import store
from tests.integration import cached
from tests.integration.conftest import Clock, Keep, read_again
from tests.integration.images.pages import Page, both
from tests.liar import IMAGE, Liar, answer, page
from tests.unit.test_worker_process import readers, until

pytestmark = pytest.mark.backend

URL = "/images/"
OURS = "The dashboard itself has failed"
TOO_LARGE = "The cloud's response is too large"


@pytest.fixture
def liar(settings: Settings) -> Iterator[Liar]:
    """The cloud that the site asks."""
    with Liar() as liar:
        settings.DIDIYUN_API_URL = liar.url
        yield liar


@pytest.fixture
def reader(browser: Client, person: User, liar: Liar, keep: Keep) -> Client:
    """A person with a token of that cloud."""
    keep(person, liar.token)
    return browser


def internal_failures(browser: Client) -> float:
    text = browser.get("/metrics").content.decode()
    [family] = [
        each
        for each in text_string_to_metric_families(text)
        if each.name == "dashboard_internal_failures"
    ]
    return next(each.value for each in family.samples if each.name.endswith("_total"))


# An errno beyond any number


@pytest.mark.parametrize("errno", ["9" * 30, "-" + "9" * 30, "1e300"])
@pytest.mark.parametrize("endpoint", ["region/list", "cimg/list"])
def test_an_errno_beyond_64_bits_is_a_failure_that_is_remembered(
    reader: Client, liar: Liar, endpoint: str, errno: str
) -> None:
    liar.replies[endpoint] = lambda asked: answer(None, errmsg="no").replace(
        b'"errno": 0', b'"errno": ' + errno.encode()
    )
    first, fragment = both(reader, URL, 503)
    calls = len(liar.calls)
    assert "The cloud is not available" in first.text
    assert "no" in fragment.text

    reader.get(URL)
    assert len(liar.calls) == calls
    assert reader.get("/api/v1/images").status_code == 503
    assert reader.get("/images/export.json").status_code == 503
    assert len(liar.calls) == calls


# More than is read


def test_a_list_that_grows_too_large_leaves_the_last_good_one_and_says_why(
    reader: Client, liar: Liar, settings: Settings, clock: Clock
) -> None:
    settings.UPSTREAM_MAX_IMAGES = 150
    images = [{**IMAGE, "cimgUuid": f"{number:032x}"} for number in range(151)]
    liar.replies["cimg/list"] = lambda asked: page(asked, images[:150])
    assert Page(reader.get(URL)).total == 150

    clock.now += 61
    liar.replies["cimg/list"] = lambda asked: page(asked, images)
    read_again(liar.token)
    for shown in both(reader, URL):
        assert shown.total == 150
        assert shown.regions == {"bj": "stale"}
        assert TOO_LARGE in shown.text
        assert "more than 150 images" in shown.text


def test_the_lists_of_all_regions_are_bounded_together(
    viewer: Client, cloud: Sandbox, settings: Settings
) -> None:
    settings.UPSTREAM_MAX_IMAGES = 30  # of three regions with 12 each
    shown = Page(viewer.get(URL))

    assert shown.total == 24
    assert sorted(shown.regions.values()) == ["failed", "fresh", "fresh"]
    assert "regions with more than 30 images together" in shown.text


def test_more_regions_than_are_read_leave_those_that_were_known(
    reader: Client, liar: Liar, clock: Clock
) -> None:
    assert Page(reader.get(URL)).total == 1
    clock.now += 3601
    liar.replies["region/list"] = lambda asked: answer([{"id": f"r{n}"} for n in range(3000)])
    read_again(liar.token)
    shown = Page(reader.get(URL))

    assert shown.total == 1
    assert TOO_LARGE in shown.text


def test_a_page_stays_small_however_many_values_and_tags_there_are(
    reader: Client, liar: Liar, settings: Settings
) -> None:
    settings.UPSTREAM_IMAGE_KB = 64
    images = [
        {**IMAGE, "cimgUuid": f"{number:032x}", "osVersion": f"{number} " + "v" * 290}
        | {"cimgTags": [f"{number} {tag}" for tag in range(90)]}
        for number in range(1_500)
    ]
    liar.replies["cimg/list"] = lambda asked: page(asked, images)
    shown = Page(reader.get(f"{URL}?columns=name&columns=tags"))

    assert shown.total == 1_500
    assert len(shown.html) < 3 * MIB
    assert "+70" in shown.rows[0].text
    assert "500 less common values are not listed." in shown.text
    assert len(shown.choices("OS version")) == 1_000
    assert reader.get("/api/v1/facets").content.count(b"v" * 290) == 1_500


# A fault of ours


def test_a_reading_process_that_is_killed_is_told_as_our_fault(
    viewer: Client, cloud: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    cloud.misbehave(Fault("hang", endpoint="cimg/list"))
    before = internal_failures(viewer)
    killer = threading.Thread(target=kill_the_reader, args=(cloud,))
    killer.start()
    shown = Page(viewer.get(URL))
    killer.join()

    assert shown.status == 503
    assert shown.failures == ["internal"]
    assert OURS in shown.text
    assert "signal 9" in shown.text
    assert "The cloud did" not in shown.one(data_failure="internal").text
    assert internal_failures(viewer) == before + 3
    said = [record.msg for record in caplog.records if isinstance(record.msg, dict)]
    assert any("signal 9" in line.get("failure", "") for line in said)

    problem = viewer.get("/api/v1/images")
    assert (problem.status_code, problem.json()["kind"]) == (503, "internal")


def kill_the_reader(cloud: Sandbox, how: signal.Signals = signal.SIGKILL) -> None:
    until(lambda: [call for call in cloud.calls if call.endpoint == "cimg/list"])
    for pid in readers():
        os.kill(pid, how)


@pytest.mark.parametrize(("name", "value"), [
    ("DIDIYUN_API_URL", None),  # the list of regions
    ("UPSTREAM_MAX_IMAGES", "many"),  # the list of each region, once it has been read
])  # fmt: skip
def test_what_goes_wrong_with_us_is_remembered_and_passes(
    viewer: Client, cloud: Sandbox, settings: Settings, clock: Clock, name: str, value: Any
) -> None:
    good = getattr(settings, name)
    setattr(settings, name, value)
    shown = Page(viewer.get(URL))
    calls, before = len(cloud.calls), internal_failures(viewer)
    assert (shown.status, shown.failures) == (503, ["internal"])
    assert OURS in shown.text

    viewer.get(URL)
    assert len(cloud.calls) == calls
    assert internal_failures(viewer) == before

    setattr(settings, name, good)
    clock.now += 16
    read_again(cloud.token)
    assert Page(viewer.get(URL)).total == 36


def test_a_list_that_is_lost_while_the_cloud_fails_is_no_error_of_the_page(
    viewer: Client, cloud: Sandbox
) -> None:
    viewer.get(URL)
    for name in cached.names(":bj:"):
        cached.delete(name)
    store.forget()
    cloud.misbehave(Fault("errno", errno=2, region="bj"))
    shown = Page(viewer.get(URL))

    assert shown.status == 200
    assert shown.regions == {"gz": "fresh", "bj": "failed", "sh": "fresh"}
    assert shown.total == 24

    cloud.reset_calls()
    viewer.get(URL)
    assert not cloud.calls


# Questions that cost nothing


def resident() -> int:
    """The memory of this process, in bytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def test_questions_that_are_asked_once_do_not_grow_a_worker(
    viewer: Client, settings: Settings
) -> None:
    settings.API_REQUESTS_PER_MINUTE = 1_000_000

    def ask(first: int, last: int) -> None:
        for number in range(first, last):
            many = [f"{number}-{each}" for each in range(600)]
            assert viewer.get("/api/v1/facets", {"os": many}).status_code == 422
            some = {"q": f"{number}" * 50, "name": many[:50]}
            assert viewer.get("/api/v1/facets", some).status_code == 200

    ask(0, 20)
    before = resident()
    ask(20, 120)
    assert resident() - before < 10 * MIB


# A database that takes nothing


def refusing_writes(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    if sql.split(" ", 1)[0] in ("INSERT", "UPDATE", "DELETE"):
        raise DatabaseError("it is a standby")
    return execute(sql, params, many, context)


@pytest.mark.django_db(databases="__all__", transaction=True)
@pytest.mark.parametrize("answers", ["well", "errno"])
def test_a_database_that_takes_nothing_costs_no_page(
    viewer: Client, cloud: Sandbox, answers: str
) -> None:
    session = viewer.session
    session[sessions.USED] = sessions.clock() - 600  # so long ago that it is noted again
    session.save()
    if answers == "errno":
        cloud.misbehave(Fault("errno", errno=4))
    with connection.execute_wrapper(refusing_writes):
        # What reads through the API is not in it: what the audit log cannot have is not answered.
        for address in (URL, "/overview/", "/changes/"):
            assert viewer.get(address).status_code in (200, 403), address
