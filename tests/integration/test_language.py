"""English and 简体中文: chosen by the browser, or on the page."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.test import Client
from django.test.signals import setting_changed

from dashboard import messages
from images.sandbox import Fault, Sandbox
from tests.integration.images.pages import FRAGMENT, Page, both

URL = "/images/"
CHINESE = {"Accept-Language": "zh-CN,zh;q=0.9"}


@pytest.fixture(autouse=True, scope="module")
def compiled() -> None:
    messages.main()
    # Forget the catalogues that may have been read before there were any.
    setting_changed.send(sender=None, setting="LOCALE_PATHS", value=None, enter=True)


def language(page: Page) -> str:
    return page.one("html").attributes["lang"]


def test_the_browsers_language_is_spoken(viewer: Client) -> None:
    page = Page(viewer.get(URL, headers=CHINESE))

    assert language(page) == "zh-hans"
    assert "名称" in [heading.text for heading in page.all("th", scope="col")]
    assert page.response["Content-Language"] == "zh-hans"
    assert "Accept-Language" in page.response["Vary"]
    assert "Filter" not in page.text


def test_a_language_we_do_not_speak_is_english(viewer: Client) -> None:
    assert language(Page(viewer.get(URL, headers={"Accept-Language": "tlh"}))) == "en"


def test_the_language_chosen_on_the_page_comes_before_the_browsers(viewer: Client) -> None:
    english = Page(viewer.get(URL))
    form = english.one("form", action="/language/")
    choice = form.one("button").attributes
    back = {"Referer": f"http://testserver{URL}?os=CentOS"}
    response = viewer.post("/language/", {choice["name"]: choice["value"]}, headers=back)

    assert response["Location"].endswith(f"{URL}?os=CentOS")
    chinese = Page(viewer.get(URL))
    assert (language(english), language(chinese)) == ("en", "zh-hans")
    assert language(Page(viewer.get(URL, headers={"Accept-Language": "en"}))) == "zh-hans"
    assert chinese.one("form", action="/language/").one("button").attributes["value"] == "en"


def test_every_language_can_be_chosen_on_the_page(viewer: Client) -> None:
    pages = (Page(viewer.get(URL)), Page(viewer.get(URL, headers=CHINESE)))
    buttons = [
        button for page in pages for button in page.one("form", action="/language/").all("button")
    ]

    assert {button.attributes["value"] for button in buttons} == {
        code for code, _name in settings.LANGUAGES
    }


def test_languages_are_not_mixed_on_pages_that_are_kept(viewer: Client) -> None:
    english = Page(viewer.get(URL))
    chinese = Page(viewer.get(URL, headers=CHINESE))
    [again, fragment] = both(viewer, URL)
    chinese_fragment = Page(viewer.get(URL, headers=CHINESE | FRAGMENT))

    headings = [heading.text for heading in english.all("th", scope="col")]
    assert [heading.text for heading in again.all("th", scope="col")] == headings
    assert [heading.text for heading in fragment.all("th", scope="col")] == headings
    assert "名称" in chinese_fragment.text
    assert "Name" not in [heading.text for heading in chinese.all("th", scope="col")]
    assert chinese.uuids == english.uuids == chinese_fragment.uuids


def test_trouble_and_invalid_parameters_are_told_in_chinese(viewer: Client, cloud: Sandbox) -> None:
    cloud.misbehave(Fault("errno", errno=41026, region="bj"))
    page = Page(viewer.get(f"{URL}?sort=colour", headers=CHINESE))

    assert page.failures == ["unavailable"]
    assert len(page.notices) == 2
    for notice in page.notices:
        assert "The cloud" not in notice
        assert "ignored" not in notice
        assert "unknown sort order" not in notice
    assert "查询镜像失败" in page.one("q").text
