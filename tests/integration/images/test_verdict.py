"""Can it be used? Wherever an image is shown the answer is the same."""

from __future__ import annotations

import csv
import io
import json
import random
from itertools import product
from typing import Any

import pytest
from django.test import Client

from images.sandbox import Sandbox
from images.verdict import GRADES
from tests.integration.images.pages import FRAGMENT, Node, Page

LIST = "/images/"
YES, CAUTION, NO = GRADES

# What the cloud says -> the grade that this alone makes.
STATUSES = {"Ready": YES, "Failed": NO, "Importing": NO, "Odd": CAUTION, None: CAUTION}
CHECKS = {"checked": YES, "uncheck": YES, "checkFailed": NO, None: CAUTION}
STORAGES = {
    "connected": YES,
    "one down": CAUTION,
    "all down": NO,
    "one silent": CAUTION,
    "none": NO,
    "not known": CAUTION,
}
JOBS = {"none": YES, "running": CAUTION, "failed": CAUTION}
# A third of all, so that it takes seconds.
MIXES = random.Random(17).sample(list(product(STATUSES, CHECKS, STORAGES, JOBS)), 100)


def facts(
    good: dict[str, Any], status: str | None, check: str | None, storages: str, job: str
) -> dict[str, Any]:
    other = {**good, "bsUuid": "other"}
    down = {**good, "status": "Disconnected"}
    kept = {
        "connected": [good, other],
        "one down": [other, down],
        "all down": [down, {**down, "bsUuid": "other"}],
        "one silent": [good, {**other, "state": None}],
        "none": [],
        "not known": None,
    }
    last = {"jobUuid": "j", "type": "ChangeCIMGName", "progress": 1.0, "success": False}
    jobs = {"none": None, "running": {**last, "done": False}, "failed": {**last, "done": True}}
    return {
        "status": status,
        "checkState": check,
        "backupStorages": kept[storages],
        "job": jobs[job],
        "requirement": {"minDiskSize": 2**30},
        "isShared": False,
    }


@pytest.fixture
def expected(viewer: Client, cloud: Sandbox) -> dict[str, str]:
    """An image of each mix, and what is to be said of it."""
    good = cloud.images("bj")[0]["backupStorages"][0]
    return {
        cloud.add_image("bj", name=f"mix {number:03}", **facts(good, *mix))["cimgUuid"]: max(
            *(STATUSES[mix[0]], CHECKS[mix[1]], STORAGES[mix[2]], JOBS[mix[3]]),
            key=GRADES.index,
        )
        for number, mix in enumerate(MIXES)
    }


def grade(node: Node) -> str:
    [said] = node.all(data_verdict=True)
    return said.attributes["data-verdict"]


def test_every_place_that_shows_an_image_gives_it_one_grade(
    viewer: Client, expected: dict[str, str]
) -> None:
    assert {list(expected.values()).count(each) for each in GRADES} > {0}

    page = Page(viewer.get(f"{LIST}?q=mix&size=200"))
    rows = {row.attributes["data-image"]: row for row in page.rows}
    assert {uuid: grade(row) for uuid, row in rows.items()} == expected

    for uuid, row in rows.items():
        status = row.all("td", _class="c-status")[0]
        assert bool(status.all(_class="status status-ok")) == (expected[uuid] == YES)

    document = json.loads(viewer.get(f"{LIST}export.json?q=mix").getvalue())
    told = {each["cimgUuid"]: each["verdict"]["grade"] for each in document["images"]}
    assert told == expected
    sheet = viewer.get(f"{LIST}export.csv?q=mix").getvalue().decode("utf-8-sig")
    lines = csv.DictReader(io.StringIO(sheet, newline=""))
    assert {line["cimgUuid"]: line["verdict"] for line in lines} == expected
    answer = viewer.get("/api/v1/images?q=mix&size=200").json()
    assert {each["cimgUuid"]: each["verdict"]["grade"] for each in answer["images"]} == expected


def test_the_panel_the_quick_look_and_the_comparison_say_it_in_words(
    viewer: Client, expected: dict[str, str]
) -> None:
    begins = {YES: ("Yes: ",), CAUTION: ("Yes, but ", "Perhaps: "), NO: ("No: ", "Not yet: ")}
    for uuid, said in expected.items():
        for path in ("", "look/"):
            page = Page(viewer.get(f"{LIST}bj/{uuid}/{path}", headers=FRAGMENT))
            words = page.one(_class=f"verdict verdict-{said}").text
            assert words.startswith(begins[said])
            assert grade(page) == said
        other = next(each for each in expected if each != uuid)
        both = Page(viewer.get(f"{LIST}compare/?image=bj/{uuid}&image=bj/{other}"))
        head = both.one("thead").all("th")[1]
        assert grade(head) == said
        assert words.startswith(head.one(data_verdict=True).text)


def test_overview_and_wall_show_what_needs_attention_with_its_grade(
    viewer: Client, expected: dict[str, str]
) -> None:
    for (status, check, storages, job), (uuid, said) in list(
        zip(MIXES, expected.items(), strict=True)
    )[::3]:
        query = f"?image=bj/{uuid}"
        wall = Page(viewer.get(f"/overview/display{query}"))
        shown = wall.all("li", data_verdict=True)
        wrong = (
            status == "Failed"
            or check == "checkFailed"
            or storages in ("one down", "all down", "none")
            or job == "failed"
        )
        assert len(shown) == wrong + (job == "running")
        assert {each.attributes["data-verdict"] for each in shown} <= {said}

        page = Page(viewer.get(f"/overview/{query}"))
        links = page.all("a", data_verdict=True)
        assert {each.attributes["data-verdict"] for each in links} <= {said}
        assert bool(page.all(_class="calm")) == (not wrong)
        matrix = Page(viewer.get(f"/overview/coverage/{query}"))
        assert grade(matrix) == said
