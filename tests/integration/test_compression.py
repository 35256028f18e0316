"""What goes over the wire is compressed, as the browser asks, and no secret is."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Callable
from typing import Any

import brotli
import pytest
from django.test import Client
from pytest_django import Settings

from dashboard.people.models import Role, Team, User
from images.sandbox import Sandbox
from tests.integration.conftest import PASSWORD, Keep
from tests.integration.images.pages import FRAGMENT
from tests.integration.people.test_second_factor import switch_on

pytestmark = pytest.mark.backend

CHROMIUM = "gzip, deflate, br, zstd"
# brotli looks at 64 bytes of every 4,096 to decide how it codes letters: moved along by some bytes,
# the same list in Chinese weighs 300 more one time in four. Keep so much below.
PAGE_BYTES, FRAGMENT_BYTES = 14_000, 10_000


def ask(browser: Client, address: str, accepted: str = CHROMIUM, **more: Any) -> Any:
    return browser.get(address, headers={"Accept-Encoding": accepted, **more.pop("headers", {})})


def read(response: Any) -> bytes:
    """What was sent, as a browser reads it."""
    content: bytes = response.getvalue()
    readers = {"br": brotli.decompress, "gzip": gzip.decompress, "": bytes}
    said: bytes = readers[response.headers.get("Content-Encoding", "")](content)
    return said


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_first_page_of_ten_thousand_images_comes_in_one_round_trip(
    browser: Client, person: User, keep: Keep, settings: Settings, language: str
) -> None:
    with Sandbox(images=3334, seed=1) as cloud:
        settings.DIDIYUN_API_URL = cloud.url
        keep(person, cloud.token)
        said = {"Accept-Language": language}
        page = ask(browser, "/images/", headers=said)
        fragment = ask(browser, "/images/", headers=said | FRAGMENT)

    assert read(fragment).count(b"<tr data-image") == 50
    assert len(page.content) <= PAGE_BYTES
    assert len(fragment.content) <= FRAGMENT_BYTES


ADDRESSES = ("/images/", "/overview/", "/images/export.csv", "/images/export.json", "/metrics")


@pytest.mark.parametrize("address", [*ADDRESSES, "/api/v1/images", "/changes/export.csv"])
@pytest.mark.parametrize("accepted", ["br", "gzip"])
def test_a_page_a_file_and_an_answer_say_the_same_compressed(
    viewer: Client, settings: Settings, address: str, accepted: str
) -> None:
    settings.EXPORTS_AT_ONCE = 9
    viewer.get(address)
    plain, response = viewer.get(address), ask(viewer, address, accepted)

    assert response["Content-Encoding"] == accepted
    assert "Content-Encoding" not in plain
    assert all("Accept-Encoding" in each["Vary"] for each in (plain, response))
    said, wanted = read(response), read(plain)
    assert said[:40] == wanted[:40]
    if address.endswith((".csv", "images")):
        assert said == wanted


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        (CHROMIUM, "br"),
        ("gzip, deflate", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("BR ; Q=0.5, gzip;q=0.2", "br"),
        ("gzip;q=1, br;q=0.9", "gzip"),
        ("*", "br"),
        ("br;q=0, *;q=0.1", "gzip"),
        ("identity, *;q=0", None),
        ("identity;q=1, gzip;q=0.5", None),
        ("br;q=0, gzip;q=0.0", None),
        ("zstd", None),
        ("br;q=high", None),
        ("", None),
    ],
)
def test_the_browser_chooses(viewer: Client, accepted: str, coding: str | None) -> None:
    response = ask(viewer, "/images/", accepted)

    assert response.headers.get("Content-Encoding") == coding
    assert read(response).startswith(b"<!doctype html>")


def test_a_list_seen_twice_is_the_same_for_everyone_who_asks_otherwise(viewer: Client) -> None:
    """It is kept compressed: nobody gets what another asked for."""
    answers = [
        ask(viewer, "/images/", accepted, headers=FRAGMENT)
        for accepted in ("br", "gzip", "", "br", "gzip", "")
    ]

    assert [each.headers.get("Content-Encoding") for each in answers] == ["br", "gzip", None] * 2
    assert len({read(each) for each in answers}) == 1


def test_what_is_short_stays_as_it_is(viewer: Client) -> None:
    response = ask(viewer, "/healthz")
    assert "Content-Encoding" not in response


def test_head_says_what_get_would(viewer: Client) -> None:
    viewer.get("/images/")
    asked = {"Accept-Encoding": CHROMIUM, **FRAGMENT}
    head = viewer.head("/images/", headers=asked)
    whole = viewer.get("/images/", headers=asked)

    assert head.content == b""
    for name in ("Content-Encoding", "Content-Length", "Vary"):
        assert head[name] == whole[name]
    assert int(head["Content-Length"]) == len(whole.content)


def test_a_script_has_the_answer_already_however_it_was_compressed(viewer: Client) -> None:
    compressed, plain = ask(viewer, "/api/v1/images"), viewer.get("/api/v1/images")
    etag = compressed["ETag"]
    again = ask(viewer, "/api/v1/images", headers={"If-None-Match": etag})

    assert compressed["Content-Encoding"] == "br"
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", etag)
    assert "Content-Encoding" not in again
    assert plain["ETag"] == etag


@pytest.mark.parametrize("coding", ["br", "gzip"])
def test_an_export_can_be_read_as_far_as_it_is_made(
    browser: Client, person: User, keep: Keep, settings: Settings, coding: str
) -> None:
    with Sandbox(images=250, seed=1) as cloud:
        settings.DIDIYUN_API_URL = cloud.url
        keep(person, cloud.token)
        response = ask(browser, "/images/export.csv", coding)
        inflate = _unbrotli() if coding == "br" else zlib.decompressobj(wbits=31).decompress
        lines = [inflate(piece).count(b"\r\n") for piece in response.streaming_content]

    # The mark, the headings, four pieces of rows, and the end of the compression.
    assert lines == [0, 1, 200, 200, 200, 150, 0]


def _unbrotli() -> Callable[[bytes], bytes]:
    """What is in a piece: the library gives it 32 kB at a time."""
    reader = brotli.Decompressor()

    def inflate(piece: bytes) -> bytes:
        return b"".join([reader.process(piece), *iter(lambda: reader.process(b""), b"")])

    return inflate


def test_what_shows_a_new_secret_is_never_compressed(
    browser: Client, person: User, keep: Keep
) -> None:
    """How long it is tells nobody whether it has something in common with what they put into it."""
    blue = Team.objects.create(name="Blue", slug="blue")
    blue.memberships.create(user=person, role=Role.ADMIN)
    token = keep(person, "a secret of the cloud", team=blue)
    browser.post("/accounts/login/", {"login": "person", "password": PASSWORD})
    totp = switch_on(browser)
    key = {"label": "Nightly", "days": "7"}
    display = {"title": "Hall", "days": "7", "language": "en", "token": str(token.pk)}
    shown = {
        r"idk_\w+": new(browser, "/api-keys/", key),
        r"/display/[\w-]{20,}": new(browser, "/teams/blue/displays/", display),
        r"/invitations/[\w-]{20,}": new(browser, "/teams/blue/invitations/", {"role": "viewer"}),
        r"<li><code>\w+": "/accounts/2fa/codes/",
        r"^\w{8,}": "/accounts/2fa/codes/download/",
    }

    for secret, address in shown.items():
        response = ask(browser, address)
        assert response.status_code == 200, address
        assert re.search(secret, read(response).decode(), re.MULTILINE), address
        assert "Content-Encoding" not in response, address
    assert totp
    browser.post("/accounts/2fa/app/deactivate/")
    page = ask(browser, "/accounts/2fa/app/activate/")
    assert b"data-totp" in read(page)
    assert "Content-Encoding" not in page


def new(browser: Client, address: str, form: dict[str, str]) -> str:
    """Where the form leads: to the page that shows what it made."""
    response = browser.post(address, form)
    assert response.status_code == 302, response.content.decode()
    return response["Location"]
