"""/api/v1/changes: what the page of changes shows, for scripts."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from dashboard.people.models import User
from dashboard.tokens import vault
from images.history import feed
from images.history.changes import ChangeQuery
from images.history.models import Change
from images.sandbox import Fault, Sandbox
from images.services import store
from tests.integration import cached
from tests.integration.api.conftest import API, REGIONS, Answer, MakeScript, Script, the_token
from tests.integration.conftest import Clock, Keep, read_again

pytestmark = pytest.mark.backend


class World:
    """A cloud with an image of ours, read every minute from 22:13:20 on."""

    def __init__(self, cloud: Sandbox, clock: Clock) -> None:
        self.cloud, self.clock = cloud, clock
        self.uuid = cloud.add_image("bj", name="web", size=2**30)["cimgUuid"]
        read_again(cloud.token)

    def again(self) -> None:
        self.clock.now += 60
        read_again(self.cloud.token)

    def change(self, **fields: Any) -> None:
        self.cloud.change_image("bj", self.uuid, **fields)
        self.again()

    def flood(self, number: int = 60) -> None:
        """So many images that appear at the same moment."""
        for each in range(number):
            self.cloud.add_image("bj", name=f"new {each}")
        self.again()


@pytest.fixture
def world(script: Script, cloud: Sandbox, clock: Clock) -> World:
    return World(cloud, clock)


@pytest.fixture
def varied(world: World) -> World:
    world.cloud.add_image("gz", name="db <b>")
    world.again()
    world.change(status="Disabled")
    world.change(name="WEB-2")
    return world


def test_a_script_gets_what_changed_newest_first(script: Script, varied: World) -> None:
    answer = script.get("changes")
    document = answer.json()

    assert (answer.status, answer.media_type) == (200, "application/json")
    assert [each["kind"] for each in document["changes"]] == ["renamed", "status", "appeared"]
    renamed = document["changes"][0]
    assert renamed.pop("cimgId").startswith("cimg-")
    assert renamed == {
        "account": str(the_token().pk),
        "at": "2023-11-14T22:16:20.000+00:00",
        "kind": "renamed",
        "region": "bj",
        "cimgUuid": varied.uuid,
        "name": "WEB-2",
        "before": "web",
        "after": "WEB-2",
        "count": 1,
    }
    assert (document["total"], document["page"], document["pages"], document["size"]) == (
        *(3, 1, 1, 50),
    )
    assert (document["next"], document["previous"], document["next_cursor"]) == (None, None, None)
    assert document["compared_since"]["bj"] == "2023-11-14T22:13:20+00:00"
    assert (document["complete"], document["fetched_at"]) == (True, "2023-11-14T22:16:20+00:00")
    assert "bj;state=fresh;age=0" in answer.headers["X-Inventory-Regions"]


@pytest.mark.parametrize(
    "query",
    [
        "",
        "kind=renamed&kind=appeared",
        "region=gz",
        "q=WEB",
        "after=2023-11-14T22%3A15%3A20Z",
        "before=2023-11-14T22%3A15%3A20Z",
        "after=2023-11-14&before=2023-11-15T06%3A15%3A20%2B08%3A00",
        "kind=status&region=gz",
    ],
)
def test_the_query_is_that_of_the_page_and_its_file(
    script: Script, varied: World, client: Client, person: User, query: str
) -> None:
    client.force_login(person)
    file = json.loads(b"".join(client.get(f"/changes/export.json?{query}")))
    document = script.get(f"changes?{query}").json()

    assert document["changes"] == file["changes"]
    assert document["query"] == file["query"] == query
    assert document["compared_since"] == file["compared_since"]
    told = [region["id"] for region in document["regions"]]
    assert told == (["gz"] if "region=gz" in query else list(REGIONS))


def test_a_session_reads_as_well(varied: World, client: Client, person: User) -> None:
    client.force_login(person)

    assert Answer(client.get(f"{API}/changes")).json()["total"] == 3


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("kind=exploded", "kind"),
        ("region=../..", "region"),
        ("after=yesterday", "after"),
        ("page=0", "page"),
        ("size=7", "size"),
        ("q=a&q=b", "q"),
        ("q=", "q"),
        ("os=CentOS", "os"),
        ("-account=mine", "-account"),
        ("cursor=bj/1", "cursor"),
        ("cursor=1-1&cursor=1-2", "cursor"),
        ("cursor=١-١", "cursor"),
        (f"cursor={10**30}-1", "cursor"),
    ],
)
def test_an_invalid_parameter_is_an_error_that_names_it(
    script: Script, query: str, parameter: str
) -> None:
    answer = script.get(f"changes?{query}")

    assert (answer.status, answer.kind) == (422, "bad-parameters")
    assert {each["parameter"] for each in answer.json()["parameters"]} == {parameter}


@pytest.mark.parametrize("path", ["changes?size=25", "changes?size=25&page=1"])
def test_cursors_and_pages_go_through_everything(script: Script, varied: World, path: str) -> None:
    varied.flood()
    found = script.follow(path)

    noted = feed.everything([vault.cache_key(varied.cloud.token)], ChangeQuery())
    assert [(each["cimgUuid"], each["kind"]) for each in found] == [
        (each.change.uuid, each.change.kind) for each in noted
    ]
    assert len(found) == 63


def test_pages_lead_to_one_another(script: Script, varied: World) -> None:
    varied.flood()
    first = script.get("changes?size=25&page=1&kind=appeared")
    second = script.get(first.json()["next"].removeprefix("http://testserver"))

    assert first.headers["Link"] == f'<{first.json()["next"]}>; rel="next"'
    assert (second.json()["page"], second.json()["pages"]) == (2, 3)
    back = script.get(second.json()["previous"].removeprefix("http://testserver"))
    assert back.json() == first.json()
    behind = script.get("changes?size=25&page=9").json()
    assert (behind["changes"], behind["total"], behind["next"]) == ([], 63, None)


def test_a_cursor_repeats_and_skips_nothing_when_changes_come_and_go(
    script: Script, varied: World
) -> None:
    varied.flood()
    key = vault.cache_key(varied.cloud.token)
    before = [each.change.uuid for each in feed.everything([key], ChangeQuery())]

    def meanwhile() -> None:
        """The row that the cursor stands on goes as well."""
        given = script.get("changes?size=25").json()["changes"][-1]
        Change.objects.filter(key=key, uuid=given["cimgUuid"]).delete()
        varied.flood(3)

    cursor = script.get("changes?size=25").json()["next_cursor"]
    assert script.get(f"changes?size=25&cursor={cursor}").json()["page"] is None
    found = script.follow("changes?size=25", meanwhile=meanwhile)
    assert [each["cimgUuid"] for each in found] == before


def test_who_has_it_already_gets_304_until_something_is_new(script: Script, varied: World) -> None:
    etag = script.get("changes").headers["ETag"]
    varied.clock.now += 10
    again = script.get("changes", If_None_Match=etag)

    assert (again.status, again.content) == (304, b"")
    assert script.get("changes?kind=status", If_None_Match=etag).status == 200
    # Nothing of the cloud's lists is new, only what is kept of their past.
    key = vault.cache_key(varied.cloud.token)
    Change.objects.filter(key=key, kind="appeared").delete()
    assert script.get("changes", If_None_Match=etag).status == 200


def test_for_who_has_it_already_no_change_is_read(script: Script, varied: World) -> None:
    def statements(**headers: str) -> list[str]:
        with CaptureQueriesContext(connection) as asked:
            script.get("changes", **headers)
        return [each["sql"] for each in asked.captured_queries if "ORDER BY" in each["sql"]]

    etag = script.get("changes").headers["ETag"]
    table = Change._meta.db_table
    assert sum(table in each for each in statements()) == 1
    assert sum(table in each for each in statements(If_None_Match=etag)) == 0


def test_the_history_can_be_read_while_nothing_is_known_of_the_cloud(
    script: Script, varied: World
) -> None:
    cached.clear()
    store.forget()
    varied.cloud.misbehave(Fault("errno", errno=41026))
    document = script.get("changes").json()

    assert (document["total"], document["complete"]) == (3, False)
    assert script.get("images").status == 503


def test_a_key_reads_the_history_of_what_it_opens_alone(
    script_of: MakeScript, script: Script, varied: World, person: User, keep: Keep
) -> None:
    other = keep(person, varied.cloud.other_token, "Other")
    narrow = script_of(person, token=other)
    main = person.tokens.get(label="Main")

    assert narrow.get("changes").json()["total"] == 0
    assert narrow.get(f"changes?account={main.pk}").kind == "no-such-account"
    assert script.get(f"changes?account={other.pk}").json()["total"] == 0
    for name in ("account", "token"):
        answer = script.get(f"changes?{name}={main.pk}&size=25")
        assert answer.json()["total"] == 3
    assert {each["account"] for each in answer.json()["changes"]} == {str(main.pk)}


def test_changes_of_all_accounts_come_together_and_each_names_its_own(
    script: Script, varied: World, person: User, keep: Keep
) -> None:
    main, other = person.tokens.get(), keep(person, varied.cloud.other_token, "Other")
    read_again(varied.cloud.other_token)
    made = varied.cloud.add_image("sh", token=varied.cloud.other_token, name="theirs")
    varied.again()
    read_again(varied.cloud.other_token)
    document = script.get("changes").json()

    assert document["total"] == 4
    newest = document["changes"][0]
    assert (newest["account"], newest["cimgUuid"]) == (str(other.pk), made["cimgUuid"])
    assert {each["account"] for each in document["changes"][1:]} == {str(main.pk)}
    both = script.get(f"changes?account={main.pk}&token={other.pk}").json()
    assert both["changes"] == document["changes"]
    assert {each["id"] for each in document["accounts"]} == {str(main.pk), str(other.pk)}


@pytest.mark.parametrize("name", ["account", "token"])
def test_an_account_that_is_none_is_not_found(script: Script, varied: World, name: str) -> None:
    answer = script.get(f"changes?{name}={'f' * 32}")
    assert (answer.status, answer.kind) == (404, "no-such-account")


def test_an_address_keeps_the_account_it_names(script: Script, varied: World, person: User) -> None:
    varied.flood()
    main = person.tokens.get()

    for name in ("account", "token"):
        following = script.get(f"changes?{name}={main.pk}&size=25").json()["next"]
        assert f"account={main.pk}" in following


def test_what_is_only_counted_counts(
    script: Script, varied: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("images.history.recording.MOST_CHANGES", 2)
    varied.flood(10)
    document = script.get("changes?kind=appeared").json()

    assert document["total"] == 11
    assert [(each["cimgUuid"] == "", each["count"]) for each in document["changes"]].count(
        (True, 8)
    ) == 1
