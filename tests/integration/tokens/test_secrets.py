"""After everything that can be done with tokens, no secret is anywhere it can be read."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db import connections
from django.test import Client
from pytest_django import Settings

from dashboard.api_keys.models import ApiKey
from dashboard.people.models import User
from dashboard.tokens import vault
from dashboard.tokens.models import RotationSecret, Token
from images.sandbox import Fault, Sandbox
from tests.integration import cached

pytestmark = pytest.mark.backend

REFUSED = "f00d" * 16
UNCHECKABLE = "ace5" * 200


def walk(browser: Client, cloud: Sandbox) -> Iterator[bytes]:
    """Every answer on the way, headers and cookies included."""

    def seen(url: str, **form: str) -> bytes:
        response = browser.post(url, form) if form else browser.get(url)
        assert response.status_code < 500
        cookies = str(response.cookies) + str(browser.cookies)
        return response.serialize_headers() + response.getvalue() + cookies.encode()

    def added(label: str, secret: str) -> Iterator[bytes]:
        yield seen("/tokens/", label=label, secret=secret)
        yield seen("/tokens/")

    def replaced(token: str) -> Iterator[bytes]:
        yield seen(f"{token}compare/")
        for todo in ("switch", "restore", "restore"):
            yield seen(f"{token}{todo}/", now="1")
            yield seen(token)

    yield from added("Main", cloud.token)
    yield from added("Main", cloud.token)
    yield from added(cloud.token, cloud.token)
    yield from added(cloud.token, "")
    for number, secret in enumerate((REFUSED, UNCHECKABLE, cloud.forbidden_token)):
        yield from added(f"Number {number}", secret)
    for kind in ("echo_token", "html"):
        cloud.misbehave(Fault(kind))
        yield from added(f"In {kind}", cloud.other_token)
        token = Token.objects.all()[0]
        for todo in ("check", "default", "replace"):
            yield seen(f"/tokens/{token.pk}/{todo}/", secret=cloud.other_token)
            yield seen("/tokens/")
        cloud.clear_faults()
    for token in Token.objects.all():
        for secret in (REFUSED, UNCHECKABLE, cloud.other_token):
            yield seen(f"/tokens/{token.pk}/replace/", secret=secret)
            yield from replaced(f"/tokens/{token.pk}/")
        for todo in ("disable", "enable"):
            yield seen(f"/tokens/{token.pk}/{todo}/", secret=cloud.token)
        for label in (cloud.token, f"Number {token.last_four}"):
            yield seen(f"/tokens/{token.pk}/", label=label, secret=cloud.token)
        yield seen(f"/images/?token={token.pk}")
        yield seen(f"/tokens/{token.pk}/delete/")
        yield seen("/tokens/")
        yield seen(f"/admin/tokens/token/{token.pk}/change/")
        yield seen(f"/admin/tokens/token/{token.pk}/delete/")
    for token in Token.objects.all():
        yield seen(f"/tokens/{token.pk}/replace/", secret=cloud.token)
        if token.label == "Main":
            yield seen(f"/tokens/{token.pk}/keep/", now="1")
    for path in ("/api-keys/", "/api/v1/tokens"):
        yield seen(path)
    for log in ("/audit/", "/audit.csv"):
        yield seen(log)
    yield seen("/admin/tokens/token/")
    yield seen("/nowhere/", secret=cloud.token)


def stored() -> Iterator[bytes]:
    """Every row of every table, and what cache and sessions make of theirs."""
    for alias in connections:
        with connections[alias].cursor() as cursor:
            for table in connections[alias].introspection.table_names(cursor):
                cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608
                for row in cursor.fetchall():
                    yield repr(row).encode()
    yield from cached.raw()
    for session in Session.objects.all():
        yield repr(session.get_decoded()).encode()


def files() -> Iterator[bytes]:
    for alias in connections:
        path = Path(str(connections[alias].settings_dict["NAME"]))
        for file in path.parent.glob(f"{path.name}*") if path.is_file() else ():
            yield file.read_bytes()


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_no_token_is_in_pages_database_or_logs(
    client: Client,
    cloud: Sandbox,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    settings: Settings,
) -> None:
    settings.TOKEN_CHECKS_PER_MINUTE = 1_000
    caplog.set_level(logging.DEBUG)
    client.force_login(User.objects.create_superuser("boss", password="a sentence"))
    answers = list(walk(client, cloud))

    assert Token.objects.count() == 4
    logged = [repr(vars(record)).encode() for record in caplog.records]
    assert any(b"token not added" in line for line in logged)
    printed = [text.encode() for text in capfd.readouterr()]
    everything = b"\n".join([*answers, *logged, *printed, *stored(), *files()])
    for secret in (cloud.token, cloud.other_token, cloud.forbidden_token, REFUSED, UNCHECKABLE):
        assert secret.encode() not in everything
    kept: list[Token | RotationSecret] = [*Token.objects.all(), *RotationSecret.objects.all()]
    assert {other.kind for other in RotationSecret.objects.all()} == {"next", "previous"}
    assert {vault.unseal(row.sealed, row.pk) for row in kept} <= {
        cloud.token,
        cloud.other_token,
        cloud.forbidden_token,
    }


@pytest.mark.django_db(databases="__all__")
@pytest.mark.parametrize("debug", [False, True])
def test_a_fault_of_our_own_tells_no_secret(
    browser: Client, settings: Settings, caplog: pytest.LogCaptureFixture, debug: bool
) -> None:
    settings.DEBUG = debug
    settings.DIDIYUN_API_URL = None
    browser.raise_request_exception = False
    page = browser.post("/tokens/", {"label": "Main", "secret": REFUSED})

    assert page.status_code == 500
    told = page.content.decode() + caplog.text + repr([vars(each) for each in caplog.records])
    assert "Traceback" in caplog.text
    assert ("Request Method" in told) is debug
    assert REFUSED not in told
    assert settings.TOKEN_KEYS not in told


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_an_api_key_is_told_once_and_its_hash_never(
    client: Client, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    client.force_login(User.objects.create_superuser("boss", password="a sentence"))
    told = client.post(
        "/api-keys/", {"label": "Nightly", "days": "7"}, follow=True
    ).content.decode()
    [secret] = set(re.findall(r"idk_[\w-]{43}", told))
    [key_hash] = ApiKey.objects.values_list("key_hash", flat=True)
    asked = {"Authorization": f"Bearer {secret}"}
    paths = ("/api/v1/tokens", "/api/v1/images", "/api/v1/nowhere", f"/api/v1/images?q={secret}")
    answers: list[Any] = [client.get(path, headers=asked) for path in paths[:3]]
    answers += [client.get(path) for path in ("/api-keys/", "/audit/", "/audit.csv", "/tokens/")]
    client.get(paths[3], headers=asked)

    assert answers[0].status_code == 200
    logged = [repr(vars(record)).encode() for record in caplog.records]
    printed = [text.encode() for text in capfd.readouterr()]
    seen = b"\n".join(each.serialize_headers() + each.getvalue() for each in answers)
    everything = b"\n".join([seen, *logged, *printed, *stored(), *files()])
    assert secret.encode() not in everything
    assert key_hash.encode() not in b"\n".join([seen, *logged, *printed])


@pytest.mark.django_db(databases="__all__")
def test_no_representation_shows_it(cloud: Sandbox, person: User) -> None:
    from dashboard.tokens.forms import AddTokenForm

    form = AddTokenForm({"label": "Main", "secret": cloud.token}, owner=person, by=person)
    assert form.is_valid()
    assert cloud.token not in repr(form) + str(form)
