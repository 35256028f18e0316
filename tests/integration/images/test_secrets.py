"""After every page was seen with every fault, the token is nowhere it can be read."""

from __future__ import annotations

import base64
import io
import logging
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db import connections
from django.test import Client
from pytest_django import Settings

from dashboard.people.models import User
from dashboard.tokens import vault
from dashboard.tokens.models import Token
from images.sandbox import Fault, Sandbox
from images.sandbox.odd_answers import SPELLINGS
from tests.integration import cached
from tests.integration.conftest import Clock, Keep, let_refreshes_finish
from tests.integration.images.pages import FRAGMENT

pytestmark = pytest.mark.backend

SAMPLE = "4a48f88391134a01befe88ff98b68a88"
PATHS = (
    "",
    "?q=web&os=CentOS&colour=red&columns=description&columns=name",
    f"bj/{SAMPLE}/",
    f"bj/{'0' * 32}/",
    "export.csv",
    "export.json",
    "?region=mars",
)
API_PATHS = (
    *("images", "images?q=web&page=1", f"images/bj/{SAMPLE}", "facets", "regions", "overview"),
    *("tokens", "images?region=mars", "images?token=mine", "openapi.json", ""),
)
FAULTS = (
    Fault("echo_token"),
    Fault("echo_token", endpoint="cimg/list", region="bj"),
    Fault("echo_token", spelling="unicode"),
    Fault("token_in_list"),
    Fault("token_in_list", spelling="unicode"),
    Fault("errno", errno=4),
    Fault("redirect", location="/elsewhere"),
    Fault("not_json"),
    Fault("reset"),
    Fault("wrong_types", endpoint="cimg/list"),
)


def walk(browser: Client, cloud: Sandbox, clock: Clock) -> Iterator[bytes]:
    """Every answer on the way, headers and cookies included."""

    def seen(path: str, headers: dict[str, str]) -> bytes:
        response: Any = browser.get(f"/images/{path}", headers=headers)
        content = response.getvalue()
        assert "Server Error" not in str(content)
        cookies = str(response.cookies) + str(browser.cookies)
        return b"\n".join((response.serialize_headers(), content, cookies.encode()))

    def everything() -> Iterator[bytes]:
        for path in API_PATHS:
            response: Any = browser.get(f"/api/v1/{path}")
            assert response.status_code != 500
            yield response.serialize_headers() + response.getvalue()
        for path in PATHS:
            yield seen(path, {})
            yield seen(path, FRAGMENT)
        again: Any = browser.post("/images/refresh/", headers={"Referer": "http://testserver/"})
        yield again.serialize_headers() + again.content
        page: Any = browser.get("/tokens/")
        yield page.serialize_headers() + page.content

    yield from everything()
    for fault in FAULTS:
        clock.now += 4000
        cloud.misbehave(fault)
        browser.get("/images/")
        let_refreshes_finish()
        yield from everything()  # with what was read before
        cached.clear()
        yield from everything()  # without
        cloud.clear_faults()
        clock.now += 10
        browser.post("/images/refresh/")


def stored() -> Iterator[bytes]:
    """Every row of every table, and what the cache and the sessions make of theirs."""
    for alias in connections:
        with connections[alias].cursor() as cursor:
            for table in connections[alias].introspection.table_names(cursor):
                cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608
                for row in cursor.fetchall():
                    yield repr(row).encode()
    yield from cached.raw()
    for name in cached.names():
        yield from unpacked(cached.get(name))
    for session in Session.objects.all():
        yield repr(session.get_decoded()).encode()


def unpacked(value: object) -> Iterator[bytes]:
    if isinstance(value, bytes):
        yield value
        try:
            yield zlib.decompress(value)
        except zlib.error:
            return


def files() -> Iterator[bytes]:
    for alias in connections:
        path = Path(str(connections[alias].settings_dict["NAME"]))
        for file in path.parent.glob(f"{path.name}*") if path.is_file() else ():
            yield file.read_bytes()


@pytest.fixture
def printed() -> Iterator[io.StringIO]:
    """What is written to standard error, as it is written."""
    [handler] = [each for each in logging.getLogger().handlers if each.name == "stderr"]
    assert isinstance(handler, logging.StreamHandler)
    text = io.StringIO()
    before = handler.setStream(text)
    yield text
    handler.setStream(before)


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_no_token_is_in_pages_caches_or_logs(
    viewer: Client,
    cloud: Sandbox,
    clock: Clock,
    person: User,
    keep: Keep,
    caplog: pytest.LogCaptureFixture,
    printed: io.StringIO,
) -> None:
    caplog.set_level(logging.DEBUG)
    other = keep(person, cloud.other_token, "Other")
    # The account's own data may hold the token as well, where somebody wrote it down.
    cloud.add_image("bj", name=f"web {cloud.token}", description=f"Bearer {cloud.token}")
    answers = list(walk(viewer, cloud, clock))
    viewer.get(f"/images/?token={other.pk}")

    kept = list(stored())
    logged = [repr(vars(record)).encode() for record in caplog.records]
    # Proof that the search looks where things are.
    assert any(b"[token]" in answer for answer in answers)
    assert any(b"cimg-cy58anir" in value for value in kept)
    assert any(b"region failed" in line for line in logged)
    assert "region list failed" in printed.getvalue()
    everything = b"\n".join([*answers, *logged, *kept, *files(), printed.getvalue().encode()])
    for secret in (cloud.token, cloud.other_token):
        assert secret.encode() not in everything
        assert base64.b64encode(secret.encode()).strip(b"=") not in everything
        escaped = SPELLINGS["unicode"](secret).encode()
        assert escaped not in everything.replace(b"\\\\", b"\\")
    assert {vault.unseal(token.sealed, token.pk) for token in Token.objects.all()} == {
        cloud.token,
        cloud.other_token,
    }


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("path", PATHS[:6])
def test_a_fault_of_our_own_tells_no_secret(
    viewer: Client,
    cloud: Sandbox,
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
    path: str,
    debug: bool,
) -> None:
    settings.DEBUG = debug
    settings.DIDIYUN_API_URL = None
    viewer.raise_request_exception = False
    page: Any = viewer.get(f"/images/{path}")

    assert page.status_code == 503
    told = page.getvalue().decode() + caplog.text + repr([vars(each) for each in caplog.records])
    assert "Traceback" in caplog.text
    assert "Request Method" not in told
    assert cloud.token not in told
    assert settings.TOKEN_KEYS not in told


@pytest.mark.parametrize("name", ["account", "token", "-account"])
def test_a_secret_in_the_wrong_place_is_not_repeated(
    viewer: Client, cloud: Sandbox, name: str
) -> None:
    for headers in ({}, FRAGMENT):
        page = viewer.get(f"/images/?{name}={cloud.other_token}", headers=headers)
        assert page.status_code == 200
        assert "not an account that you may read" in page.content.decode()
        assert cloud.other_token not in page.content.decode()
    for path in ("/images/export.csv", "/images/export.json"):
        answer: Any = viewer.get(f"{path}?{name}={cloud.other_token}")
        assert answer.status_code == 404
        assert cloud.other_token not in answer.getvalue().decode() + str(answer.headers)
    for path in (
        "/changes/",
        "/overview/",
        "/overview/display",
        "/overview/coverage/",
        "/changes/export.csv",
    ):
        answer = viewer.get(f"{path}?{name}={cloud.other_token}")
        assert cloud.other_token not in answer.getvalue().decode() + str(answer.headers)
    sent = {"query": f"{name}={cloud.other_token}&os=CentOS", "density": "compact"}
    there = viewer.post("/images/looks/", sent)["Location"]
    assert there == "/images/?os=CentOS&density=compact"
