"""Typing into the search box: what is asked for meanwhile, and what Back leads to."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from tests.browser.conftest import Site, sign_in

SYLLABLES = ("shu", "shu'ju", "shu'ju'ku", "s", "sh", "shuj", "shujuk", "shujuku", "数据库")


@pytest.fixture
def page(site: Site, browser: Browser) -> Iterator[Page]:
    """The page of Ann, whose time goes on when a test says so."""
    with browser.new_context(base_url=site.url, locale="en-GB") as context:
        page = context.new_page()
        sign_in(page)
        page.clock.install()
        page.goto("/images/?os=CentOS")
        yield page


@pytest.fixture
def asked(page: Page) -> list[str]:
    """What the page has asked for, but for what it asks by itself."""
    found: list[str] = []
    page.on("request", lambda request: found.append(request.url) if is_part(request) else None)
    return found


def is_part(request: Request) -> bool:
    return "hx-request" in request.headers and "/news/" not in request.url


def settle(page: Page) -> None:
    page.clock.run_for(1_000)
    expect(page.locator(".htmx-request")).to_have_count(0)


def go_back(page: Page) -> None:
    """The page loads what was shown there."""
    with page.expect_event("load"):
        page.evaluate("history.back()")


def test_a_word_being_composed_is_searched_for_once_it_is_there(
    page: Page, asked: list[str]
) -> None:
    box, total = page.locator("#q"), page.locator("[data-total]")
    all_of_them = total.get_attribute("data-total") or ""
    box.focus()
    method = page.context.new_cdp_session(page)
    for text in SYLLABLES:
        state = {"text": text, "selectionStart": len(text), "selectionEnd": len(text)}
        method.send("Input.imeSetComposition", state)
        page.clock.run_for(1_000)
    assert asked == []
    expect(total).to_have_attribute("data-total", all_of_them)
    method.send("Input.insertText", {"text": "数据库"})
    settle(page)

    assert len(asked) == 1
    expect(box).to_have_value("os:CentOS 数据库")
    expect(page.locator(".chip", has_text="数据库")).to_be_visible()
    go_back(page)
    expect(page).to_have_url(re.compile(r"/images/\?os=CentOS$"))
    expect(total).to_have_attribute("data-total", all_of_them)


def test_composing_ends_the_search_that_was_about_to_begin(page: Page, asked: list[str]) -> None:
    page.locator("#q").press_sequentially("a")
    method = page.context.new_cdp_session(page)
    state = {"text": "shu", "selectionStart": 3, "selectionEnd": 3}
    method.send("Input.imeSetComposition", state)
    page.clock.run_for(1_000)
    assert asked == []
    # Given up: what was there before is searched for.
    method.send("Input.imeSetComposition", {"text": "", "selectionStart": 0, "selectionEnd": 0})
    settle(page)
    expect(page.locator(".chip").first).to_contain_text("a")
    assert len(asked) == 1


def test_one_search_is_one_step_of_back_however_often_one_pauses(
    page: Page, asked: list[str]
) -> None:
    steps, box = page.evaluate("history.length"), page.locator("#q")
    name = (
        page.locator("tr[data-image]", has_text="Ready").locator(".c-name > a").first.inner_text()
    )
    box.press("End")
    for letter in name[:3]:
        box.press_sequentially(letter)
        settle(page)
    box.press("Enter")
    settle(page)
    expect(page).to_have_url(re.compile(f"q={name[:3]}"))
    assert len(asked) == 4
    assert page.evaluate("history.length") == steps + 1

    page.locator(".choice", has_text="Ready").click()
    settle(page)
    page.get_by_role("link", name="Name", exact=True).click()
    settle(page)
    box.press("End")
    box.press_sequentially("-")
    settle(page)
    assert page.evaluate("history.length") == steps + 4
    for written in ("sort=name", "status=Ready", f"q={name[:3]}"):
        go_back(page)
        expect(page).to_have_url(re.compile(written))
    go_back(page)
    expect(page).to_have_url(re.compile(r"/images/\?os=CentOS$"))
    expect(box).to_have_value("os:CentOS ")


def test_a_filter_chosen_while_typing_leaves_box_and_list_agreeing(page: Page) -> None:
    page.locator("#q").press("End")
    page.locator("#q").press_sequentially("web")
    page.locator(".choice", has_text="Ready").click()
    settle(page)
    expect(page.locator(".chip", has_text="Ready")).to_be_visible()
    expect(page.locator(".chip", has_text="web")).to_have_count(0)
    expect(page.locator("#q")).to_have_value("status:Ready os:CentOS ")
