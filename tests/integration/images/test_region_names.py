"""Regions are called and found by their name, in either language, and by their id."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import Settings

from dashboard.people.models import User
from images.sandbox import Sandbox
from tests.integration.conftest import Keep
from tests.integration.images.pages import Page
from tests.liar import Liar, answer

ALONE = {"广州": "Guangzhou", "北京": "Beijing", "上海": "Shanghai"}


@pytest.mark.parametrize("text", ["bj", "Beijing", "beijing bj", "北京 bj", "ＢＪ"])
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_a_region_is_searched_by_its_id_and_its_name_in_both_languages(
    viewer: Client, text: str, language: str
) -> None:
    page = Page(viewer.get(f"/images/?q={text}", headers={"Accept-Language": language}))

    assert page.total == 12
    assert {row.attributes["data-region"] for row in page.rows} == {"bj"}


def test_a_region_is_named_in_the_language_of_the_page_with_its_id(
    viewer: Client, cloud: Sandbox
) -> None:
    address, chinese = (
        "/images/?region=bj&columns=name&columns=region",
        {"Accept-Language": "zh-hans"},
    )
    uuid = cloud.images("bj")[0]["cimgUuid"]
    for way in (address, "/overview/", "/overview/coverage/", "/overview/display", "/changes/"):
        english, other = Page(viewer.get(way)), Page(viewer.get(way, headers=chinese))
        for names in ALONE.items():
            assert names[0] not in english.text.replace("北京02", "")
            assert names[1] not in other.text
        assert "Beijing bj" in english.text
        assert "北京 bj" in other.text
    panel = f"/images/bj/{uuid}/"
    assert Page(viewer.get(panel)).one(_class="panel-lead").text.endswith("Beijing bj")
    page = Page(viewer.get(address))
    assert set(page.choices("Region")) == {"Beijing bj", "Guangzhou gz", "Shanghai sh"}
    assert list(page.chips) == ["Region Beijing bj"]
    assert set(page.cells("region")) == {"Beijing bj"}


def test_a_zone_is_named_in_the_readers_language(viewer: Client, cloud: Sandbox) -> None:
    uuid = cloud.add_image("bj", name="web", zones=["bj01"])["cimgUuid"]
    for language, name in (("en", "(Beijing zone 1)"), ("zh-hans", "（北京一区）")):
        page = Page(viewer.get(f"/images/bj/{uuid}/", headers={"Accept-Language": language}))
        assert name in page.text


def test_a_region_of_a_name_that_is_not_translated_keeps_the_clouds(
    browser: Client, person: User, keep: Keep, settings: Settings
) -> None:
    liar = Liar()
    settings.DIDIYUN_API_URL = liar.url
    regions = [{"id": "nb", "name": "宁波", "zone": []}, {"id": "x1", "name": " ", "zone": []}]
    liar.replies["region/list"] = lambda asked: answer(regions)
    keep(person, liar.token)
    for language in ("en", "zh-hans"):
        page = Page(browser.get("/images/?q=宁波", headers={"Accept-Language": language}))
        shown = [node.text for node in page.all(_class="region-name")]
        assert shown == ["宁波 nb", "x1"]
        assert page.total == 1
    liar.stop()
