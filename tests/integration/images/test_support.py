"""Until when the operating system of an image is supported, wherever images are."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime

import pytest
from django.test import Client
from pytest_django.asserts import assertContains, assertNotContains

from images import os_support
from images.sandbox import Sandbox
from tests.integration.images.pages import Page

LIST = "/images/"
TODAY = datetime(2026, 11, 28, 12, tzinfo=UTC)
UBUNTU = {"osFamily": "ubuntu", "osVersion": "22.04 LTS"}  # until 2027-04-01, extended to 2032
CENTOS = {"osFamily": "CentOS", "osVersion": "7.9.2009"}  # until 2024-06-30
STATES = {
    "ok": {"osFamily": "Ubuntu", "osVersion": "24.04"},
    "ends-soon": UBUNTU,
    "extended": {"osFamily": "Debian", "osVersion": "12 (bookworm)"},
    "ended": CENTOS,
    "unknown": {"osFamily": "CentOS", "osVersion": "7.9 hardened"},
}


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os_support, "clock", lambda: TODAY)


@pytest.fixture
def named(cloud: Sandbox) -> dict[str, str]:
    """The uuid of an image for each state."""
    return {
        state: str(cloud.add_image("bj", name=f"it-{state}", **system)["cimgUuid"])
        for state, system in STATES.items()
    }


@pytest.mark.parametrize("state", STATES)
def test_each_state_is_found_and_said(viewer: Client, named: dict[str, str], state: str) -> None:
    page = Page(viewer.get(f"{LIST}?name=it-{state}&support={state}"))
    assert page.uuids == [named[state]]
    assert Page(viewer.get(f"{LIST}?name=it-{state}&-support={state}")).uuids == []
    assert Page(viewer.get(LIST, {"q": f"it-{state} support:{state}"})).uuids == [named[state]]


def test_the_panel_says_until_when(viewer: Client, named: dict[str, str]) -> None:
    def panel(state: str) -> str:
        return viewer.get(f"{LIST}bj/{named[state]}/").content.decode()

    assert "until 2029-05-31" in panel("ok")
    assert "ends on 2027-04-01" in panel("ends-soon")
    assert "ended on 2026-07-11; extended updates until 2028-06-30" in panel("extended")
    assert "ended on 2024-06-30" in panel("ended")
    assert "As of" not in panel("unknown")


def test_facts_that_are_old_say_so(
    viewer: Client, named: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, said = f"{LIST}bj/{named['ok']}/", "may have changed since"
    assertNotContains(viewer.get(url), said)
    monkeypatch.setattr(os_support, "clock", lambda: datetime(2027, 8, 1, tzinfo=UTC))
    assertContains(viewer.get(url), said)


def test_a_new_day_needs_no_new_list(
    viewer: Client, cloud: Sandbox, named: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"{LIST}?name=it-ends-soon&columns=support_end"
    api = "/api/v1/images?name=it-ends-soon"
    assertContains(viewer.get(url), "ends on 2027-04-01")
    before = viewer.get(api)
    made = len(cloud.calls)

    monkeypatch.setattr(os_support, "clock", lambda: datetime(2027, 4, 2, tzinfo=UTC))
    after = viewer.get(api, headers={"If-None-Match": before["ETag"]})
    assert after.status_code == 200
    assert after.json()["images"][0]["support"] == "extended"
    assert Page(viewer.get(f"{url}&support=extended")).uuids == [named["ends-soon"]]
    [cell] = Page(viewer.get(url)).all("td", _class="c-support_end")
    assert cell.text == "ended on 2027-04-01, extended only"
    assert "extended updates until 2032-04-09" in cell.one("span").attributes["title"]
    assert len(cloud.calls) == made


def test_exports_have_it(viewer: Client, named: dict[str, str]) -> None:
    def content(ending: str) -> str:
        sent = viewer.get(f"{LIST}export.{ending}?name=it-extended").streaming_content  # type: ignore[attr-defined]
        return b"".join(sent).decode("utf-8-sig")

    [row] = csv.DictReader(content("csv").splitlines())
    dates = {"supportEnd": "2026-07-11", "extendedSupportEnd": "2028-06-30"}
    assert {"support": "extended", **dates}.items() <= row.items()
    [image] = json.loads(content("json"))["images"]
    assert {"support": "extended", **dates}.items() <= image.items()


def test_it_sorts_by_the_day_and_the_unknown_come_last(
    viewer: Client, named: dict[str, str]
) -> None:
    asked = "&".join(f"name=it-{state}" for state in STATES)
    by_day = ["ended", "extended", "ends-soon", "ok", "unknown"]
    page = Page(viewer.get(f"{LIST}?{asked}&sort=support_end"))
    assert page.uuids == [named[state] for state in by_day]
    page = Page(viewer.get(f"{LIST}?{asked}&sort=-support_end"))
    assert page.uuids == [named[state] for state in [*by_day[3::-1], "unknown"]]


def test_what_is_no_state_is_said(viewer: Client) -> None:
    assertContains(viewer.get(f"{LIST}?support=never"), "must be ok, ends-soon, extended, ended")
    assert viewer.get("/api/v1/images?support=never").status_code == 422


def test_the_overview_names_what_is_no_longer_supported(
    viewer: Client, named: dict[str, str]
) -> None:
    page = viewer.get("/overview/")
    assertContains(page, "whose OS is no longer supported")
    assertContains(page, "support=ended")
