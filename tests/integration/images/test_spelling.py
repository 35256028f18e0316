"""One word is one word: however it was typed, whatever the cloud makes of it."""

from __future__ import annotations

import csv
import io
import json

import pytest
from django.test import Client

from dashboard.api_keys import keys
from dashboard.audit.trail import Actor
from dashboard.people import teams
from dashboard.people.models import Role, User
from dashboard.saved_views.models import SavedView
from images.sandbox import Sandbox
from tests.integration.conftest import Clock, read_again
from tests.integration.images.pages import Page, both

pytestmark = pytest.mark.backend

BY = Actor("test")
DECOMPOSED, COMPOSED = "cafe\u0301", "caf\u00e9"
FULL_WIDTH = "ＷＥＢ服务器"


@pytest.fixture
def cloud(cloud: Sandbox) -> Sandbox:
    """With nothing but what a test puts there."""
    for region in ("gz", "bj", "sh"):
        for image in list(cloud.images(region)):
            cloud.remove_image(region, image["cimgUuid"])
    return cloud


def names(viewer: Client, query: str) -> list[str]:
    whole, fragment = both(viewer, f"/images/?{query}")
    exported = json.loads(viewer.get(f"/images/export.json?{query}").getvalue())
    told = viewer.get(f"/api/v1/images?{query}").json()
    found = [image["name"] for image in exported["images"]]
    assert [image["name"] for image in told["images"]] == found
    assert whole.uuids == fragment.uuids == [each["cimgUuid"] for each in exported["images"]]
    return found


@pytest.mark.parametrize("typed", [COMPOSED, DECOMPOSED, "CAFÉ", "ｃａｆé"])
def test_a_search_finds_a_name_however_its_accents_and_width_were_typed(
    viewer: Client, cloud: Sandbox, typed: str
) -> None:
    cloud.add_image("bj", name=f"{DECOMPOSED}-web")
    cloud.add_image("bj", name="tea")

    assert names(viewer, f"q={typed}") == [f"{DECOMPOSED}-web"]


@pytest.mark.parametrize("typed", ["web", "Web", "ｗｅｂ", "服务器"])
def test_a_search_finds_full_width_letters(viewer: Client, cloud: Sandbox, typed: str) -> None:
    cloud.add_image("bj", name=FULL_WIDTH)

    assert names(viewer, f"q={typed}") == [FULL_WIDTH]


def test_an_exact_name_is_the_same_composed_and_decomposed_and_no_other(
    viewer: Client, cloud: Sandbox
) -> None:
    cloud.add_image("bj", name=DECOMPOSED)
    cloud.add_image("bj", name=COMPOSED.upper())

    assert names(viewer, f"name={COMPOSED}") == [DECOMPOSED]


def test_names_sort_by_the_value_of_their_numbers(viewer: Client, cloud: Sandbox) -> None:
    wanted = ["app-1", "App-2", "app-10", "app-10b", "app-9" + "9" * 40, "web"]
    for name in reversed(wanted):
        cloud.add_image("bj", name=name)

    assert names(viewer, "sort=name") == wanted
    assert names(viewer, "sort=-name") == wanted[::-1]


def test_coverage_lists_names_by_the_value_of_their_numbers(viewer: Client, cloud: Sandbox) -> None:
    for name in ("app-10", "app-2", "app-1"):
        cloud.add_image("bj", name=name)
    shown = viewer.get("/overview/coverage/").content.decode()

    assert shown.index("app-1<") < shown.index("app-2<") < shown.index("app-10<")


def test_what_people_name_sorts_by_numbers_too(viewer: Client, person: User) -> None:
    for name in ("Room 10", "Room 2"):
        keys.make(person, name, days=7, by=BY)
        SavedView.objects.create(owner=person, name=name, query="")
        teams.set_role(teams.create(name, by=BY), person, Role.VIEWER, by=BY)

    for path in ("/api-keys/", "/views/", "/teams/"):
        shown = viewer.get(path).content.decode()
        assert shown.index("Room 2<") < shown.index("Room 10<"), path


@pytest.mark.parametrize("asked", ["ready", "READY", "Ready"])
def test_statuses_in_any_case_are_one_facet_in_the_commonest_spelling(
    viewer: Client, cloud: Sandbox, asked: str
) -> None:
    for status in ("ready", "Ready", "Ready", "READY", "Failed"):
        cloud.add_image("bj", name=status, status=status)
    page = Page(viewer.get(f"/images/?status={asked}"))

    assert sorted(names(viewer, f"status={asked}")) == ["READY", "Ready", "Ready", "ready"]
    choices = page.choices("Status")
    assert {value: count for value, (count, _href) in choices.items()} == {"Ready": 4, "Failed": 1}
    # The chip that takes the filter away, and the choice that is clicked again, do.
    assert choices["Ready"][1] == "/images/"


def test_systems_zones_and_tags_in_any_case_are_found(viewer: Client, cloud: Sandbox) -> None:
    cloud.add_image("bj", name="a", osFamily="FreeBSD", zones=["BJ01"], cimgTags=["Prod"])
    cloud.add_image("bj", name="b", osFamily="Freebsd", zones=["bj01"], cimgTags=["prod"])

    for query in ("os=freebsd", "zone=BJ01", "tag=PROD"):
        assert sorted(names(viewer, query)) == ["a", "b"]


def test_a_region_is_found_in_any_case(viewer: Client, cloud: Sandbox) -> None:
    cloud.add_image("bj", name="a")

    assert names(viewer, "region=BJ") == ["a"]


def test_a_status_that_is_called_unknown_is_not_one_that_is_not_known(
    viewer: Client, cloud: Sandbox
) -> None:
    cloud.add_image("bj", name="called so", status="Unknown")
    cloud.add_image("bj", name="not known", status=None)

    assert names(viewer, "status=Unknown") == ["called so"]
    assert names(viewer, "status=unknown") == ["not known"]


def test_members_of_a_csv_cell_are_told_apart(viewer: Client, cloud: Sandbox) -> None:
    for name, tags in (("two", ["a;b", "c"]), ("three", ["a", "b", "c"]), ("odd", ["a\\", "b"])):
        cloud.add_image("bj", name=name, cimgTags=tags)
    text = viewer.get("/images/export.csv").getvalue().decode("utf-8-sig")
    cells = {row["name"]: row["cimgTags"] for row in csv.DictReader(io.StringIO(text))}

    assert cells == {"two": "a\\;b;c", "three": "a;b;c", "odd": "a\\\\;b"}


@pytest.mark.parametrize("typed", [COMPOSED, "CAFÉ", "ｃａｆé", "北京"])
def test_the_history_is_searched_like_the_list(
    viewer: Client, cloud: Sandbox, clock: Clock, typed: str
) -> None:
    viewer.get("/images/")
    cloud.add_image("bj", name=f"{DECOMPOSED}-北京")
    cloud.add_image("bj", name="tea")
    clock.now += 100
    read_again(cloud.token)
    told = json.loads(viewer.get(f"/changes/export.json?q={typed}").getvalue())

    assert [change["name"] for change in told["changes"]] == [f"{DECOMPOSED}-北京"]
