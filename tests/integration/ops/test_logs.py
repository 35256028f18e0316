"""What the log says of a request: enough to find out what happened, and no secret."""

from __future__ import annotations

import json
import logging
import re
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
import structlog
from django.test import Client
from pytest_django import Settings

from dashboard.observing import logs
from dashboard.people.models import User
from images.cloud.client import MIB
from images.sandbox import Fault, Sandbox
from tests.integration.conftest import Clock, Keep, let_refreshes_finish
from tests.liar import IMAGE, Liar, answer, page

OPERATIONS = Path(__file__).parents[3] / "docs" / "operations.md"


@pytest.fixture(autouse=True)
def everything(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")


def lines(caplog: pytest.LogCaptureFixture, event: str) -> list[dict[str, Any]]:
    found = [record.msg for record in caplog.records]
    return [line for line in found if isinstance(line, dict) and line["event"] == event]


def test_a_request_names_the_person_the_view_and_what_the_cloud_was_asked(
    viewer: Client, person: User, cloud: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    response = viewer.get("/images/?q=web")
    [line] = lines(caplog, "request")

    assert (line["view"], line["status"], line["user"]) == ("images:list", 200, person.pk)
    assert (line["path"], line["request_id"]) == ("/images/", response["X-Request-ID"])
    assert line["upstream_calls"] == len(cloud.calls)
    assert len(set(line["upstream_request_ids"])) == len(cloud.calls)


def test_a_request_that_asked_nothing_of_the_cloud_says_nothing_of_it(
    viewer: Client, caplog: pytest.LogCaptureFixture
) -> None:
    viewer.get("/images/")
    viewer.get("/images/?q=web")

    assert "upstream_calls" in lines(caplog, "request")[0]
    assert "upstream_calls" not in lines(caplog, "request")[1]


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_a_background_refresh_has_a_line_of_its_own_with_the_id_of_the_request(
    viewer: Client, cloud: Sandbox, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    viewer.get("/images/")
    cloud.reset_calls()
    clock.now += 61
    response = viewer.get("/images/")
    let_refreshes_finish()
    [line] = lines(caplog, "refresh")

    assert line["request_id"] == response["X-Request-ID"]
    assert line["upstream_calls"] == len(cloud.calls) > 0
    assert "upstream_calls" not in lines(caplog, "request")[1]
    read = [
        each for each in lines(caplog, "region read") if each["request_id"] == line["request_id"]
    ]
    assert {each["upstream_request_id"] for each in read} <= set(line["upstream_request_ids"])
    assert len(read) == 3


@pytest.mark.parametrize(
    ("given", "behind_one", "taken"),
    [
        ("5f0c3e6a-2a6d-4a0e-9b53-1c9a7a0f7a11", True, True),
        ("0123456789abcdef0123456789abcdef", True, True),
        ("0123456789abcdef0123456789abcdef", False, False),
        ("short", True, False),
        ("a" * 37, True, False),
        ("ab" * 32, True, False),
        ("12345678 9", True, False),
        ("<script>", True, False),
        ("", True, False),
    ],
)
def test_the_id_of_a_proxy_is_taken_where_there_is_one_and_it_looks_like_one(
    anonymous: Client, settings: Settings, given: str, behind_one: bool, taken: bool
) -> None:
    settings.TRUSTED_PROXIES = [ip_network("127.0.0.0/8")] if behind_one else []
    answered = anonymous.get("/healthz", headers={"X-Request-ID": given})["X-Request-ID"]

    assert (answered == given) is taken
    assert re.fullmatch(r"[0-9A-Za-z-]{8,36}", answered)


@pytest.mark.parametrize(
    "secret",
    [
        "/display/a-Key_1/",
        "/invitations/a-Key_1/",
        "Bearer a-Key_1",
        "redis://:a-Key_1@cache/0",
        "postgres://me:a-Key_1@db/images",
        "back/?code=a-Key_1&state=1",
        "/display/a%2DKey_1a-Key_1/",
    ],
)
def test_what_looks_like_a_secret_is_cut_out_at_any_depth(secret: str) -> None:
    event = logs.redact(None, "info", {"event": secret, "in": [{"a": ("b", secret)}]})

    assert "Key_1" not in json.dumps(event)


@pytest.mark.parametrize("place", [0, 4_970, 5_000, 9_000, 2_000_000])
def test_a_long_text_is_cut_and_no_secret_with_it(place: int) -> None:
    token = "0123456789abcdef" * 4
    text = "-" * place + f" {token} Bearer a-Key_1\n" + "-" * 2_000_000 + "\nValueError: why"
    [cut] = logs.redact(None, "error", {"exception": text}).values()

    assert len(cut) < logs.LONGEST + 100
    assert cut.endswith("ValueError: why")
    assert f"({len(text)} characters)" in cut
    assert token[:8] not in cut
    assert "Key_1" not in cut


def test_a_request_id_of_megabytes_is_no_line_of_megabytes(
    browser: Client,
    person: User,
    keep: Keep,
    settings: Settings,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    with Liar() as liar:
        settings.DIDIYUN_API_URL = liar.url
        keep(person, liar.token)
        liar.replies["cimg/list"] = lambda asked: page(asked, [IMAGE]).replace(
            b"e" * 32, b"e" * 8 * MIB
        )
        response = browser.get("/images/")
        assert (response.status_code, len(response.content) < 200_000) == (200, True)
        liar.replies["region/list"] = lambda asked: answer(None, errno=3, requestId="e" * 900_000)
        clock.now += 4_000  # the list of regions is read again, too
        browser.post("/images/refresh/")
    told = [str(record.msg) for record in caplog.records]
    for event in ("region read", "region list failed"):
        assert [line for line in told if f"'{event}'" in line and "e" * 100 in line], event
    assert max(map(len, told)) < 5_000


def test_a_line_is_a_line_whatever_the_path(
    anonymous: Client, caplog: pytest.LogCaptureFixture
) -> None:
    anonymous.get("/nothing/%0A%7B%22event%22:%20%22request%22%7D%0D%0A/display/a-Key_1/")
    [record] = [each for each in caplog.records if each.name == "dashboard.request"]
    [formatter] = [
        each.formatter
        for each in logging.getLogger().handlers
        if isinstance(each.formatter, structlog.stdlib.ProcessorFormatter)
    ]
    written = formatter.format(record)

    assert len(written.splitlines()) == 1
    path = '/nothing/\n{"event": "request"}\r\n/display/[redacted]/'
    assert json.loads(written)["path"] == path


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_every_field_is_explained(
    viewer: Client, cloud: Sandbox, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    viewer.get("/images/")
    clock.now += 61
    cloud.misbehave(Fault("errno", errno=1, endpoint="cimg/list", region="bj"))
    viewer.get("/images/")
    let_refreshes_finish()
    explained = set(re.findall(r"`(\w+)`", OPERATIONS.read_text("utf-8")))

    for event in ("request", "refresh", "region read", "region failed"):
        for line in lines(caplog, event):
            assert set(line) <= explained, event
