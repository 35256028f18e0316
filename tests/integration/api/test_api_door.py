"""Who comes in with a key, how often, and how everything that goes wrong is told."""

from __future__ import annotations

import json
import logging
import re
from datetime import date, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from dashboard import maintenance
from dashboard.api_keys.models import ApiKey
from dashboard.people import teams
from dashboard.people.models import Role, Team, User
from dashboard.tokens.models import Token
from dashboard.web import limits
from images.sandbox import Sandbox
from tests.integration.api.conftest import API, BY, Answer, MakeScript, Script, expire, the_token
from tests.integration.conftest import Keep

pytestmark = pytest.mark.backend

PATHS = (
    *("images", "facets", "regions", "overview", "changes", "tokens", "openapi.json"),
    "images/bj/1",
)


@pytest.fixture
def team(person: User) -> Team:
    team = teams.create("Blue", by=BY)
    teams.set_role(team, person, Role.VIEWER, by=BY)
    return team


@pytest.mark.parametrize("path", PATHS)
def test_without_a_key_nothing_opens(anonymous: Client, path: str) -> None:
    answer = Answer(anonymous.get(f"{API}/{path}"))

    assert (answer.status, answer.kind) == (401, "no-key")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="image-dashboard"'


@pytest.mark.parametrize("secret", ["", "idk_", "idk_" + "x" * 43, "ü", "x" * 5000])
def test_a_key_that_never_was_opens_nothing(script: Script, secret: str) -> None:
    answer = Script(secret, script.key).get("images")

    assert (answer.status, answer.kind) == (401, "bad-key")
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


def test_a_bad_key_is_not_made_good_by_a_session(viewer: Client) -> None:
    answer = viewer.get(f"{API}/images", headers={"Authorization": "Bearer idk_wrong"})

    assert answer.status_code == 401


def test_a_key_opens_the_api_and_no_page(script: Script) -> None:
    for path in ("/images/", "/images/export.json", "/tokens/", "/api-keys/", "/admin/"):
        answer = script.get(path)
        assert answer.status == 302
        assert "/login/" in answer.headers["Location"]


def test_an_expired_key_opens_nothing(script: Script) -> None:
    assert script.get("images").status == 200
    expire(script.key)

    assert script.get("images").kind == "bad-key"


def test_a_revoked_key_opens_nothing(script: Script) -> None:
    script.key.revoke(by=BY)

    assert script.get("images").kind == "bad-key"


def test_a_key_goes_with_its_owner(script: Script, person: User) -> None:
    User.objects.filter(pk=person.pk).update(is_active=False)
    assert script.get("images").kind == "bad-key"
    person.delete()

    assert not ApiKey.objects.exists()


def test_who_becomes_a_mere_console_has_no_keys(script: Script, person: User, team: Team) -> None:
    teams.set_role(team, person, Role.CONSOLE, by=BY)

    assert script.get("images").kind == "bad-key"


def test_who_leaves_the_team_loses_its_token(
    script_of: MakeScript, person: User, stranger: User, team: Team, cloud: Sandbox, keep: Keep
) -> None:
    token = keep(stranger, cloud.token, team=team)
    script, narrow = script_of(person), script_of(person, token=token)
    assert {each.get("images").status for each in (script, narrow)} == {200}
    teams.remove_member(team, person, by=BY)

    assert script.get("images").kind == "no-token"
    assert script.get(f"images?account={token.pk}").kind == "no-such-account"
    assert script.get("tokens").json()["tokens"] == []
    # It was for nothing else, and does not come back with its owner.
    assert narrow.get("images").kind == "bad-key"
    teams.set_role(team, person, Role.VIEWER, by=BY)
    assert script.get("images").status == 200
    assert narrow.get("images").kind == "bad-key"


def test_a_key_reads_no_more_than_its_scope(
    script_of: MakeScript, person: User, stranger: User, team: Team, cloud: Sandbox, keep: Keep
) -> None:
    mine = keep(person, cloud.other_token, "Mine")
    ours = keep(stranger, cloud.token, "Ours", team=team)
    seen = {
        "all": script_of(person),
        "team": script_of(person, team=team),
        "token": script_of(person, token=mine),
    }

    def labels(script: Script) -> list[str]:
        return [each["label"] for each in script.get("tokens").json()["tokens"]]

    assert {name: labels(script) for name, script in seen.items()} == {
        "all": ["Mine", "Ours"],
        "team": ["Ours"],
        "token": ["Mine"],
    }
    for name in ("account", "token"):
        assert seen["team"].get(f"images?{name}={mine.pk}").kind == "no-such-account"
        assert seen["token"].get(f"images?{name}={ours.pk}").kind == "no-such-account"
    read = {name: seen[name].get("images").json() for name in seen}
    assert {
        name: {each["account"] for each in found["images"]} for name, found in read.items()
    } == {
        "all": {str(mine.pk), str(ours.pk)},
        "team": {str(ours.pk)},
        "token": {str(mine.pk)},
    }
    assert read["all"]["total"] == read["team"]["total"] + read["token"]["total"]
    # What a key is narrowed to may go: it never widens.
    Token.objects.filter(pk=ours.pk).update(team=None)
    assert labels(seen["team"]) == []
    mine.delete()
    assert seen["token"].get("images").kind == "bad-key"


def test_a_disabled_token_is_told(script: Script) -> None:
    token = the_token()
    Token.objects.update(disabled_at=timezone.now())
    answer = script.get("images")

    assert (answer.status, answer.kind) == (403, "token-disabled")
    assert answer.json()["token"] == str(token.pk)


def test_an_account_that_cannot_be_read_is_told_to_who_names_it_and_left_out_for_who_does_not(
    script: Script, person: User, cloud: Sandbox, keep: Keep
) -> None:
    main = the_token()
    unusable = {
        "token-disabled": keep(person, cloud.other_token, "Off", disabled_at=timezone.now()),
        "token-expired": keep(person, "e" * 64, "Over", expires_on=date(2020, 1, 1)),
        "token-unreadable": keep(person, "f" * 64, "Lost"),
    }
    Token.objects.filter(label="Lost").update(sealed="gone:AAAA")

    answer = script.get("images").json()
    assert {each["account"] for each in answer["images"]} == {str(main.pk)}
    states = {each["label"]: each["state"] for each in answer["accounts"]}
    assert states.pop(main.label) == "fresh"
    assert states == {"Off": "disabled", "Over": "expired", "Lost": "unreadable"}
    for kind, token in unusable.items():
        for named in (f"account={token.pk}", f"token={token.pk}", f"account={token.label}"):
            for path in ("images", "images.csv", "facets", "regions", "changes", "overview"):
                answer = script.get(f"{path}?{named}&account=main")
                assert (answer.status, answer.kind) == (403, kind)
                assert answer.json()["token"] == str(token.pk)
    # The one that is named is the one that is told of, also where none works.
    main.delete()
    for kind, token in unusable.items():
        assert script.get(f"images?account={token.pk}").kind == kind
    assert script.get(f"images?account={main.pk}").kind == "no-such-account"


def test_the_last_use_is_noted_once_a_minute(script: Script) -> None:
    script.get("images")
    first = ApiKey.objects.get().last_used_at
    script.get("images")
    assert first is not None
    assert ApiKey.objects.get().last_used_at == first
    long_ago = timezone.now() - timedelta(minutes=2)
    ApiKey.objects.update(last_used_at=long_ago)
    script.get("images")

    assert ApiKey.objects.filter(last_used_at__gt=long_ago).exists()


def test_reading_with_a_key_makes_no_session(script: Script) -> None:
    answer = script.get("images")

    assert not answer.response.cookies


def test_an_expired_key_is_forgotten_after_a_month(script: Script) -> None:
    expire(script.key)
    assert maintenance.prune() == 0
    ApiKey.objects.update(expires_at=timezone.now() - timedelta(days=31))

    assert maintenance.prune() == 1


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options", "trace"])
def test_it_only_reads(viewer: Client, method: str) -> None:
    for path in ("images", "tokens", "nowhere", ""):
        answer = Answer(getattr(viewer, method)(f"{API}/{path}"))
        assert (answer.status, answer.kind) == (405, "method-not-allowed")
        assert answer.headers["Allow"] == "GET, HEAD"


@pytest.mark.parametrize("path", ["/api/", "/api/v1/nowhere", "/api/v2/images", "/api/v1/images/"])
def test_an_address_that_is_nobodys(script: Script, path: str) -> None:
    answer = script.get(path)

    assert (answer.status, answer.kind) == (404, "not-found")


@pytest.mark.parametrize("debug", [False, True])
def test_a_fault_of_our_own_is_logged_and_tells_nothing(
    script: Script,
    cloud: Sandbox,
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
    debug: bool,
) -> None:
    settings.DIDIYUN_API_URL = None
    client = Client(raise_request_exception=False)
    answer = Answer(
        client.get(f"{API}/images", headers={"Authorization": f"Bearer {script.secret}"})
    )

    assert (answer.status, answer.kind) == (503, "internal")
    assert "Traceback" in caplog.text
    told = answer.content.decode() + caplog.text + repr([vars(each) for each in caplog.records])
    for secret in (script.secret, cloud.token, script.key.key_hash):
        assert secret not in told


def test_a_host_that_is_not_ours(script: Script) -> None:
    answer = Answer(Client().get(f"{API}/images", headers={"Host": "elsewhere.example"}))

    assert (answer.status, answer.kind) == (400, "bad-request")


def test_it_speaks_the_language_asked_for(script: Script) -> None:
    answer = script.get("images?colour=red", Accept_Language="zh-Hans")

    assert answer.json()["detail"] == "以下参数无效：colour。"
    assert answer.json()["kind"] == "bad-parameters"
    description = script.get("openapi.json", Accept_Language="zh-Hans").json()
    assert description["paths"]["/api/v1/images"]["get"]["summary"] == "镜像"
    schemas = description["components"]["schemas"]
    told = {name: each["description"] for name, each in schemas.items() if "description" in each}
    assert {"Image", "Problem", "Token"} <= set(told)
    assert [name for name, text in told.items() if not re.search("[\u4e00-\u9fff]", text)] == []


def test_a_minute_has_so_many_requests(
    script: Script, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.API_REQUESTS_PER_MINUTE = 3
    monkeypatch.setattr(limits, "clock", lambda: 6_000_045.0)
    answers = [script.get("tokens") for _ in range(4)]

    assert [answer.status for answer in answers] == [200, 200, 200, 429]
    assert answers[0].headers["RateLimit-Policy"] == '"requests";q=3;w=60'
    assert [answer.headers["RateLimit"] for answer in answers] == [
        f'"requests";r={left};t=15' for left in (2, 1, 0, 0)
    ]
    assert (answers[3].kind, answers[3].headers["Retry-After"]) == ("too-many-requests", "15")
    monkeypatch.setattr(limits, "clock", lambda: 6_000_060.0)
    assert script.get("tokens").status == 200


def test_another_key_of_the_same_person_opens_no_more_than_the_first(
    script: Script, script_of: MakeScript, settings: Settings
) -> None:
    settings.API_REQUESTS_PER_MINUTE = 2
    owner = script.key.owner
    others = [script_of(owner) for _ in range(3)]

    assert [each.get("tokens").status for each in (script, *others)] == [200, 200, 429, 429]


def test_each_person_has_their_own_minute(
    script: Script, script_of: MakeScript, stranger: User, settings: Settings
) -> None:
    settings.API_REQUESTS_PER_MINUTE = 1
    other = script_of(stranger)

    assert [script.get("tokens").status for _ in range(2)] == [200, 429]
    assert other.get("tokens").status == 200


def test_another_worker_knows_of_the_requests(script: Script, settings: Settings) -> None:
    settings.API_REQUESTS_PER_MINUTE = 2
    script.get("tokens")
    limits.forget()  # as one that has counted nothing yet
    script.get("tokens")
    limits.forget()

    assert script.get("tokens").status == 429


@pytest.mark.usefixtures("no_cache")
def test_without_a_cache_there_is_no_limit(script: Script, settings: Settings) -> None:
    settings.API_REQUESTS_PER_MINUTE = 1

    assert [script.get("tokens").status for _ in range(3)] == [200] * 3


def test_a_key_is_cut_out_of_the_log(script: Script) -> None:
    [handler] = [each for each in logging.getLogger().handlers if each.name == "stderr"]
    said = f"they sent {script.secret} and “idk_short”"
    record = logging.LogRecord("dashboard", logging.WARNING, __file__, 1, said, None, None)

    assert json.loads(handler.format(record))["event"] == "they sent [redacted] and “[redacted]”"
