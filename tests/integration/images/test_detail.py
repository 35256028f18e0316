"""/images/<region>/<cimgUuid>/: the panel of one image, beside the list or alone."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from images.sandbox import Fault, Sandbox
from tests.integration.images.pages import FRAGMENT, RESTORE, Page, both

SAMPLE = "4a48f88391134a01befe88ff98b68a88"
LIST = "/images/"
URL = f"/images/bj/{SAMPLE}/"

UNKNOWN = "–"


def made(cloud: Sandbox, **fields: Any) -> str:
    """The address of an image with these fields."""
    image = cloud.add_image("bj", **fields)
    return f"/images/bj/{image['cimgUuid']}/"


def test_an_image_opens_beside_its_list(viewer: Client) -> None:
    page = Page(viewer.get(URL))

    assert page.status == 200
    assert page.is_whole
    assert page.one("title").text.startswith("北京02")
    assert page.total == 36
    assert len(page.rows) == 36
    assert page.one("aside", id="detail").one("article").attributes["data-detail"] == SAMPLE
    assert page.one(id="detail-title").text == "北京02"
    assert not page.notices


def test_a_fragment_is_the_panel_and_nothing_else(viewer: Client) -> None:
    page, fragment = both(viewer, URL)

    outermost = [part for part in fragment.parts if not isinstance(part, str)]
    assert [node.attributes["data-detail"] for node in outermost] == [SAMPLE]
    assert fragment.facts == page.facts
    assert fragment.total is None
    assert not fragment.rows
    assert not fragment.all(id="images")
    assert not fragment.regions


def test_back_asks_with_htmx_and_gets_the_whole_page(viewer: Client) -> None:
    page = Page(viewer.get(URL, headers=RESTORE))

    assert page.is_whole
    assert page.total == 36


def test_the_vendors_own_image_is_shown_value_for_value(viewer: Client, cloud: Sandbox) -> None:
    [sample] = [image for image in cloud.images("bj") if image["cimgUuid"] == SAMPLE]
    for page in both(viewer, URL):
        assert page.facts == {
            "ID": "cimg-cy58anir",
            "UUID": SAMPLE,
            "Name": "北京02",
            "Type": "custom",
            "Size": "524 MiB 549,899,264 bytes",
            "OS": "CentOS",
            "Version": "7",
            "OS support": "ended on 2024-06-30",
            "Architecture": "64bit",
            "Platform": "Linux",
            "Disk": "8 GiB 8,589,934,592 bytes",
            "CPU": UNKNOWN,
            "Memory": UNKNOWN,
            "Regions": "Beijing bj",
            "Zones": "Beijing zone 1 bj01",
            "Scenes": "base",
            "Tags": "none",
            "Check": "Not checked",
            "Shared": "no",
            "External": "yes",
            "Created": "2020-10-27 11:51 UTC",
            "Updated": "2020-10-27 11:51 UTC",
        }
        assert [row.text for row in page.one(id="storages").one("tbody").all("tr")] == [
            "ceph-bj01-he 257ec36487cd4c36be2e2883b0363e97 Ceph HE (efficient) BJ01"
            " Enabled · Connected",
            "S3-Backup-Storage c1e6b5a214f5400082a55ad16fe4d005 LocalStorage SSD BJ01"
            " Enabled · Connected",
            "ceph-bj01-ssd f51da6e463cb45cd81393a1d21198f18 Ceph SSD BJ01 Enabled · Connected",
        ]
        assert json.loads(page.one("pre", id="raw").text) == sample
        copied = [node.attributes["data-copy"] for node in page.one("article").all(data_copy=True)]
        assert copied[:-1] == [SAMPLE, "cimg-cy58anir", "北京02"]
        assert copied[-1].startswith("curl ")
        times = {node.attributes["datetime"] for node in page.one("article").all("time")}
        assert times == {"2020-10-27T11:51:10+00:00"}
        assert not page.all(_class="row-bad")
        assert not page.all(id="job")


def test_what_a_machine_needs_is_told_human_and_exact(viewer: Client, cloud: Sandbox) -> None:
    needs = {"minDiskSize": 21474836480, "minCpuNum": 1, "minMemorySize": 1610612736}
    url = made(cloud, requirement={**needs, "dc2Types": ["c1", "g2"]}, size=0)

    for page in both(viewer, url):
        assert page.facts["Disk"] == "20 GiB 21,474,836,480 bytes"
        assert page.facts["CPU"] == "1 core"
        assert page.facts["Memory"] == "1.5 GiB 1,610,612,736 bytes"
        assert page.facts["Machine types"] == "c1g2"
        assert page.facts["Size"] == "0 B 0 bytes"


def test_storages_that_are_down_are_marked(viewer: Client, cloud: Sandbox) -> None:
    good = cloud.images("bj")[0]["backupStorages"][0]
    url = made(
        cloud,
        backupStorages=[
            {**good, "name": "disabled", "state": "Disabled"},
            {**good, "name": "away", "status": "Disconnected"},
            {**good, "name": "silent", "state": None, "status": None},
            {**good, "name": "well"},
        ],
    )

    for page in both(viewer, url):
        bad = [row.all("bdi")[0].text for row in page.all("tr", _class="row-bad")]
        assert bad == ["disabled", "away"]
        marks = [
            mark.attributes["class"] for mark in page.one(id="storages").all("span", _class=True)
        ]
        kinds = [mark.split()[1] for mark in marks if mark.startswith("status ")]
        assert kinds == ["status-bad", "status-bad", "status-plain", "status-ok"]


@pytest.mark.parametrize(
    ("storages", "said", "marked"),
    [
        ([], "None: no storage holds this image.", 1),
        (None, "The cloud did not say where this image is stored.", 0),
        ("damaged", "The cloud did not say where this image is stored.", 0),
    ],
)
def test_no_storage_is_not_the_same_as_not_knowing(
    viewer: Client, cloud: Sandbox, storages: object, said: str, marked: int
) -> None:
    url = made(cloud, backupStorages=storages)

    for page in both(viewer, url):
        section = page.one(id="storages")
        assert section.text == f"Backup storages {said}"
        assert len(section.all(_class="at-risk")) == marked
        assert not section.all("table")


def test_a_shared_image_is_said_to_be_no_copy(viewer: Client, cloud: Sandbox) -> None:
    shared, own = made(cloud, isShared=True), made(cloud, isShared=False)

    for page in both(viewer, shared):
        assert page.facts["Shared"] == "Shared with this account: cannot be copied"
    for page in both(viewer, own):
        assert "cannot be copied" not in page.text


def test_a_running_job_shows_how_far_it_is(viewer: Client, cloud: Sandbox) -> None:
    busy = cloud.images("bj")[3]

    for page in both(viewer, f"/images/bj/{busy['cimgUuid']}/"):
        job = page.one(id="job")
        assert "Creating" in job.text
        assert "12.5 %" in job.text
        assert busy["job"]["jobUuid"] in job.text
        assert job.one("progress").attributes == {"max": "100", "value": "12.5"}
        assert "failed" not in job.text


def test_a_failed_job_says_why(viewer: Client, cloud: Sandbox) -> None:
    busy = cloud.images("bj")[5]
    job = {**busy["job"], "done": True, "success": False, "result": "<b>名称</b> is taken"}
    cloud.change_image("bj", busy["cimgUuid"], job=job, status="Failed")

    for page in both(viewer, f"/images/bj/{busy['cimgUuid']}/"):
        job_card = page.one(id="job")
        assert "failed <b>名称</b> is taken" in job_card.text
        assert not job_card.all("progress")
        assert not page.all("b")


@pytest.mark.parametrize("progress", [None, "half", -1, 101])
def test_a_job_that_does_not_say_how_far_is_no_empty_bar(
    viewer: Client, cloud: Sandbox, progress: object
) -> None:
    url = made(cloud, job={"jobUuid": "j1", "type": None, "progress": progress, "done": False})

    for page in both(viewer, url):
        job = page.one(id="job")
        assert "The cloud does not report progress." in job.text
        assert not job.all("progress")


def test_what_the_cloud_does_not_say_is_not_known(viewer: Client, cloud: Sandbox) -> None:
    bare, empty = "0" * 32, cloud.images("bj")[1]
    cloud.shelf("bj").slots.append(json.dumps({"cimgUuid": bare}).encode())
    nothing = {field: None for field in empty if field != "cimgUuid"}
    cloud.change_image("bj", empty["cimgUuid"], **nothing)

    for uuid in (bare, empty["cimgUuid"]):
        for page in both(viewer, f"/images/bj/{uuid}/"):
            facts = page.facts
            assert facts.pop("UUID") == uuid
            assert set(facts.values()) == {UNKNOWN}
            assert page.one(id="detail-title").text == f"(no name) {uuid}"
            assert "The cloud did not say where" in page.text
            assert not page.all(id="job")


def test_fields_of_wrong_types_are_not_known(viewer: Client, cloud: Sandbox) -> None:
    cloud.misbehave(Fault("wrong_types", endpoint="cimg/list"))

    for page in both(viewer, URL):
        facts = page.facts
        assert (facts.pop("UUID"), facts.pop("ID")) == (SAMPLE, "cimg-cy58anir")
        assert set(facts.values()) == {UNKNOWN}
        assert '"size": "big"' in page.one("pre", id="raw").text


def test_an_image_of_two_regions_is_shown_in_each(viewer: Client, cloud: Sandbox) -> None:
    [seen] = [image for image in cloud.images("gz") if "bj" in image["regions"]]
    uuid = seen["cimgUuid"]
    page = Page(viewer.get(f"/images/?q={uuid}"))

    assert {row.attributes["data-region"] for row in page.rows} == {"gz", "bj"}
    assert set(page.uuids) == {uuid}
    for region, name in (("gz", "Guangzhou"), ("bj", "Beijing")):
        for detail in both(viewer, f"/images/{region}/{uuid}/"):
            assert detail.one(_class="panel-lead").text.endswith(f"{name} {region}")
            assert detail.facts["Regions"] == "Guangzhou gzBeijing bj"
    both(viewer, f"/images/sh/{uuid}/", 404)


def test_the_query_comes_along_and_does_not_hide_the_image(viewer: Client) -> None:
    page, fragment = both(viewer, f"{URL}?os=Ubuntu&sort=name")

    assert SAMPLE not in page.uuids
    assert set(page.cells("os")) != set()
    assert all(cell.startswith("Ubuntu") for cell in page.cells("os"))
    assert page.one(id="detail-title").text == "北京02"
    assert fragment.one("a", data_close=True).attributes["href"] == "/images/?os=Ubuntu&sort=name"


@pytest.mark.parametrize(
    "address",
    [
        f"/images/gz/{SAMPLE}/",
        f"/images/mars/{SAMPLE}/",
        f"/images/bj/{SAMPLE[:-1]}0/",
        f"/images/bj/{SAMPLE.upper()}/",
        "/images/bj/x/",
    ],
)
def test_an_image_that_is_not_there_is_not_found_with_a_way_back(
    viewer: Client, address: str
) -> None:
    for page in both(viewer, address, 404):
        assert "This image does not exist" in page.text
        assert "/images/" in page.links
        assert "/images/?region=bj" in page.links
        assert not page.all(data_detail=True)
        assert page.total is None


@pytest.mark.parametrize("address", ["/images/b j/x/", "/images/bj/a.b/", "/images/bj/x/y/"])
def test_an_address_that_cannot_be_an_image_is_not_found(
    viewer: Client, cloud: Sandbox, address: str
) -> None:
    page = Page(viewer.get(address))

    assert page.status == 404
    assert "Go to the dashboard" in page.text
    assert not cloud.calls


def test_when_its_region_cannot_be_read_it_is_not_said_to_be_gone(
    viewer: Client, cloud: Sandbox
) -> None:
    cloud.misbehave(Fault("errno", errno=41026, region="bj"))
    elsewhere = cloud.images("gz")[0]

    for page in both(viewer, URL, 503):
        assert page.failures == ["unavailable"]
        assert "The cloud is not available" in page.text
        assert "41026" in page.text
        assert "This image does not exist" not in page.text
        assert not page.all(data_detail=True)
    both(viewer, f"/images/gz/{elsewhere['cimgUuid']}/")


def test_when_nothing_can_be_read_it_is_not_said_to_be_gone(viewer: Client, cloud: Sandbox) -> None:
    cloud.misbehave(Fault("html"))

    for page in both(viewer, URL, 502):
        assert page.failures == ["unreadable"]
        assert "This image does not exist" not in page.text
        assert not page.all(data_detail=True)


def ways(page: Page) -> dict[str, str]:
    """The neighbours that the panel leads to, and whether the list beside it has them too."""
    return {
        node.attributes["data-neighbour"]: node.attributes["href"]
        for node in page.all("a", data_neighbour=True)
    }


def test_previous_and_next_follow_the_list_over_its_pages(large: Client) -> None:
    query = "sort=size&size=25&os=CentOS"
    order = [
        uuid
        for number in (1, 2, 3)
        for uuid in Page(large.get(f"{LIST}?{query}&page={number}")).uuids
    ]
    first = Page(large.get(f"{LIST}?{query}"))
    page = Page(large.get(first.rows[0].one("th").one("a").attributes["href"]))
    assert "previous" not in ways(page)
    walked = [page.one("article").attributes["data-detail"]]
    for _ in range(30):
        page = Page(large.get(ways(page)["next"]))
        walked.append(page.one("article").attributes["data-detail"])
        assert walked[-1] in page.uuids
        assert f"{len(walked)} of " in page.one(_class="panel-ways").text

    assert walked == order[:31]
    assert (
        ways(Page(large.get(ways(page)["previous"])))["next"]
        .split("?")[0]
        .endswith(f"{walked[-1]}/")
    )


def test_the_next_image_on_another_page_brings_its_page_along(large: Client) -> None:
    last = Page(large.get(f"{LIST}?size=25")).rows[-1]
    page = Page(large.get(last.one("th").one("a").attributes["href"]))
    following = page.one("a", data_neighbour="next").attributes
    assert "hx-target" not in following
    assert page.one("a", data_neighbour="previous").attributes["hx-target"] == "#detail"

    target = {**FRAGMENT, "HX-Target": "images"}
    answer = Page(large.get(following["href"], headers=target))
    assert answer.one(id="images")
    assert answer.one("article").attributes["data-detail"] == answer.uuids[0]
    assert "HX-Target" in answer.response["Vary"]


def test_an_image_that_the_list_does_not_hold_has_no_previous_or_next(viewer: Client) -> None:
    row = Page(viewer.get(LIST)).rows[0]
    address = f"{row.one('th').one('a').attributes['href']}?q=nothing-like-this"

    assert not ways(Page(viewer.get(address)))


def test_the_same_image_in_other_regions_is_shown_with_what_differs(
    viewer: Client, cloud: Sandbox
) -> None:
    day = 86_400_000
    alike = cloud.images("bj")[0]
    facts: dict[str, Any] = {
        **{name: alike[name] for name in alike if name not in ("cimgUuid", "cimgId", "regions")},
        "name": "golden",
        "osFamily": "CentOS",
        "osVersion": "7.9",
        "status": "Ready",
    }
    facts |= {"requirement": {"minDiskSize": 20 * 2**30}, "checkState": "uncheck"}
    facts |= {"size": 3 * 2**30, "createTime": 20_010 * day}
    here = made(cloud, **facts, regions=["bj"])
    there = {**facts, "osVersion": "7.6", "checkState": "checked", "status": "Failed"}
    there |= {"requirement": {"minDiskSize": 40 * 2**30}}
    there |= {"size": 2**30, "createTime": 20_007 * day, "regions": ["gz"]}
    cloud.add_image("gz", **there)
    cloud.add_image("sh", **facts, regions=["sh"])
    cloud.add_image("sh", **{**facts, "osFamily": "Ubuntu"})
    page = Page(viewer.get(here))

    rows = [row.text for row in page.one(id="elsewhere").one("tbody").all("tr")]
    assert rows == [
        "Guangzhou gz Failed Status: Failed, check: checked, version 7.6, needs a disk of 40 GiB,"
        " 2 GiB smaller, 3 days older",
        "Shanghai sh Ready nothing",
    ]
    [compare] = [link for link in page.links if "/compare/" in link]
    assert len(Page(viewer.get(compare)).one("thead").all("th")) == 4


@pytest.mark.parametrize(
    "change",
    [
        {"isShared": True},
        {"osArch": "arm64"},
        {"platform": "Other"},
        {"isExternal": None},
        {"scenes": ["gpu"]},
        {"description": "another"},
        {"cimgTags": ["production"]},
        {"requirement": None},
        {"backupStorages": []},
        {"updateTime": None},
        {},
    ],
    ids=lambda change: "".join(change) or "nothing",
)
def test_nothing_differs_elsewhere_only_where_the_comparison_marks_no_row(
    viewer: Client, cloud: Sandbox, change: dict[str, Any]
) -> None:
    image = cloud.images("bj")[0]
    own = ("cimgUuid", "cimgId", "regions")
    facts = {name: value for name, value in image.items() if name not in own} | {"name": "golden"}
    here = made(cloud, **facts, regions=["bj"])
    cloud.add_image("gz", **{**facts, **change}, regions=["gz"])
    page = Page(viewer.get(here))
    [row] = page.one(id="elsewhere").one("tbody").all("tr")
    [address] = [link for link in page.links if "/compare/" in link]
    comparison = Page(viewer.get(address))

    assert bool(comparison.all("tr", _class="differs")) == bool(change)
    assert row.all("td")[-1].text.startswith("nothing") == (not change)


def test_an_image_of_one_region_is_said_to_be_and_an_unread_region_is_not_known(
    viewer: Client, cloud: Sandbox
) -> None:
    address = made(cloud, name="only-here")
    words = "No other region has an image with this name and OS."
    assert words in Page(viewer.get(address)).one(id="elsewhere").text
    assert not Page(viewer.get(made(cloud, name=None))).all(id="elsewhere")


def test_an_unread_region_may_hold_it_too(viewer: Client, cloud: Sandbox) -> None:
    address = made(cloud, name="only-here")
    cloud.misbehave(Fault("html", endpoint="cimg/list", region="gz"))

    assert (
        "The images of Guangzhou gz are unknown."
        in Page(viewer.get(address)).one(id="elsewhere").text
    )
