"""What a request is, who sent it, and how much of what is dear one person may ask for."""

from __future__ import annotations

import logging
import runpy
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from gunicorn.util import parse_address
from pytest_django import Settings

from dashboard import quotas
from dashboard.api_keys import keys
from dashboard.audit.models import AuditEntry
from dashboard.audit.trail import Actor
from dashboard.people import teams
from dashboard.people.models import Role, User
from dashboard.saved_views.models import SavedView
from dashboard.tokens.models import Token
from dashboard.web import limits
from images.sandbox import Sandbox
from tests.integration.conftest import Keep

pytestmark = pytest.mark.backend

ROOT = Path(__file__).parents[3]
BY = Actor("test")
MACHINES = ("/healthz", "/readyz", "/metrics")
FOREIGN = "db-17.internal:9090"


@pytest.fixture(autouse=True)
def nothing_counted() -> None:
    limits.forget()


@pytest.fixture
def bearer(person: User, cloud: Sandbox, keep: Keep) -> dict[str, str]:
    keep(person, cloud.token)
    _key, secret = keys.make(person, "Nightly", days=7, by=BY)
    return {"Authorization": f"Bearer {secret}"}


# A prefix that the client names, as gunicorn takes one from a header


@pytest.mark.parametrize("path", ["/images/", "/images/export.json", "/tokens/", "/api-keys/"])
def test_no_prefix_lets_an_api_key_open_a_page(
    anonymous: Client, bearer: dict[str, str], path: str
) -> None:
    answer = anonymous.get(path, headers=bearer, SCRIPT_NAME="/api")

    assert answer.status_code == 302
    assert "/accounts/login/" in answer["Location"]


def test_no_prefix_takes_a_page_out_of_the_log_or_the_api_out_of_its_limit(
    anonymous: Client, bearer: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    anonymous.get("/accounts/login/", SCRIPT_NAME="/static")
    limited = anonymous.get("/api/v1/tokens", headers=bearer, SCRIPT_NAME="/healthz")

    lines = [record.msg for record in caplog.records if record.name == "dashboard.request"]
    paths = [line["path"] for line in lines if isinstance(line, dict)]
    assert paths == ["/accounts/login/", "/api/v1/tokens"]
    assert "RateLimit" in limited


def test_no_prefix_makes_a_page_one_that_may_be_kept(anonymous: Client) -> None:
    answer = anonymous.get("/accounts/login/", SCRIPT_NAME="/static")

    assert "no-store" in answer["Cache-Control"]


# Machines, which know the dashboard by an address of their own


@pytest.mark.parametrize("path", MACHINES)
@pytest.mark.parametrize("method", ["get", "head"])
def test_a_machine_is_answered_whatever_it_calls_the_dashboard(
    anonymous: Client, path: str, method: str
) -> None:
    answer = getattr(anonymous, method)(path, headers={"Host": FOREIGN})

    assert answer.status_code == 200


def test_another_name_opens_no_page_and_fills_no_log(
    anonymous: Client, caplog: pytest.LogCaptureFixture
) -> None:
    answer = anonymous.get("/accounts/login/", headers={"Host": FOREIGN})
    [handler] = [each for each in logging.getLogger().handlers if each.name == "stderr"]
    written = [handler.format(record) for record in caplog.records if handler.filter(record)]

    assert answer.status_code == 400
    assert not any("Traceback" in line for line in written)


@pytest.mark.parametrize("sender", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
def test_this_machine_is_itself_however_its_address_is_written(
    anonymous: Client, sender: str
) -> None:
    assert anonymous.get("/metrics", REMOTE_ADDR=sender).status_code == 200


@pytest.mark.parametrize(
    ("host", "where"),
    [("::1", ("::1", 8123)), ("127.0.0.1", ("127.0.0.1", 8123)), ("::", ("::", 8123))],
)
def test_the_server_starts_on_any_address(
    monkeypatch: pytest.MonkeyPatch, host: str, where: tuple[str, int]
) -> None:
    monkeypatch.setenv("HOST", host)
    monkeypatch.setenv("PORT", "8123")
    settings = runpy.run_path(str(ROOT / "dashboard/gunicorn.py"))

    assert parse_address(settings["bind"]) == where


# Proxies


@pytest.mark.parametrize(
    ("sender", "known_as"),
    [
        ("10.1.2.3", "198.51.100.7"),
        ("::ffff:10.1.2.3", "198.51.100.7"),
        ("10.9.9.9", "10.9.9.9"),
        ("203.0.113.9", "203.0.113.9"),
    ],
)
def test_only_a_proxy_that_was_named_says_where_a_request_comes_from(
    browser: Client, settings: Settings, sender: str, known_as: str
) -> None:
    settings.TRUSTED_PROXIES = [ip_network("10.1.0.0/16")]
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    told = {"X-Forwarded-For": "198.51.100.7", "X-Request-ID": "0123456789abcdef"}
    answer = browser.post(
        "/api-keys/", {"label": "Nightly", "days": "7"}, REMOTE_ADDR=sender, headers=told
    )

    assert AuditEntry.objects.latest("id").address == known_as
    assert (answer["X-Request-ID"] == "0123456789abcdef") is (known_as != str(sender))


def test_nobody_else_says_that_they_came_over_https(anonymous: Client, settings: Settings) -> None:
    settings.TRUSTED_PROXIES = [ip_network("10.1.0.0/16")]
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.SECURE_SSL_REDIRECT = True
    told = {"X-Forwarded-Proto": "https"}

    def status(sender: str) -> int:
        path = "/accounts/login/"
        return anonymous.get(path, REMOTE_ADDR=sender, headers=told).status_code

    assert (status("10.1.2.3"), status("203.0.113.9")) == (200, 301)


# How often


def test_tokens_are_checked_ten_times_a_minute_whatever_page_checks_them(
    viewer: Client, person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "clock", lambda: 6_000_045.0)
    token = person.tokens.get()
    wrong = {"label": "Stolen?", "secret": "f" * 64}
    tried = [viewer.post("/tokens/", wrong).status_code for _ in range(4)]
    tried += [viewer.post(f"/tokens/{token.pk}/check/").status_code for _ in range(3)]
    offered = {"secret": "e" * 64}
    path = f"/tokens/{token.pk}/replace/"
    tried += [viewer.post(path, offered).status_code for _ in range(3)]
    refused = viewer.post("/tokens/", wrong, headers={"Referer": "http://testserver/tokens/"})

    assert 429 not in tried
    assert refused.status_code == 429
    assert refused["Retry-After"] == "15"
    assert "Try again in 15 s." in refused.content.decode()
    assert 'href="http://testserver/tokens/"' in refused.content.decode()
    assert viewer.get("/tokens/").status_code == 200
    monkeypatch.setattr(limits, "clock", lambda: 6_000_060.0)
    assert viewer.post("/tokens/", wrong).status_code == 422


def test_a_token_that_is_refused_for_want_of_time_asks_the_cloud_nothing(
    viewer: Client, cloud: Sandbox, settings: Settings
) -> None:
    settings.TOKEN_CHECKS_PER_MINUTE = 1
    wrong = {"label": "Stolen?", "secret": "f" * 64}
    viewer.post("/tokens/", wrong)
    asked = len(cloud.calls)

    assert viewer.post("/tokens/", wrong).status_code == 429
    assert len(cloud.calls) == asked


def begun(client: Client, path: str) -> Any:
    """An export of which nothing has been read yet."""
    answer = client.get(path)
    assert answer.status_code == 200
    return answer


@pytest.mark.parametrize("path", ["/images/export.csv", "/changes/export.json"])
def test_a_third_export_waits_until_one_of_two_is_read(viewer: Client, path: str) -> None:
    first, second = begun(viewer, "/images/export.json"), begun(viewer, "/images/export.csv")
    third = viewer.get(path)

    assert third.status_code == 429
    assert third["Retry-After"]
    assert "You have 2 exports in progress" in third.content.decode()
    assert viewer.get("/images/").status_code == 200
    assert first.getvalue()
    another = begun(viewer, path)
    assert viewer.get(path).status_code == 429
    assert second.getvalue()
    assert another.getvalue()


def test_the_exports_of_one_person_keep_out_nobody_else(
    viewer: Client, stranger: User, cloud: Sandbox, keep: Keep
) -> None:
    begun_before = [begun(viewer, "/images/export.json") for _ in range(2)]
    keep(stranger, cloud.token, "Theirs")
    other = Client()
    other.force_login(stranger)

    assert begun(other, "/images/export.json").getvalue()
    assert all(each.getvalue() for each in begun_before)


def test_asking_for_the_head_of_an_export_takes_no_place(viewer: Client) -> None:
    for _ in range(5):
        answer = viewer.head("/images/export.csv")
        assert (answer.status_code, answer.getvalue()) == (200, b"")


# How many


def test_one_person_keeps_so_many_views_and_keys_and_tokens(
    viewer: Client, person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    SavedView.objects.create(owner=person, name="Mine", query="")
    keys.make(person, "Nightly", days=7, by=BY)
    monkeypatch.setattr(quotas, "QUOTAS", dict.fromkeys(quotas.QUOTAS, 1))
    attempts = {
        "/views/": (
            {"name": "Another", "query": ""},
            "You have reached the limit of 1 saved views",
        ),
        "/api-keys/": (
            {"label": "Another", "days": "7"},
            "You have reached the limit of 1 API keys",
        ),
        "/tokens/": (
            {"label": "Another", "secret": "f" * 64},
            "You have reached the limit of 1 tokens",
        ),
    }

    for path, (form, said) in attempts.items():
        answer = viewer.post(path, form)
        assert answer.status_code == 422, path
        assert said in answer.content.decode()
    assert (
        viewer.post("/views/", {"name": "Mine", "query": "os=CentOS", "replace": "on"}).status_code
        == 302
    )
    counts = (person.views.count(), person.api_keys.count(), person.tokens.count())
    assert counts == (1, 1, 1)


def test_one_team_keeps_so_many_links(
    viewer: Client, person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    team = teams.create("Blue", by=BY)
    teams.set_role(team, person, Role.ADMIN, by=BY)
    token = person.tokens.get()
    Token.objects.filter(pk=token.pk).update(team=team)
    screen = {"title": "Duty", "token": token.pk, "query": "", "days": "7", "language": "en"}
    monkeypatch.setattr(quotas, "QUOTAS", dict.fromkeys(quotas.QUOTAS, 1))

    assert viewer.post("/teams/blue/displays/", screen).status_code == 302
    full = viewer.post("/teams/blue/displays/", screen)
    assert full.status_code == 422
    assert "The team has reached the limit of 1 display links" in full.content.decode()
    assert viewer.post("/teams/blue/invitations/", {"role": "viewer"}).status_code == 302
    refused = viewer.post("/teams/blue/invitations/", {"role": "viewer"}, follow=True)
    assert "The team has reached the limit of 1 open invitations" in refused.content.decode()
    assert (team.displays.count(), team.invitations.count()) == (1, 1)


# HEAD asks for the same as GET, without what is in it


HEADED = (
    *("/", "/images/", "/images/export.csv", "/images/export.json", "/overview/", "/changes/"),
    *("/changes/export.csv", "/tokens/", "/teams/", "/views/", "/api-keys/", "/accounts/login/"),
    *("/api/v1/", "/api/v1/images", "/api/v1/openapi.json", "/nothing/", *MACHINES),
)


@pytest.mark.parametrize("path", HEADED)
def test_head_says_what_get_would(
    viewer: Client, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    whole, head = viewer.get(path), viewer.head(path)

    assert head.status_code == whole.status_code
    assert head.headers.get("Content-Type") == whole.headers.get("Content-Type")
    assert head.getvalue() == b""
    ours = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert [record.getMessage() for record in ours if path != "/nothing/"] == []
