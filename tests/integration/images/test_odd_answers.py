"""What a person sees of answers that are in the vendor's form, but odd."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from dashboard.people.models import User
from dashboard.tokens.models import Token
from images.sandbox import Fault, Sandbox
from images.sandbox.odd_answers import ANSWERS, UNFIT
from images.sandbox.odd_items import ITEMS
from images.services import COOL_DOWN_SECONDS, store
from tests.integration import cached
from tests.integration.conftest import Clock, Keep
from tests.integration.images.pages import Page, both

pytestmark = pytest.mark.backend

SAMPLE = "4a48f88391134a01befe88ff98b68a88"
LIST = "/images/"
PANEL = f"/images/bj/{SAMPLE}/"
PATHS = (
    *(LIST, f"{LIST}?q=web&sort=name&tag=none", PANEL, "/overview/", "/changes/", "/tokens/"),
    *("/images/export.csv", "/images/export.json", "/overview/coverage/"),
    *("/api/v1/images", "/api/v1/facets", f"/api/v1/images/bj/{SAMPLE}", "/api/v1/regions"),
)
UNKNOWN = "–"
# What leaves nothing to be shown, or not the image of the panel.
FAILING = {
    *("huge_errno", "unfit_failure", "wrong_types", "damaged_items", "many_regions"),
    *("many_keys", "endless", "long_names", "long_request_id"),
}


def made(cloud: Sandbox, **fields: Any) -> str:
    """The address of an image with these fields."""
    return f"/images/bj/{cloud.add_image('bj', **fields)['cimgUuid']}/"


def csv_of(browser: Client) -> list[dict[str, str]]:
    sent = b"".join(browser.get("/images/export.csv")).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(sent, newline="")))


def json_of(browser: Client) -> Any:
    return json.loads(b"".join(browser.get("/images/export.json")))


@pytest.mark.parametrize("kind", [*ITEMS, *ANSWERS, "huge_errno", "unfit_failure"])
def test_no_odd_answer_fails_a_page(
    viewer: Client, cloud: Sandbox, person: User, keep: Keep, settings: Settings, kind: str
) -> None:
    """On a cold cache, after a refresh, where tokens are checked and added, and once it is over."""
    settings.UPSTREAM_MAX_IMAGES = 1_000  # or a list without an end is read for long
    cloud.misbehave(Fault(kind, errno=41026))
    other = keep(person, cloud.other_token, "Other")

    for path in (*PATHS, f"{LIST}?account={other.pk}"):
        status = viewer.get(path).status_code
        assert status != 500
        assert status == 200 or kind in FAILING
    for path, form in [
        ("/images/refresh/", {}),
        (f"/tokens/{other.pk}/check/", {}),
        ("/tokens/", {"label": "New", "secret": cloud.forbidden_token}),
    ]:
        assert viewer.post(path, form).status_code < 500

    cloud.clear_faults()
    other.refresh_from_db()
    viewer.post(f"/tokens/{other.pk}/check/")
    assert Token.objects.get(pk=other.pk).state == "valid"


@pytest.mark.parametrize("kind", ["long_names", "many_keys"])
def test_an_image_that_is_too_large_costs_only_itself(
    viewer: Client, cloud: Sandbox, kind: str
) -> None:
    whole = Page(viewer.get(LIST)).uuids
    first = cloud.images("bj")[0]["cimgUuid"]
    cached.clear()
    store.forget()
    cloud.misbehave(Fault(kind, endpoint="cimg/list", region="bj"))
    page = Page(viewer.get(LIST))

    assert set(page.uuids) == {*whole} - {first}
    [notice] = page.notices
    assert "Beijing bj" in notice
    assert "1 entry could not be read as an image and is left out." in notice


def test_what_no_database_stores_is_nowhere(
    viewer: Client, cloud: Sandbox, person: User, keep: Keep
) -> None:
    good = json_of(viewer)["images"]
    token = keep(person, cloud.other_token, "Other")
    cloud.misbehave(Fault("unfit_texts"))

    page = Page(viewer.get(f"{LIST}?account={token.pk}"))
    viewer.post(f"/tokens/{token.pk}/check/")
    token.refresh_from_db()

    kept = json.dumps([token.regions, token.request_id]) + page.html
    assert not set(UNFIT) & set(kept)
    assert [region["name"] for region in token.regions] == ["广州", "北京", "上海"]
    assert token.state == "valid"
    assert len(good) == 36


def test_members_that_can_be_read_stay(viewer: Client, cloud: Sandbox) -> None:
    some, none = made(cloud, cimgTags=["ok", None]), made(cloud, cimgTags=[])
    objects = made(cloud, cimgTags=[{"key": "env", "value": "prod"}])
    unreadable = made(cloud, cimgTags=[None], zones={"a": 1}, scenes=3, regions=[None, "bj"])

    for address, said in [(some, "ok"), (none, "none"), (objects, "env=prod")]:
        assert both(viewer, address)[0].facts["Tags"] == said
    facts = both(viewer, unreadable)[1].facts
    told = [facts[name] for name in ("Tags", "Zones", "Scenes", "Regions")]
    assert told == [UNKNOWN, UNKNOWN, UNKNOWN, "Beijing bj"]
    tags = Page(viewer.get(LIST)).choices("Tag")
    assert {tags[name][0] for name in ("ok", "env=prod")} == {1}
    assert Page(viewer.get(f"{LIST}?tag=unknown")).uuids == [unreadable.split("/")[3]]
    assert none.split("/")[3] in Page(viewer.get(f"{LIST}?tag=none&size=200")).uuids
    cells = {row["cimgUuid"]: row["cimgTags"] for row in csv_of(viewer)}
    assert [cells[each.split("/")[3]] for each in (some, none, unreadable)] == ["ok", "none", ""]
    [region] = [each for each in json_of(viewer)["regions"] if each["id"] == "bj"]
    assert region["unreadable"] == {"cimgTags": 2, "zones": 1, "scenes": 1, "regions": 1}


def test_images_whose_tags_are_none_and_not_known_differ(viewer: Client, cloud: Sandbox) -> None:
    none, unknown = made(cloud, cimgTags=[], name="a"), made(cloud, cimgTags={}, name="a")
    places = "&".join(f"image=bj/{each.split('/')[3]}" for each in (none, unknown))
    page = Page(viewer.get(f"/images/compare/?{places}"))

    [line] = [row for row in page.all("tr", _class="differs") if row.text.startswith("Tags")]
    assert [cell.text for cell in line.all("td")] == ["none", UNKNOWN]


def test_a_storage_of_which_nothing_is_said_is_not_down(viewer: Client, cloud: Sandbox) -> None:
    good = cloud.images("bj")[0]["backupStorages"][0]
    silent = {**good, "bsUuid": "s", "name": "silent", "state": None, "status": None}
    address = made(cloud, backupStorages=[good, silent], status="Ready", checkState="checked")
    uuid = address.split("/")[3]
    page = both(viewer, address)[0]

    assert not page.one(id="storages").all("tr", _class="row-bad")
    assert "whether its storages are connected" in page.one(_class="verdict verdict-caution").text
    listed = Page(viewer.get(f"{LIST}?storage=unknown&q={uuid}"))
    assert listed.uuids == [uuid]
    assert listed.cells("storages") == ["1 of 2 unknown"]
    assert uuid not in Page(viewer.get(f"{LIST}?storage=at-risk&size=200")).uuids
    [row] = [each for each in csv_of(viewer) if each["cimgUuid"] == uuid]
    assert (row["storagesDown"], row["storageState"]) == ("0", "unknown")


def test_what_the_cloud_repeats_is_shown_and_counted_once(
    viewer: Client, cloud: Sandbox, clock: Clock
) -> None:
    plain, good = Page(viewer.get(f"{LIST}?size=200")), both(viewer, PANEL)[0]
    sent = json_of(viewer)["images"]
    cloud.misbehave(Fault("repeated"))
    clock.now += COOL_DOWN_SECONDS
    viewer.post("/images/refresh/")

    page, panel = Page(viewer.get(f"{LIST}?size=200")), both(viewer, PANEL)[0]
    assert page.cells("storages") == plain.cells("storages")
    for title in ("Zone", "Scene", "Tag", "Region"):
        assert page.choices(title) == plain.choices(title)
    assert panel.facts == good.facts
    assert panel.one(id="storages").text == good.one(id="storages").text
    assert page.regions == plain.regions
    again = json_of(viewer)["images"][0]  # as sent
    assert again["regions"] == sent[0]["regions"] * 2 + [
        each.upper() for each in sent[0]["regions"]
    ]


@pytest.mark.parametrize(
    ("regions", "is_said"),
    [(["gz"], True), ([], True), (["BJ"], False), (["gz", "Bj"], False), (None, False)],
)
def test_regions_that_leave_out_the_one_that_lists_it_are_said_to(
    viewer: Client, cloud: Sandbox, regions: list[str] | None, is_said: bool
) -> None:
    address = made(cloud, regions=regions)

    for page in both(viewer, address):
        said = page.one(id="regions").text
        assert (
            "It is listed in Beijing bj, which is not among its own regions." in said
        ) is is_said
        assert "Beijing" in said or regions is None


def test_numbers_and_times_that_are_spelled_otherwise_are_known(
    viewer: Client, cloud: Sandbox
) -> None:
    address = made(
        cloud,
        size="3221225472",
        createTime="1603799470000",
        updateTime=1603799470,
        requirement={"minDiskSize": "8589934592"},
        isShared="false",
        job={"progress": "45%", "done": "false", "type": "ImportCIMG"},
    )
    page = both(viewer, address)[0]

    assert page.facts["Size"] == "3 GiB 3,221,225,472 bytes"
    assert page.facts["Disk"] == "8 GiB 8,589,934,592 bytes"
    assert page.facts["Created"] == "2020-10-27 11:51 UTC"
    assert page.facts["Updated"] == UNKNOWN
    assert page.facts["Shared"] == "no"
    assert "45 %" in page.one(id="job").text
