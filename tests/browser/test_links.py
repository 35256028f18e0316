"""An address is a view: whoever opens it, and however, sees the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Site, sign_in

VIEW = (
    "/images/?os=CentOS&os=Ubuntu&q=a&min_size=1GiB&sort=-size&size=25&page=2&density=compact"
    "&columns=name&columns=size&columns=id"
)
# What a person would compare of two screens.
SEEN = """() => ({
    rows: [...document.querySelectorAll("tr[data-image]")].map((each) => each.dataset.image),
    open: document.querySelector("tr[aria-current]")?.dataset.image,
    panel: document.querySelector("#detail [data-detail]")?.dataset.detail,
    columns: [...document.querySelectorAll(".images thead th")].map((each) => each.innerText),
    sorted: document.querySelector("[aria-sort]:not([aria-sort=none])")?.innerText,
    chips: [...document.querySelectorAll(".chip")].map((each) => each.innerText),
    chosen: [...document.querySelectorAll(".filters [aria-current]")].map((each) => each.innerText),
    search: document.querySelector("#q").value,
    compact: document.querySelector(".is-compact") !== null,
    total: document.querySelector("[data-total]").dataset.total,
    range: document.querySelector(".pager-range").innerText,
})"""


def seen(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = page.evaluate(SEEN)
    return found


@pytest.fixture
def view(signed_in: Page) -> Page:
    """Filtered, searched, sorted, on its second page, with other columns, one image open."""
    signed_in.goto(VIEW)
    signed_in.locator("tr[data-image] .c-name > a").nth(3).click()
    expect(signed_in.locator("tr[aria-current]")).to_have_count(1)
    expect(signed_in.locator("#detail-title")).to_be_focused()
    return signed_in


def reloaded(page: Page) -> Page:
    page.reload()
    return page


def in_a_new_tab(page: Page) -> Page:
    """As Ctrl does with a click on the open image."""
    link = page.locator("tr[aria-current] .c-name > a")
    with page.context.expect_page() as opened:
        link.click(modifiers=["Control"])
    return opened.value


def copied_into_another(page: Page) -> Page:
    tab = page.context.new_page()
    tab.goto(page.url)
    return tab


def after_back_and_forward(page: Page) -> Page:
    page.go_back()
    expect(page.locator("#detail [data-detail]")).to_have_count(0)
    page.go_forward()
    return page


def back_from_elsewhere(page: Page) -> Page:
    page.get_by_role("link", name="Overview", exact=True).click()
    expect(page.locator("h1")).to_have_text("Overview")
    page.go_back()
    return page


@pytest.mark.parametrize(
    "way",
    [reloaded, in_a_new_tab, copied_into_another, after_back_and_forward, back_from_elsewhere],
)
def test_it_is_the_same_view_again(view: Page, way: Callable[[Page], Page]) -> None:
    before = seen(view)
    assert before["panel"] == before["open"] == before["rows"][3]
    assert len(before["chips"]) == 4
    assert before["compact"]

    again = way(view)
    expect(again.locator("#detail [data-detail]")).to_be_visible()
    again.wait_for_load_state()
    assert seen(again) == before


def test_it_is_the_same_view_to_somebody_else(view: Page, site: Site, browser: Browser) -> None:
    """With the same token, and other choices of their own."""
    before = seen(view)
    with browser.new_context(base_url=site.url, locale="en-GB") as context:
        page = context.new_page()
        sign_in(page)
        page.locator(".looks > summary").click()
        page.get_by_role("button", name="Comfortable").click()
        page.goto(view.url)
        expect(page.locator("#detail [data-detail]")).to_be_visible()
        assert seen(page) == before


def test_back_goes_through_every_step(signed_in: Page) -> None:
    page, steps = signed_in, []
    total = page.locator("[data-total]")
    doings: tuple[Callable[[], None], ...] = (
        lambda: page.locator(".choice", has_text="CentOS").click(),
        lambda: page.get_by_role("link", name="Size", exact=True).click(),
        lambda: page.get_by_role("link", name="Page 2").click(),
        lambda: page.locator("tr[data-image] .c-name > a").nth(1).click(),
    )
    for do in doings:
        steps.append((page.url, seen(page)))
        do()
        expect(page).not_to_have_url(steps[-1][0])
        expect(page.locator("#progress.htmx-request")).to_have_count(0)
    for address, before in reversed(steps):
        page.go_back()
        expect(page).to_have_url(address)
        expect(total).to_have_attribute("data-total", before["total"])
        expect(page.locator(".pager-range")).to_have_text(before["range"])
        assert seen(page) == before
