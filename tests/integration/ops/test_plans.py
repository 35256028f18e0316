"""How the databases find what is asked for all the time, in tables that grow: never by reading them
through."""

# ruff: noqa: S608  (our own tables)

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dashboard import maintenance
from dashboard.people.models import Role, Team, User
from dashboard.tokens import vault
from images.history import feed
from images.history.changes import ChangeQuery
from images.sandbox import Sandbox

pytestmark = pytest.mark.backend

GROWING = ("audit_auditentry", "history_change", "django_session", "web_formuse")
LATELY = {
    "postgresql": "now() - i * interval '50 milliseconds'",
    "sqlite": "strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now', '-' || (i * 0.05) || ' seconds')",
}
PLAN = {"postgresql": "EXPLAIN ", "sqlite": "EXPLAIN QUERY PLAN "}
# The first or the last row by its number: SQLite calls that a scan, too, and ends with it.
AN_END = re.compile(r".* ORDER BY 1 (ASC|DESC) LIMIT 1")
READ_THROUGH = {"postgresql": r"Seq Scan on (\w+)", "sqlite": r"SCAN (\w+)(?! USING)"}


@pytest.mark.parametrize(
    "rows", [20_000, pytest.param(1_000_000, marks=pytest.mark.thorough)], ids=["20k", "a million"]
)
def test_no_growing_table_is_read_through(
    browser: Client, person: User, cloud: Sandbox, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    blue = Team.objects.create(name="Blue", slug="blue")
    blue.memberships.create(user=person, role=Role.ADMIN)
    User.objects.filter(pk=person.pk).update(is_superuser=True)
    key = vault.cache_key(cloud.token)
    fill(rows, key, blue, person)
    monkeypatch.setattr("dashboard.audit.paging.SEARCHED", rows // 50)

    acts = hot(browser, [key]) | {
        f"{name}, of several accounts": act
        for name, act in hot(browser, [key, "key1", "key2"]).items()
        if name.startswith(("changes", "answers"))
    }
    if connection.vendor == "postgresql":
        acts |= on_postgresql(browser)
    read_through = {
        f"{name}: {statement}"
        for name, act in acts.items()
        for statement in statements(act)
        for table in found_by_reading(statement)
        if table in GROWING
    }
    assert read_through == set()


def hot(browser: Client, keys: list[str]) -> dict[str, Callable[[], object]]:
    """What happens all the time, or whenever somebody looks."""
    place = feed.page_of(keys, ChangeQuery()).noted[-1].place
    a_minute_ago = int(timezone.now().timestamp() * 1000) - 60_000
    return {
        "maintenance": maintenance.prune,
        "audit log": lambda: browser.get("/audit/?before=5000"),
        "audit log, by action": lambda: browser.get("/audit/?action=token.add"),
        "audit log, back": lambda: browser.get("/audit/?after=50"),
        "audit log, a text": lambda: browser.get("/audit/?q=nobody&until=2999-01-01"),
        "audit log, a text, back": lambda: browser.get("/audit/?q=nobody&after=50"),
        "audit log of a team": lambda: browser.get("/teams/blue/audit/"),
        "changes": lambda: feed.page_of(keys, ChangeQuery()),
        "changes of a region": lambda: feed.page_of(keys, ChangeQuery(region=("bj",))),
        "changes, older": lambda: feed.page_of(keys, ChangeQuery(older=place)),
        "changes, newer": lambda: feed.page_of(keys, ChangeQuery(newer=place)),
        "changes of an image": lambda: feed.of_image(keys, "bj", "9", 5),
        "changes, by cursor": lambda: feed.rows_behind(keys, ChangeQuery(), place, 50),
        "changes of accounts beside": lambda: feed.page_of(keys[:1], ChangeQuery(), keys),
        "changes since a visit": lambda: feed.since(dict.fromkeys(keys, a_minute_ago)),
        "answers of the API": lambda: feed.extent(keys, ChangeQuery()),
    }


def on_postgresql(browser: Client) -> dict[str, Callable[[], object]]:
    """What SQLite, the database of one machine, finds by going back from the newest entry."""
    return {
        "audit log, by time": lambda: browser.get("/audit/?until=2001-01-01"),
        "own activity": lambda: browser.get("/audit/mine/"),
    }


def statements(act: Callable[[], object]) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        act()
    said = [each["sql"] for each in captured.captured_queries]
    return [each for each in said if re.match("SELECT|UPDATE|DELETE", each)]


def found_by_reading(statement: str) -> list[str]:
    if connection.vendor == "sqlite" and AN_END.fullmatch(statement) and "WHERE" not in statement:
        return []
    with connection.cursor() as cursor:
        cursor.execute(PLAN[connection.vendor] + statement)
        plan = "\n".join(str(row[-1]) for row in cursor.fetchall())
    return re.findall(READ_THROUGH[connection.vendor], plan)


def fill(rows: int, key: str, team: Team, person: User) -> None:
    """Twenty rows a second, back from now, so that few are old. The changes are of a thousand
    tokens, one of them `key`."""
    at = LATELY[connection.vendor]
    later = at.replace(" - ", " + ").replace("'-'", "'+'")
    a_key = f"CASE WHEN i %% 1000 = 0 THEN '{key}' ELSE 'key' || (i %% 1000) END"
    whose = "CASE WHEN i %% 1000 = 0 THEN {} ELSE i %% 500 + 1000 END"
    inserted = {
        "audit_auditentry (id, at, actor, actor_id, action, team_id, team, subject, owner,"
        " owner_id, address, result, digest)": f"{rows} - i, {at}, 'ann',"
        f" {whose.format(person.pk)},"
        " CASE WHEN i %% 40 = 0 THEN 'token.add' ELSE 'sign-in' END,"
        f" {whose.format(team.pk)}, 'Blue', '', '', NULL, '', 'done', CAST(i AS varchar(64))",
        "history_change (key, region, at, kind, uuid, image_id, name, before, after, count,"
        " searched)": f"{a_key}, 'bj', {at}, 'status', CAST(i AS varchar(64)), '', '', '', '', 1,"
        " ''",
        "django_session (session_key, session_data, expire_date)": "CAST(i AS varchar(40)), '',"
        f" {later}",
        "web_formuse (key, location, sealed, sent_at)": f"CAST(i AS varchar(64)), '', '', {at}",
    }
    with connection.cursor() as cursor:
        for table, values in inserted.items():
            cursor.execute(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %s)"
                f" INSERT INTO {table} SELECT {values} FROM n",
                [rows - 1],
            )
        cursor.execute("ANALYZE")
