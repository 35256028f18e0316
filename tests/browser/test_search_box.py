"""The search box says the whole query, follows the filters, and offers what may be typed."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Site, sign_in
from tests.browser.test_typing import asked, go_back, settle

__all__ = ["asked"]


@pytest.fixture
def page(site: Site, browser: Browser) -> Iterator[Page]:
    """The page of Ann, whose time goes on when a test says so."""
    with browser.new_context(base_url=site.url, locale="en-GB") as context:
        page = context.new_page()
        sign_in(page)
        page.clock.install()
        page.goto("/images/")
        yield page


def test_a_typed_qualifier_is_a_filter_and_stays_as_typed_until_one_leaves_the_box(
    page: Page, asked: list[str]
) -> None:
    box = page.locator("#q")
    box.press_sequentially("os:")
    settle(page)
    assert asked == []
    expect(page.locator(".notice-warn")).to_have_count(0)
    box.press_sequentially("centos")
    settle(page)
    assert len(asked) == 1
    expect(page).to_have_url(re.compile(r"/images/\?os=CentOS$"))
    expect(page.locator(".choice[aria-current]", has_text="CentOS")).to_be_visible()
    expect(box).to_have_value("os:centos")
    box.blur()
    expect(box).to_have_value("os:CentOS ")
    go_back(page)
    expect(page).to_have_url(re.compile(r"/images/$"))
    expect(box).to_have_value("")


def test_the_box_follows_the_filters_and_the_filters_follow_the_box(page: Page) -> None:
    box = page.locator("#q")
    page.locator(".choice", has_text="CentOS").click()
    expect(box).to_have_value("os:CentOS ")
    box.fill("os:Ubuntu")
    settle(page)
    expect(page).to_have_url(re.compile(r"/images/\?os=Ubuntu$"))
    expect(page.locator(".chip")).to_have_count(1)
    box.fill("-os:Ubuntu")
    settle(page)
    expect(page.locator(".choice[data-excluded]", has_text="Ubuntu")).to_be_visible()
    page.locator(".chip").click()
    expect(box).to_have_value("")
    expect(page.locator(".chip")).to_have_count(0)


def test_a_suggestion_is_chosen_by_keys_and_leaves_what_was_typed_before(page: Page) -> None:
    box, offered = page.locator("#q"), page.locator("#suggestions")
    box.press_sequentially("-web cen")
    page.clock.run_for(100)
    expect(offered.get_by_role("option").first).to_contain_text("CentOS")
    expect(box).to_have_attribute("aria-expanded", "true")
    expect(page.locator("#suggested")).to_have_text(re.compile(r"^\d suggestions?$"))
    box.press("ArrowDown")
    first = offered.get_by_role("option").first
    expect(first).to_have_attribute("aria-selected", "true")
    assert box.get_attribute("aria-activedescendant") == first.get_attribute("id")
    box.press("ArrowUp")
    expect(box).to_have_attribute("aria-activedescendant", "")
    box.press("ArrowDown")
    box.press("Enter")
    settle(page)
    expect(offered).to_be_hidden()
    expect(box).to_be_focused()
    expect(box).to_have_value("-web os:CentOS ")
    expect(page).to_have_url(re.compile(r"/images/\?os=CentOS&q=-web$"))


def test_escape_closes_the_suggestions_and_keeps_the_text(page: Page) -> None:
    box, offered = page.locator("#q"), page.locator("#suggestions")
    box.press_sequentially("cen")
    page.clock.run_for(100)
    expect(offered).to_be_visible()
    box.press("Escape")
    expect(offered).to_be_hidden()
    expect(box).to_have_value("cen")
    box.press("ArrowDown")
    expect(offered).to_be_visible()
    page.locator("#filters").focus()
    expect(offered).to_be_hidden()


def test_a_touch_chooses_a_suggestion_and_a_name_asks_for_its_value(page: Page) -> None:
    box, offered = page.locator("#q"), page.locator("#suggestions")
    box.press_sequentially("stat")
    page.clock.run_for(100)
    offered.get_by_role("option", name="status:", exact=True).click()
    expect(box).to_have_value("status:")
    expect(offered).to_contain_text("Ready")
    offered.get_by_role("option", name="Ready").first.click()
    settle(page)
    expect(page).to_have_url(re.compile(r"/images/\?status=Ready$"))


def test_what_was_searched_for_is_offered_again_by_this_browser_alone(
    page: Page, asked: list[str]
) -> None:
    box, offered = page.locator("#q"), page.locator("#suggestions")
    for text in ("web", "os:CentOS"):
        box.fill(text)
        box.press("Enter")
        settle(page)
    box.fill("")
    settle(page)
    del asked[:]
    box.click()
    expect(offered.get_by_role("option")).to_have_text(["os:CentOS recent", "web recent"])
    assert asked == []
    offered.get_by_role("option").nth(1).click()
    settle(page)
    expect(page).to_have_url(re.compile(r"/images/\?q=web$"))
