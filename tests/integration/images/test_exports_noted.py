"""Whatever leaves as a file, or is read by a script, is in the audit log of the team it is of."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import resolve
from pytest_django import Settings
from pytest_django.asserts import assertContains

from dashboard.api_keys import keys, reads
from dashboard.audit.models import Action, AuditEntry
from dashboard.audit.trail import Actor
from dashboard.people import teams
from dashboard.people.models import User
from dashboard.tokens.models import Token
from dashboard.web.routes import EXPORT_ROUTES
from images.sandbox import Sandbox

pytestmark = pytest.mark.backend

BY = Actor("test")


def noted() -> list[tuple[str, str]]:
    entries = AuditEntry.objects.exclude(actor="test").order_by("id")
    return list(entries.values_list("action", "subject"))


def content(client: Client, url: str) -> bytes:
    """All of a file, after which it counts as sent."""
    response = client.get(url)
    assert response.status_code == 200
    return b"".join(response.streaming_content)  # type: ignore[attr-defined]


FILES = [
    ("/images/export.csv?region=bj", ("images.export", "CSV, {count}: region=bj")),
    ("/images/export.json?region=bj", ("images.export", "JSON, {count}: region=bj")),
    ("/changes/export.csv?region=bj", ("changes.export", "CSV: region=bj")),
    ("/changes/export.json?region=bj", ("changes.export", "JSON: region=bj")),
    ("/teams/blue/audit.csv?q=x", ("audit.export", "q=x")),
    ("/audit.csv?q=x", ("audit.export", "q=x")),
]

STREAMS = ["/api/v1/images.ndjson?region=bj", "/api/v1/images.csv?region=bj"]


def test_every_export_is_tried() -> None:
    tried = [*(url for url, _ in FILES), *STREAMS]
    assert {resolve(url.partition("?")[0]).view_name for url in tried} == EXPORT_ROUTES


@pytest.mark.parametrize(("url", "entry"), FILES)
def test_who_takes_a_file_along(
    viewer: Client, person: User, url: str, entry: tuple[str, str]
) -> None:
    team = teams.create("Blue", by=BY)
    person.is_superuser = True
    person.save()
    Token.objects.update(team=team)
    assert viewer.head(url).status_code == 200
    assert not noted()
    total = content(viewer, "/images/export.json?region=bj").count(b'"cimgUuid"')
    before = len(noted())
    content(viewer, url)

    assert noted()[before:] == [(entry[0], entry[1].format(count=total))]
    last = AuditEntry.objects.order_by("id").last()
    assert last is not None
    assert (last.actor, last.actor_id) == ("person", person.pk)
    assert last.team_id == (None if url.startswith("/audit.csv") else team.pk)
    owner = "person" if "export" in url else ""
    assert last.owner == owner


@pytest.mark.parametrize("url", STREAMS)
def test_a_stream_of_the_api_is_noted_as_a_read(viewer: Client, url: str) -> None:
    content(viewer, url)
    content(viewer, url)
    assert noted() == [("api.read", str(Token.objects.get()))]


def test_what_could_not_be_had_was_not_exported(
    viewer: Client, cloud: Sandbox, browser: Client
) -> None:
    Token.objects.all().delete()
    browser.get("/images/export.csv")
    assert [action for action, _ in noted() if action != "token.delete"] == []


def test_a_script_is_noted_once_a_day(
    viewer: Client, person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 20_000 * 86_400
    monkeypatch.setattr(reads, "clock", lambda: now)
    token = Token.objects.get()
    secrets = [keys.make(person, name, days=9, by=BY)[1] for name in ("Nightly", "Duty")]

    def ask(secret: str) -> None:
        script = Client(headers={"Authorization": f"Bearer {secret}"})
        for path in ("images", "changes", "facets", "regions"):
            assert script.get(f"/api/v1/{path}").status_code == 200

    ask(secrets[0])
    reads.forget()  # another worker, which the cache tells
    ask(secrets[0])
    ask(secrets[1])
    viewer.get("/api/v1/images")
    now += 86_400
    ask(secrets[0])
    subjects = [subject for action, subject in noted() if action == Action.API_READ]
    nightly, duty, page, next_day = subjects
    assert (nightly, page) == (next_day, str(token))
    assert "Nightly" in nightly
    assert "Duty" in duty
    assert not any(secret in subject for secret in secrets for subject in subjects)


def test_without_a_cache_a_script_does_not_fill_the_log(
    viewer: Client, no_cache: None, settings: Settings
) -> None:
    for _ in range(3):
        viewer.get("/api/v1/images")
    assert [action for action, _ in noted()] == ["api.read"]


def test_the_page_tells_the_team(viewer: Client, person: User) -> None:
    team = teams.create("Blue", by=BY)
    teams.set_role(team, person, "admin", by=BY)
    Token.objects.update(team=team)
    content(viewer, "/images/export.csv?os=CentOS")

    page = viewer.get("/teams/blue/audit/?action=images.export")
    assertContains(page, "Images exported")
    assertContains(page, "os=CentOS")
