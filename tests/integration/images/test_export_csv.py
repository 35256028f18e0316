"""/images/export.csv: every row that the query selects, for a spreadsheet."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from typing import Any

import pytest
from django.test import Client

from dashboard.people.models import Team, User
from images.sandbox import Fault, Sandbox
from tests.integration.conftest import Clock, Keep, read_again
from tests.integration.images.pages import FRAGMENT, both

pytestmark = pytest.mark.backend

URL = "/images/export.csv"
REGIONS = ("gz", "bj", "sh")
SAMPLE = "4a48f88391134a01befe88ff98b68a88"


def exported(browser: Client, query: str = "", **headers: str) -> tuple[list[dict[str, str]], Any]:
    """The rows by their headings, and the answer they came in."""
    response: Any = browser.get(URL + query, headers=headers)
    assert response.status_code == 200
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    text = response.getvalue().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""))), response


def test_every_image_is_a_line(large: Client, large_cloud: Sandbox) -> None:
    rows, response = exported(large)
    truth = [(region, image) for region in REGIONS for image in large_cloud.images(region)]

    assert len(rows) == 750
    assert {(row["region"], row["cimgUuid"]) for row in rows} == {
        (region, image["cimgUuid"]) for region, image in truth
    }
    created = [row["createTime"] for row in rows]
    assert created == sorted(created, reverse=True)
    assert re.fullmatch(
        r'attachment; filename="images-\d{8}-\d{6}\.csv"', response["Content-Disposition"]
    )
    assert "no-store" in response["Cache-Control"]


def test_a_spreadsheet_reads_it(viewer: Client) -> None:
    response: Any = viewer.get(URL)
    content = response.getvalue()

    assert content.startswith(b"\xef\xbb\xbfregion,cimgUuid,")
    assert content.endswith(b"\r\n")
    assert not re.search(rb"[^\r]\n", re.sub(rb'"[^"]*"', b"", content))


def test_the_vendors_own_image_is_a_row_value_for_value(viewer: Client) -> None:
    [row], _ = exported(viewer, f"?q={SAMPLE}")

    assert row == {
        "region": "bj",
        "cimgUuid": SAMPLE,
        "cimgId": "cimg-cy58anir",
        "name": "北京02",
        "description": "",
        "status": "Ready",
        "type": "custom",
        "osFamily": "CentOS",
        "osVersion": "7",
        "support": "ended",
        "supportEnd": "2024-06-30",
        "extendedSupportEnd": "",
        "osArch": "64bit",
        "platform": "Linux",
        "size": "549899264",
        "minDiskSize": "8589934592",
        "createTime": "2020-10-27T11:51:10.000Z",
        "updateTime": "2020-10-27T11:51:10.000Z",
        "isShared": "false",
        "isExternal": "true",
        "checkState": "uncheck",
        "regions": "bj",
        "zones": "bj01",
        "scenes": "base",
        "cimgTags": "none",
        "storages": "3",
        "storagesDown": "0",
        "storageState": "ok",
        "verdict": "yes",
        "verdictReasons": "check-none",
        "account": "Main",
    }


def test_it_has_the_rows_of_the_query_in_its_order_and_of_all_its_pages(
    large: Client, large_cloud: Sandbox
) -> None:
    rows, _ = exported(large, "?os=CentOS&region=gz&region=sh&sort=-size&page=2&size=25")
    truth = [
        image
        for region in ("gz", "sh")
        for image in large_cloud.images(region)
        if image["osFamily"] == "CentOS"
    ]

    assert [int(row["size"]) for row in rows] == sorted(
        (image["size"] for image in truth), reverse=True
    )
    assert {row["cimgUuid"] for row in rows} == {image["cimgUuid"] for image in truth}


def test_the_last_column_is_what_each_account_is_called(
    viewer: Client, cloud: Sandbox, person: User, keep: Keep
) -> None:
    team = Team.objects.create(name="Web", slug="web")
    keep(person, cloud.other_token, "=Other", team=team)
    rows, _ = exported(viewer)

    assert list(rows[0])[-1] == "account"
    assert Counter((row["account"], row["region"], row["cimgUuid"]) for row in rows) == Counter(
        (title, region, image["cimgUuid"])
        for title, token in (("Main", cloud.token), ("'=Other · Web", cloud.other_token))
        for region in REGIONS
        for image in cloud.images(region, token)
    )


def test_someone_elses_account_is_not_found(
    viewer: Client, cloud: Sandbox, stranger: User, keep: Keep
) -> None:
    theirs = keep(stranger, cloud.other_token, "Theirs")
    for page in both(viewer, f"{URL}?account={theirs.pk}", 404):
        assert "This address names an account that you may not read." in page.text
        assert "Theirs" not in page.text
        assert "Content-Disposition" not in page.response.headers


def test_no_row_is_a_heading_alone(viewer: Client) -> None:
    rows, _ = exported(viewer, "?q=nowhere-to-be-found")

    assert rows == []


def test_htmx_gets_the_file_too(viewer: Client) -> None:
    rows, response = exported(viewer, **FRAGMENT)

    assert len(rows) == 36
    assert "HX-Request" in response["Vary"]


def test_no_cell_is_a_formula(large: Client, large_cloud: Sandbox) -> None:
    rows, _ = exported(large)
    names = {image["name"] for region in REGIONS for image in large_cloud.images(region)}
    hostile = {name for name in names if name.startswith(("=", "+", "-", "@", "\t", "\r"))}

    assert len(hostile) == 5
    assert {f"'{name}" for name in hostile} <= {row["name"] for row in rows}
    for row in rows:
        for cell in row.values():
            assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))


def test_a_region_that_is_missing_is_told_in_the_files_name(viewer: Client, cloud: Sandbox) -> None:
    cloud.misbehave(Fault("errno", errno=41026, region="bj"))
    rows, response = exported(viewer)

    assert {row["region"] for row in rows} == {"gz", "sh"}
    assert len(rows) == 24
    assert response["Content-Disposition"].endswith('-incomplete.csv"')
    assert "bj;state=failed," in response["X-Inventory-Regions"]


def test_the_last_good_list_is_exported_with_its_age(
    viewer: Client, cloud: Sandbox, clock: Clock
) -> None:
    exported(viewer)
    clock.now += 100
    cloud.misbehave(Fault("errno", errno=41026, region="bj"))
    read_again(cloud.token)
    rows, response = exported(viewer)

    assert len(rows) == 36
    assert response["X-Inventory-Regions"] == (
        "gz;state=fresh;age=0, bj;state=stale;age=100, sh;state=fresh;age=0"
    )
    assert response["Content-Disposition"] == 'attachment; filename="images-20231114-221320.csv"'


def test_when_nothing_can_be_read_it_is_an_error_and_no_file(
    viewer: Client, cloud: Sandbox
) -> None:
    cloud.misbehave(Fault("errno", errno=2))

    for page in both(viewer, URL, 503):
        assert page.failures == ["unavailable"]
        assert page.response["Content-Type"].startswith("text/html")
        assert "Content-Disposition" not in page.response.headers


def test_an_unknown_region_is_not_found(viewer: Client) -> None:
    for page in both(viewer, f"{URL}?region=mars", 404):
        assert "This region does not exist" in page.text
        assert "Content-Disposition" not in page.response.headers
