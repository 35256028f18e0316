"""The overview in a real browser: clicking what it draws, on a screen of any width."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import layout

# What the page does by itself, without waiting for it.
RENEW = "htmx.ajax('GET', '/overview/', {target: '#overview', swap: 'outerHTML'})"


def test_clicking_a_bar_or_a_column_lists_its_images(signed_in: Page) -> None:
    signed_in.goto("/overview/")
    bar = signed_in.locator(".card-os tr", has_text="CentOS").first
    count = bar.locator(".numeric").inner_text()
    bar.locator("svg").click()
    expect(signed_in.locator(f"[data-total='{count}']")).to_be_visible()
    expect(signed_in.locator(".chip")).to_have_text(re.compile("CentOS"))

    signed_in.goto("/overview/")
    column = signed_in.locator(".card-age svg a").last
    count = (column.get_attribute("aria-label") or "").rpartition(" ")[2]
    column.click()
    expect(signed_in.locator(f"[data-total='{count}']")).to_be_visible()


def test_a_column_is_opened_with_the_keyboard(signed_in: Page) -> None:
    signed_in.goto("/overview/")
    column = signed_in.locator(".card-size svg a").first
    column.focus()
    signed_in.keyboard.press("Enter")
    expect(signed_in).to_have_url(re.compile("max_size="))


def test_the_matrix_leads_to_an_image(signed_in: Page) -> None:
    signed_in.goto("/overview/")
    signed_in.get_by_role("link", name="Missing in some regions").click()
    mark = signed_in.get_by_role("row").nth(1).locator(".mark").first
    mark.click()
    expect(signed_in.locator("[data-detail], #images").first).to_be_visible()


def test_it_renews_itself_but_not_under_someones_hands(signed_in: Page) -> None:
    signed_in.goto("/overview/")
    signed_in.evaluate("document.querySelector('.overview').dataset.seen = '1'")
    signed_in.locator(".card-age summary").click()
    with signed_in.expect_response(re.compile("/overview/")):
        signed_in.evaluate(RENEW)
    expect(signed_in.locator("[data-seen]")).to_have_count(1)

    signed_in.locator(".card-age summary").click()
    signed_in.locator("h1").click()
    with signed_in.expect_response(re.compile("/overview/")):
        signed_in.evaluate(RENEW)
    expect(signed_in.locator("[data-seen]")).to_have_count(0)


WIDTHS = (320, 360, 390, 768, 1024, 1280, 1440, 1920, 2560)
# How much of a box is empty below what is in it, in px: its own padding and no more.
BOXES = ".decisions, .happening, .charts > .card"
EMPTY = """boxes => [...document.querySelectorAll(boxes)].map(box => {
    const shown = [...box.children].filter(each => each.checkVisibility());
    const low = Math.max(...shown.map(each => each.getBoundingClientRect().bottom));
    return Math.round(box.getBoundingClientRect().bottom - low);
})"""


def fits(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    assert layout.faults(page) == [], width
    assert max(page.evaluate(EMPTY, BOXES), default=0) <= 40, width


def test_no_box_is_larger_than_what_is_in_it_on_any_screen(signed_in: Page) -> None:
    signed_in.goto("/overview/")
    expect(signed_in.locator(".overview")).to_be_visible()
    for width in (320, 1440, 2560):
        fits(signed_in, width)


@pytest.mark.thorough
@pytest.mark.parametrize("language", ["English", "中文"])
@pytest.mark.parametrize("address", ["/overview/", "/overview/coverage/", "/overview/?region=bj"])
def test_every_width_in_both_languages(signed_in: Page, address: str, language: str) -> None:
    signed_in.goto(address)
    if signed_in.get_by_role("button", name=language).count():
        signed_in.get_by_role("button", name=language).click()
    expect(signed_in.locator("h1")).to_be_visible()
    for width in WIDTHS:
        fits(signed_in, width)


def test_clicking_a_part_or_a_day_filters(signed_in: Page) -> None:
    signed_in.goto("/overview/")
    row = signed_in.locator(".card-platform tr", has_text="Linux")
    count = row.locator(".numeric").first.inner_text()
    signed_in.locator(".card-platform .whole a").first.click()
    expect(signed_in.locator(f"[data-total='{count}']")).to_be_visible()

    signed_in.goto("/overview/")
    signed_in.locator(".recent a").click()
    expect(signed_in).to_have_url(re.compile("/changes/"))


@pytest.mark.parametrize("address", ["/overview/", "/overview/coverage/", "/overview/?region=bj"])
def test_a_narrow_page_does_not_scroll_sideways(signed_in: Page, address: str) -> None:
    signed_in.set_viewport_size({"width": 320, "height": 640})
    signed_in.goto(address)
    expect(signed_in.locator("h1")).to_be_visible()
    assert signed_in.evaluate("document.documentElement.scrollWidth") == 320
