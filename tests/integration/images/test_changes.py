"""/changes/: what changed between two readings, for everyone with the token and for nobody else."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from dashboard.people.models import User
from dashboard.tokens import vault
from dashboard.tokens.models import Token
from images.history import recording
from images.history.models import Change, Visit, Watch
from images.sandbox import Fault, Sandbox
from images.sandbox.life import Life
from images.services import freshness, store
from images.services.snapshots import Head
from images.views import poll_intervals
from tests.integration import cached
from tests.integration.conftest import Clock, Keep, read_again
from tests.integration.images.pages import FRAGMENT, Node, Page, both

pytestmark = pytest.mark.backend

URL, LIST = "/changes/", "/images/"
ONE_STORAGE = {"bsUuid": "b" * 32, "name": "s", "type": "Ceph", "diskType": "SSD", "zone": "BJ01"}
UP = {**ONE_STORAGE, "state": "Enabled", "status": "Connected"}
DOWN = {**UP, "status": "Disconnected"}
ANOTHER = {**UP, "bsUuid": "c" * 32}


@dataclass
class World:
    """A cloud that was read once, with one image of ours in it; `again` reads it a minute later."""

    cloud: Sandbox
    clock: Clock
    uuid: str

    def again(self, minutes: float = 1) -> None:
        self.clock.now += 60 * minutes
        read_again(self.cloud.token)

    def change(self, **fields: Any) -> None:
        self.cloud.change_image("bj", self.uuid, **fields)
        self.again()


@pytest.fixture
def world(viewer: Client, cloud: Sandbox, clock: Clock) -> World:
    image = cloud.add_image("bj", name="web", size=2**30, backupStorages=[UP, ANOTHER])
    read_again(cloud.token)
    return World(cloud, clock, image["cimgUuid"])


def lines(page: Page) -> list[Node]:
    return page.all("li", data_change=True)


def told(browser: Client, address: str = URL) -> list[tuple[str, str]]:
    """The kind of each change, newest first, and of which image."""
    page = Page(browser.get(address))
    assert page.status == 200
    return [(each.attributes["data-change"], each.attributes["data-of"]) for each in lines(page)]


def kinds(browser: Client, address: str = URL) -> list[str]:
    return [kind for kind, _uuid in told(browser, address)]


def test_what_came_changed_and_went_is_told(viewer: Client, world: World) -> None:
    made = world.cloud.add_image("gz", name="db")["cimgUuid"]
    world.again()
    world.change(name="web-2")
    world.cloud.remove_image("gz", made)
    world.again()

    for page in both(viewer, URL):
        assert page.total == 3
        vanished, renamed, appeared = lines(page)
        assert vanished.text.startswith("Disappeared db Guangzhou gz Ready")
        assert not vanished.all("a")
        assert renamed.text.startswith("Renamed web-2 Beijing bj web → now web-2")
        assert renamed.one("a").attributes["href"] == f"/images/bj/{world.uuid}/"
        assert appeared.text.startswith("Appeared db")
        assert appeared.one("time").attributes["datetime"] == "2023-11-14T22:14:20+00:00"
    assert page.one("h3").text == "2023-11-14 UTC"


@pytest.mark.parametrize(
    ("fields", "kind", "words"),
    [
        ({"name": "web-2"}, "renamed", "web → now web-2"),
        ({"status": "Disabled"}, "status", "Ready → now Disabled"),
        ({"size": 2**31}, "resized", "1 GiB → now 2 GiB"),
        (
            {"backupStorages": [ANOTHER, DOWN]},
            "storage-lost",
            "2 of 2 connected → now 1 of 2 connected",
        ),
    ],
)
def test_each_kind_says_what_it_was_and_what_it_is(
    viewer: Client, world: World, fields: dict[str, Any], kind: str, words: str
) -> None:
    world.change(**fields)
    [line] = lines(Page(viewer.get(URL)))

    assert line.attributes["data-change"] == kind
    assert words in line.text


def test_a_storage_that_is_back_is_told_too(viewer: Client, world: World) -> None:
    world.change(backupStorages=[DOWN, ANOTHER])
    world.change(backupStorages=[UP, ANOTHER])
    assert kinds(viewer) == ["storage-regained", "storage-lost"]


def test_the_first_list_is_no_change_and_the_page_says_since_when_it_looks(
    viewer: Client, world: World
) -> None:
    for page in both(viewer, URL):
        assert page.total == 0
        assert "Nothing has changed yet" in page.html
        facts = page.one("p", _class="facts").text
        assert "Changes are kept for 30 days." in facts
        assert (
            "Guangzhou gz · Beijing bj · Shanghai sh: first compared 2023-11-14 22:13 UTC" in facts
        )


def test_what_did_not_change_is_not_told_again(viewer: Client, world: World) -> None:
    world.change(status="Disabled")
    for _ in range(2):
        world.again()
    assert kinds(viewer) == ["status"]


def test_what_a_process_told_before_it_was_killed_is_not_told_again(
    viewer: Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(key: str, head: Head) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(store, "save_head", killed)
        with pytest.raises(KeyboardInterrupt):
            world.change(status="Disabled")
    store.forget()
    world.again()
    assert kinds(viewer) == ["status"]


def test_what_changed_while_the_database_was_away_is_told_once_it_is_back(
    viewer: Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*args: object, **named: object) -> None:
        raise DatabaseError("gone")

    with monkeypatch.context() as patch:
        patch.setattr(Change.objects, "bulk_create", away)
        world.change(status="Disabled")
        world.change(name="web-2")
    world.again()
    assert sorted(kinds(viewer)) == ["renamed", "status"]


def test_an_entry_that_cannot_be_read_makes_nothing_vanish(viewer: Client, world: World) -> None:
    world.cloud.misbehave(Fault("damaged_items", endpoint="cimg/list", region="bj"))
    world.again()
    assert kinds(viewer) == []
    world.cloud.clear_faults()
    world.again()
    assert kinds(viewer) == []


def test_what_vanished_behind_a_list_that_was_not_whole_is_told_by_the_next_that_is(
    viewer: Client, world: World
) -> None:
    world.cloud.remove_image("bj", world.uuid)
    world.cloud.add_image("bj", cimgUuid="no uuid!")
    world.again()
    world.again()
    assert kinds(viewer) == []
    world.cloud.remove_image("bj", "no uuid!")
    world.again()
    assert told(viewer) == [("vanished", world.uuid)]


def test_a_refresh_that_failed_makes_nothing_vanish(viewer: Client, world: World) -> None:
    world.cloud.misbehave(Fault("html", endpoint="cimg/list", region="bj"))
    world.again()
    world.cloud.clear_faults()
    world.change(status="Disabled")
    assert kinds(viewer) == ["status"]


@pytest.mark.parametrize("damage", [b"cut short", None])
def test_where_the_list_before_is_lost_from_the_cache_its_changes_are_told_all_the_same(
    viewer: Client, world: World, damage: bytes | None
) -> None:
    store.forget()  # As a process that has just started.
    for name in cached.names("images:"):
        if damage is None:
            cached.delete(name)
        else:
            cached.put_raw(name, damage)
    world.change(status="Disabled")
    assert told(viewer) == [("status", world.uuid)]


def test_where_what_was_told_is_lost_nothing_is_told_and_looking_begins_anew(
    viewer: Client, world: World
) -> None:
    region = {"key": vault.cache_key(world.cloud.token), "region": "bj"}
    Watch.objects.filter(**region).update(known=b"cut short")
    world.change(status="Disabled")

    assert kinds(viewer) == []
    assert Watch.objects.get(**region).since.timestamp() == world.clock.now
    world.change(status="Ready")
    assert kinds(viewer) == ["status"]


def test_a_process_that_has_just_started_compares_with_what_another_read(
    viewer: Client, world: World
) -> None:
    store.forget()
    world.change(status="Disabled")
    assert told(viewer) == [("status", world.uuid)]


def test_a_flood_is_cut_and_what_was_left_out_is_counted(
    viewer: Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "MOST_CHANGES", 2)
    for _ in range(5):
        world.cloud.add_image("bj")
    world.change(status="Disabled")
    page = Page(viewer.get(URL))

    assert page.total == 6
    assert [each.attributes["data-change"] for each in lines(page)].count("appeared") == 2
    assert "4 more, not recorded individually" in page.html
    assert Change.objects.count() == 3


def test_of_a_token_no_more_than_the_newest_are_kept(
    viewer: Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "KEPT_A_KEY", 3)
    for number in range(5):
        world.change(name=f"web-{number}")
    names = [each.all("bdi")[0].text for each in lines(Page(viewer.get(URL)))]
    assert names == ["web-4", "web-3", "web-2"]


def test_after_thirty_days_it_is_deleted(viewer: Client, world: World, person: User) -> None:
    now = timezone.now()
    for days in (29, 31):
        at = now - timedelta(days=days)
        Change.objects.create(key="k", region="bj", uuid=str(days), kind="status", at=at)
        Watch.objects.create(key=f"k{days}", region="bj", since=at, read_at=at)
        Visit.objects.create(user=person, key=f"k{days}", seen_at=at)
    Watch.objects.filter(key=vault.cache_key(world.cloud.token)).delete()
    call_command("refresh")

    assert list(Change.objects.values_list("uuid", flat=True)) == ["29"]
    assert list(Watch.objects.values_list("key", flat=True)) == ["k29"]
    assert list(Visit.objects.values_list("key", flat=True)) == ["k29"]


def test_people_with_the_same_token_read_the_same(
    viewer: Client, world: World, stranger: User, keep: Keep
) -> None:
    keep(stranger, world.cloud.token, "Theirs")
    world.change(status="Disabled")
    other = Client()
    other.force_login(stranger)
    assert kinds(viewer) == kinds(other) == ["status"]


def test_what_another_token_saw_is_its_own(
    viewer: Client, world: World, stranger: User, keep: Keep
) -> None:
    keep(stranger, world.cloud.other_token)
    world.change(status="Disabled")
    other = Client()
    other.force_login(stranger)
    assert kinds(other) == []


def test_a_token_that_replaces_one_begins_a_history_of_its_own(
    viewer: Client, world: World, person: User
) -> None:
    world.change(status="Disabled")
    token = person.tokens.get()
    token.sealed = vault.seal(world.cloud.other_token, token.pk)
    token.save()
    assert kinds(viewer) == []


def files(browser: Client, query: str = "") -> tuple[list[dict[str, str]], dict[str, Any]]:
    """The rows of the CSV file and the document of the JSON file."""
    sent = b"".join(browser.get(f"{URL}export.csv?{query}"))
    rows = list(csv.DictReader(StringIO(sent.decode("utf-8-sig"), newline=""), strict=True))
    return rows, json.loads(b"".join(browser.get(f"{URL}export.json?{query}")))


@pytest.fixture
def two_accounts(world: World, person: User, keep: Keep) -> tuple[Token, Token]:
    """Main, where an image changes, and a minute later Other, where one appears."""
    main, other = person.tokens.get(), keep(person, world.cloud.other_token, "Other")
    read_again(world.cloud.other_token)
    world.change(status="Disabled")
    world.cloud.add_image("sh", token=world.cloud.other_token, name="theirs")
    world.again()
    read_again(world.cloud.other_token)
    return main, other


def test_changes_of_all_accounts_are_in_one_feed_and_each_account_narrows_it(
    viewer: Client, world: World, two_accounts: tuple[Token, Token]
) -> None:
    main, other = two_accounts
    for page in both(viewer, URL):
        assert [each.attributes["data-change"] for each in lines(page)] == ["appeared", "status"]
        theirs, ours = lines(page)
        assert theirs.one(_class="change-name").text == "theirs Shanghai sh · Other"
        assert ours.one(_class="change-name").text == "web Beijing bj · Main"
        choices = page.all("a", _class="chip history-choice")
        found = {each.text: each.attributes["href"] for each in choices}
        assert (
            found.items()
            >= {
                "Main 1": f"{URL}?account={main.pk}",
                "Other 1": f"{URL}?account={other.pk}",
            }.items()
        )
    for account, kind in ((main, "status"), (other, "appeared")):
        for named in ("account", "token"):
            assert kinds(viewer, f"{URL}?{named}={account.pk}") == [kind]
        assert kinds(viewer, f"{URL}?account={account.label.upper()}") == [kind]
    assert kinds(viewer, f"{URL}?account={main.pk}&token={other.pk}") == ["appeared", "status"]


def test_an_account_is_kept_in_every_link_of_the_feed(
    viewer: Client, world: World, two_accounts: tuple[Token, Token]
) -> None:
    main, other = two_accounts
    page = Page(viewer.get(f"{URL}?token={main.pk}"))

    assert f"{URL}?account={main.pk}&kind=status" in page.links
    assert f"/images/bj/{world.uuid}/?account={main.pk}" in page.links
    assert f"{URL}?account={main.pk}&account={other.pk}" in page.links
    assert URL in page.links
    for ending in ("csv", "json"):
        assert f"{URL}export.{ending}?account={main.pk}" in page.links


def test_a_line_of_the_files_names_its_account(
    viewer: Client, two_accounts: tuple[Token, Token]
) -> None:
    main, other = two_accounts
    rows, document = files(viewer)

    assert [row["account"] for row in rows] == ["Other", "Main"]
    assert [each["account"] for each in document["changes"]] == [str(other.pk), str(main.pk)]
    rows, document = files(viewer, f"token={main.pk}")
    assert [row["account"] for row in rows] == ["Main"]
    assert [each["account"] for each in document["changes"]] == [str(main.pk)]
    assert document["query"] == f"account={main.pk}"


def test_someone_elses_account_is_like_one_that_never_was(
    viewer: Client, world: World, stranger: User, keep: Keep
) -> None:
    theirs = keep(stranger, world.cloud.other_token, "Theirs")
    world.change(status="Disabled")

    for account in (theirs.pk, "Theirs", "nonsense"):
        for page in both(viewer, f"{URL}?account={account}"):
            assert page.notices == [
                "Part of the address was ignored: account=… – not an account that you may read"
            ]
            assert [each.attributes["data-change"] for each in lines(page)] == ["status"]
            assert "Theirs" not in page.text
        for path in (f"{URL}export.csv", f"{URL}export.json"):
            assert viewer.get(f"{path}?token={account}").status_code == 404


@pytest.fixture
def varied(world: World) -> dict[str, str]:
    """One change a minute from 22:14:20 on; the uuids of the images by name."""
    made = world.cloud.add_image("gz", name="db <b>")
    world.again()
    world.change(status="Disabled")
    world.change(name="WEB-2")
    return {"web": world.uuid, "db": made["cimgUuid"], "id": made["cimgId"]}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["renamed", "status", "appeared"]),
        ("kind=renamed&kind=appeared", ["renamed", "appeared"]),
        ("region=gz", ["appeared"]),
        ("region=gz&region=bj", ["renamed", "status", "appeared"]),
        ("q=WEB", ["renamed", "status"]),
        ("q=web-2", ["renamed"]),
        ("q=nothing", []),
        ("after=2023-11-14T22:15:20Z", ["renamed", "status"]),
        ("before=2023-11-14T22:15:20Z", ["appeared"]),
        ("after=2023-11-15", []),
        ("after=2023-11-14&before=2023-11-14", ["renamed", "status", "appeared"]),
        ("before=2023-11-13", []),
        ("after=0001-01-01&before=9999-12-31", ["renamed", "status", "appeared"]),
        ("after=2023-11-15T06:15:20%2B08:00", ["renamed", "status"]),
        ("before=2023-11-14T11:15:20-11:00", ["appeared"]),
        ("kind=status&region=gz", []),
    ],
)
def test_the_feed_is_narrowed_and_the_files_hold_the_same(
    viewer: Client, varied: dict[str, str], query: str, found: list[str]
) -> None:
    assert kinds(viewer, f"{URL}?{query}") == found
    rows, document = files(viewer, query)

    assert [row["kind"] for row in rows] == found
    assert [each["kind"] for each in document["changes"]] == found
    assert document["query"] == query.replace("%20", "+").replace(":", "%3A")


def test_an_image_is_found_by_either_id(viewer: Client, varied: dict[str, str]) -> None:
    assert kinds(viewer, f"{URL}?q={varied['db'][:12]}") == ["appeared"]
    assert kinds(viewer, f"{URL}?q={varied['id'].upper()}") == ["appeared"]


def test_a_line_of_the_files_says_everything(viewer: Client, varied: dict[str, str]) -> None:
    response = viewer.get(f"{URL}export.json?kind=renamed")
    assert response["Content-Disposition"].startswith('attachment; filename="changes-')
    document = json.loads(b"".join(response))

    [change] = document["changes"]
    assert change.pop("cimgId").startswith("cimg-")
    assert change == {
        "account": str(Token.objects.get().pk),
        "at": "2023-11-14T22:16:20.000+00:00",
        "kind": "renamed",
        "region": "bj",
        "cimgUuid": varied["web"],
        "name": "WEB-2",
        "before": "web",
        "after": "WEB-2",
        "count": 1,
    }
    assert document["compared_since"]["bj"] == "2023-11-14T22:13:20+00:00"


def test_choices_count_what_a_click_would_show(viewer: Client, varied: dict[str, str]) -> None:
    page = Page(viewer.get(f"{URL}?kind=renamed&region=bj"))
    choices = page.all("a", _class="chip history-choice")
    assert {each.text for each in choices} == {
        *("Renamed 1", "Status changed 1"),
        *("Beijing bj 1",),
    }
    for choice in choices:
        shown = Page(viewer.get(choice.attributes["href"]))
        if "aria-current" not in choice.attributes:
            assert shown.total == 2
    assert page.chips == {}
    assert Page(viewer.get(f"{URL}?q=web&after=2023-11-14")).chips == {
        "Text web": f"{URL}?after=2023-11-14",
        "From 2023-11-14 UTC": f"{URL}?q=web",
    }


def test_pages_lead_to_each_other(viewer: Client, world: World) -> None:
    for number in range(60):
        world.cloud.add_image("bj", name=f"new {number}")
    world.again()
    newest = Page(viewer.get(f"{URL}?size=25&kind=appeared"))
    older = Page(viewer.get(way(newest, "older")))
    oldest = Page(viewer.get(way(older, "older")))
    assert [len(lines(page)) for page in (newest, older, oldest)] == [25, 25, 10]
    assert {page.total for page in (newest, older, oldest)} == {60}
    assert len({uuid for page in (newest, older, oldest) for uuid in uuids(page)}) == 60
    assert (ways(newest), ways(oldest)) == ({"older"}, {"newer"})

    # What is noted meanwhile moves no page, and is on the newest.
    world.cloud.add_image("bj", name="newer than all")
    world.again()
    back = Page(viewer.get(way(oldest, "newer")))
    assert uuids(back) == uuids(older)
    last = Page(viewer.get(way(Page(viewer.get(way(back, "newer"))), "newer")))
    assert (len(lines(last)), last.total, ways(last)) == (25, 61, {"older"})
    assert "newer than all" in last.html


@pytest.mark.parametrize("address", ["page=2&size=25", "page=9", "older=2-1&newer=99999999999-1"])
def test_an_address_from_before_leads_to_the_newest_changes(
    viewer: Client, varied: dict[str, str], address: str
) -> None:
    page = Page(viewer.get(f"{URL}?{address}"))
    assert (page.total, len(lines(page)), page.notices, page.chips) == (3, 3, [], {})


def test_a_page_is_no_filter_and_its_export_is_whole(viewer: Client, world: World) -> None:
    for number in range(30):
        world.cloud.add_image("bj", name=f"new {number}")
    world.again()
    older = way(Page(viewer.get(f"{URL}?size=25")), "older")
    page = Page(viewer.get(older))

    assert "Clear all" not in page.html
    exported = viewer.get(older.replace(URL, f"{URL}export.json"))
    document = json.loads(b"".join(exported))
    assert (len(document["changes"]), document["query"]) == (30, "size=25")


def test_behind_the_last_change_nothing_is_left(viewer: Client, varied: dict[str, str]) -> None:
    page = Page(viewer.get(f"{URL}?older=1-1"))
    assert (page.total, lines(page), ways(page)) == (3, [], {"newer"})
    assert "No older changes" in page.html
    assert len(lines(Page(viewer.get(way(page, "newer"))))) == 3


def way(page: Page, name: str) -> str:
    """Where the link of that name leads."""
    return page.one(id=name).attributes["href"]


def ways(page: Page) -> set[str]:
    return {each for each in ("newer", "older") if page.all("a", id=each)}


def uuids(page: Page) -> list[str]:
    return [each.attributes["data-of"] for each in lines(page)]


def test_nothing_that_fits_is_not_nothing_that_changed(
    viewer: Client, varied: dict[str, str]
) -> None:
    for page in both(viewer, f"{URL}?q=nothing"):
        assert "No matching changes" in page.html
        assert "Nothing has changed yet" not in page.html


@pytest.mark.parametrize(
    "query",
    [
        "kind=exploded",
        "after=yesterday",
        "size=7",
        "colour=red",
        "region=%3Cb%3E",
        "page=x",
        "older=1",
    ],
)
def test_an_invalid_parameter_is_named_and_not_followed(
    viewer: Client, varied: dict[str, str], query: str
) -> None:
    page = Page(viewer.get(f"{URL}?{query}"))
    assert page.total == 3
    assert any("Part of the address was ignored" in each for each in page.notices)


def test_what_the_cloud_sends_is_only_text(viewer: Client, world: World) -> None:
    hostile = "=cmd()<script>\u202e\x00" + "x" * 400
    world.change(name=hostile)
    page = Page(viewer.get(URL))
    assert not page.one(id="changes").all("script")
    [line] = lines(page)
    assert "=cmd()<script>" in line.text
    sent = b"".join(viewer.get(f"{URL}export.csv")).decode()
    assert "\n=" not in sent
    assert ",=cmd" not in sent
    assert "'=cmd()" in sent


def test_the_history_is_there_while_the_cloud_is_not(viewer: Client, world: World) -> None:
    world.change(status="Disabled")
    world.cloud.misbehave(Fault("html"))
    cached.clear()
    store.forget()
    page = Page(viewer.get(URL))
    assert [each.attributes["data-change"] for each in lines(page)] == ["status"]
    assert page.failures


def test_what_cannot_be_kept_costs_nobody_a_page(
    viewer: Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: object, **named: object) -> None:
        raise DatabaseError("the disk is full")

    monkeypatch.setattr(Change.objects, "bulk_create", full)
    world.change(name="web-3")
    assert "web-3" in Page(viewer.get(f"{LIST}?q=web-3")).cells("name")[0]


def test_a_lively_cloud_changes_in_every_way(viewer: Client, world: World) -> None:
    life = Life(world.cloud, seed=1)
    for what in ("add", "remove", "rename", "status", "resize", "storage"):
        life.happen(what)
    world.again()
    assert len(kinds(viewer)) == 6


def test_a_visitor_is_sent_to_sign_in(anonymous: Client, cloud: Sandbox) -> None:
    response = anonymous.get(URL)
    assert response.status_code == 302
    assert response["Location"] == "/accounts/login/?next=/changes/"
    assert anonymous.get(URL, headers=FRAGMENT).status_code == 403


def test_without_a_token_the_page_says_how_to_get_one(browser: Client, cloud: Sandbox) -> None:
    page = Page(browser.get(URL))
    assert page.status == 403
    assert "Add a token" in page.html


# A change of very much at once


@dataclass
class Region:
    """北京 with 60 images, as it was last read."""

    world: World
    uuids: list[str]

    def remove(self, number: int) -> None:
        for uuid in self.uuids[:number]:
            self.world.cloud.remove_image("bj", uuid)


@pytest.fixture
def large(world: World) -> Region:
    uuids = [world.cloud.add_image("bj")["cimgUuid"] for _ in range(60)]
    world.again()
    Change.objects.all().delete()
    return Region(world, uuids)


def test_very_much_that_vanishes_at_once_is_told_once_a_second_reading_agrees(
    viewer: Client, large: Region, world: World
) -> None:
    large.remove(50)
    before = world.clock.now
    world.again()
    for address in (f"{LIST}?region=bj", URL):
        page = Page(viewer.get(address))
        assert page.regions == {"gz": "fresh", "bj": "stale", "sh": "fresh"}
        [notice] = page.notices
        assert notice == (
            "Beijing bj: waiting for confirmation. The cloud's newest list is missing 50 of 73 "
            "images. Showing the list from 2023-11-14 22:14 UTC . Changes are reported once a "
            "second reading agrees."
        )
    assert kinds(viewer) == []
    assert Page(viewer.get(f"{LIST}?region=bj")).total == 73

    world.again(minutes=freshness.CONFIRM_SECONDS / 60)
    assert world.clock.now < before + 70
    page = Page(viewer.get(f"{LIST}?region=bj"))
    assert (page.total, page.notices, page.regions["bj"]) == (23, [], "fresh")
    feed = Page(viewer.get(URL))
    assert feed.total == 50
    assert {each.attributes["data-change"] for each in lines(feed)} == {"vanished"}


def test_very_much_that_is_back_with_the_second_reading_was_never_gone(
    viewer: Client, large: Region, world: World
) -> None:
    world.cloud.misbehave(Fault("half_list", region="bj"))
    world.again()
    world.cloud.clear_faults()
    assert "waiting for confirmation" in Page(viewer.get(LIST)).html
    world.again(minutes=freshness.CONFIRM_SECONDS / 60)

    page = Page(viewer.get(f"{LIST}?region=bj"))
    assert (page.total, page.notices, page.regions["bj"]) == (73, [], "fresh")
    assert kinds(viewer) == []


def test_what_is_to_be_confirmed_is_known_to_every_process(
    viewer: Client, large: Region, world: World
) -> None:
    large.remove(50)
    world.again()
    store.forget()
    assert "waiting for confirmation" in Page(viewer.get(LIST)).html
    cached.clear()
    store.forget()
    # The cache has lost the list before, and this reading is the second one.
    assert Page(viewer.get(f"{LIST}?region=bj")).total == 23
    assert Page(viewer.get(URL)).total == 50


def test_a_list_that_nothing_can_take_the_place_of_is_shown_and_said_to_be_confirmed(
    viewer: Client, large: Region, world: World
) -> None:
    cached.clear()
    store.forget()
    large.remove(50)
    page = Page(viewer.get(f"{LIST}?region=bj"))
    assert (page.total, page.regions["bj"]) == (23, "stale")
    assert "There is no older list to show instead." in page.notices[0]
    assert kinds(viewer) == []


def test_scripts_are_told_what_is_to_be_confirmed(
    viewer: Client, large: Region, world: World
) -> None:
    large.remove(50)
    world.again()
    told = {
        "fetched_at": "2023-11-14T22:15:20+00:00",
        "vanished": 50,
        "others": 0,
        "known": 73,
    }
    for document in (
        viewer.get("/api/v1/regions").json(),
        viewer.get("/api/v1/changes").json(),
        json.loads(b"".join(viewer.get("/images/export.json"))),
    ):
        found = {each["id"]: each for each in document["regions"]}
        assert [found[id_]["unconfirmed"] for id_ in ("gz", "bj", "sh")] == [None, told, None]
        assert (found["bj"]["state"], found["bj"]["count"]) == ("stale", 73)


def test_an_open_page_asks_often_while_something_is_to_be_confirmed(
    viewer: Client, large: Region, world: World
) -> None:
    quiet = f"{LIST}?region=bj&q={large.uuids[-1]}"
    page = Page(viewer.get(quiet))
    assert page.one(id="news").attributes["hx-trigger"] == poll_intervals.LIST
    large.remove(50)
    world.again()
    news = Page(viewer.get(page.one(id="news").attributes["hx-get"], headers=FRAGMENT))
    assert news.one(id="news").attributes["hx-trigger"] == poll_intervals.LIST_BUSY
    assert "waiting for confirmation" in news.notices[0]


def test_the_wall_says_it_too_and_in_chinese(viewer: Client, large: Region, world: World) -> None:
    large.remove(50)
    world.again()
    said = "Beijing bj: waiting for confirmation, because the newest list is very different."
    assert said in Page(viewer.get("/overview/display")).html
    viewer.cookies["django_language"] = "zh-hans"
    assert "北京 bj：等待确认" in Page(viewer.get("/overview/display")).html
    [notice] = Page(viewer.get(LIST)).notices
    assert "北京 bj：等待确认。 在云平台最新的列表中，73 个镜像缺少 50 个。" in notice


# New since the last visit


@pytest.fixture
def back_after_an_hour(viewer: Client, world: World) -> Callable[[], None]:
    def back() -> None:
        viewer.get(LIST)
        world.clock.now += 3600

    return back


def marked(page: Page) -> set[str]:
    return {row.attributes["data-image"] for row in page.rows if row.all(_class="badge new-mark")}


def since(page: Page) -> str:
    found = page.all("p", _class="since")
    return found[0].text if found else ""


def test_rows_that_are_new_since_the_last_visit_are_marked(
    viewer: Client, world: World, back_after_an_hour: Callable[[], None]
) -> None:
    back_after_an_hour()
    new = world.cloud.add_image("gz", name="new one")["cimgUuid"]
    world.again()
    world.cloud.remove_image("bj", world.uuid)
    world.again()

    for page in both(viewer, f"{LIST}?size=100"):
        assert marked(page) == {new}
        [row] = [row for row in page.rows if row.attributes["data-image"] == new]
        assert row.one("th").text == "new new one"
        assert since(page) == "1 new, 1 gone since your last visit"
    link = page.one("p", _class="since").one("a").attributes["href"]
    assert kinds(viewer, link) == ["vanished", "appeared"]
    assert not marked(Page(viewer.get(f"{LIST}?region=bj")))
    panel = Page(viewer.get(f"{LIST}gz/{new}/"))
    assert marked(panel) == {new}
    assert since(panel) == "1 new, 1 gone since your last visit"


def test_in_the_first_visit_nothing_is_new(viewer: Client, world: World) -> None:
    world.cloud.add_image("gz")
    world.again()
    for page in both(viewer, LIST):
        assert not marked(page)
        assert since(page) == ""


def test_marks_stay_for_the_visit_and_are_gone_in_the_next(
    viewer: Client, world: World, back_after_an_hour: Callable[[], None]
) -> None:
    back_after_an_hour()
    new = world.cloud.add_image("gz")["cimgUuid"]
    world.again()
    for _ in range(3):
        assert marked(Page(viewer.get(f"{LIST}?size=100"))) == {new}
        world.again(minutes=20)
    back_after_an_hour()
    read_again(world.cloud.token)
    page = Page(viewer.get(f"{LIST}?size=100"))
    assert not marked(page)
    assert since(page) == ""


def test_a_page_that_is_only_open_begins_no_visit(
    viewer: Client, world: World, back_after_an_hour: Callable[[], None]
) -> None:
    address = Page(viewer.get(LIST)).one(id="news").attributes["hx-get"]
    back_after_an_hour()
    seen = Visit.objects.get().seen_at
    new = world.cloud.add_image("gz")["cimgUuid"]
    world.again()
    answer = Page(viewer.get(address, headers=FRAGMENT))
    assert answer.total
    assert not marked(answer)
    assert Visit.objects.get().seen_at == seen
    assert marked(Page(viewer.get(f"{LIST}?size=100"))) == {new}


def test_what_is_new_is_so_for_each_person_alone(
    viewer: Client,
    world: World,
    back_after_an_hour: Callable[[], None],
    stranger: User,
    keep: Keep,
) -> None:
    keep(stranger, world.cloud.token, "Theirs")
    other = Client()
    other.force_login(stranger)
    back_after_an_hour()
    world.cloud.add_image("gz")
    world.again()
    assert marked(Page(viewer.get(f"{LIST}?size=100")))
    assert not marked(Page(other.get(f"{LIST}?size=100")))
    assert marked(Page(viewer.get(f"{LIST}?size=100")))


def test_what_came_and_went_is_neither_new_nor_gone(
    viewer: Client, world: World, back_after_an_hour: Callable[[], None]
) -> None:
    back_after_an_hour()
    made = world.cloud.add_image("gz")["cimgUuid"]
    world.again()
    world.cloud.remove_image("gz", made)
    world.change(name="other")
    assert since(Page(viewer.get(LIST))) == "1 other change since your last visit"


def test_looking_is_noted_once_a_minute_and_costs_one_query(
    viewer: Client, world: World, django_assert_max_num_queries: Any
) -> None:
    viewer.get(LIST)
    seen = Visit.objects.get().seen_at
    world.clock.now += 30
    viewer.get(LIST)
    assert Visit.objects.get().seen_at == seen
    world.clock.now += 31
    world.again(0)
    viewer.get(LIST)
    assert Visit.objects.get().seen_at == datetime.fromtimestamp(world.clock.now, UTC)
    with django_assert_max_num_queries(6):  # session, person, tokens, roles, visit
        viewer.get(LIST)


# The panel


def test_the_panel_tells_the_last_changes_of_the_image(viewer: Client, world: World) -> None:
    for number in range(6):
        world.change(name=f"web-{number}")
    for page in both(viewer, f"{LIST}bj/{world.uuid}/"):
        shown = lines(page)
        assert len(shown) == 5
        assert shown[0].text.startswith("Renamed web-4 → now web-5")
    more = page.one(id="history").one("a").attributes["href"]
    assert len(kinds(viewer, more)) == 6


def test_the_panel_of_an_image_that_never_changed_has_no_history(
    viewer: Client, world: World
) -> None:
    assert not Page(viewer.get(f"{LIST}bj/{world.uuid}/")).all(id="history")


def test_in_chinese(viewer: Client, world: World, settings: Settings) -> None:
    world.change(status="Disabled")
    viewer.cookies["django_language"] = "zh-hans"
    page = Page(viewer.get(URL))
    assert "状态变化" in lines(page)[0].text
    assert "变更" in page.one("h1").text
