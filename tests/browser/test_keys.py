"""The main job by keyboard alone."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.dashboards import PASSWORD, USER

OPEN = "#detail [data-detail]"


def test_an_image_is_found_opened_and_left_without_a_mouse(signed_in: Page) -> None:
    page, keys = signed_in, signed_in.keyboard
    keys.press("/")
    expect(page.locator("#q")).to_be_focused()
    keys.type("web")
    expect(page.locator(".chip")).to_contain_text("web")
    expect(page.locator("#q")).to_have_value("web")
    page.locator("#q").blur()
    keys.press("j")
    first = page.locator("tr[data-image]").nth(0)
    second = page.locator("tr[data-image]").nth(1)
    expect(first.locator(".c-name > a")).to_be_focused()
    keys.press("j")
    expect(second.locator(".c-name > a")).to_be_focused()
    keys.press("Enter")
    expect(page.locator(OPEN)).to_have_attribute(
        "data-detail", second.get_attribute("data-image") or "-"
    )
    expect(page.locator("#detail-title")).to_be_focused()
    keys.press("Escape")
    expect(page.locator(OPEN)).to_have_count(0)
    expect(second.locator(".c-name > a")).to_be_focused()
    keys.press("k")
    expect(first.locator(".c-name > a")).to_be_focused()


def tab_to(page: Page, wanted: Locator, most: int = 400) -> None:
    """As somebody does who has nothing but the Tab key."""
    for _ in range(most):
        if wanted.evaluate("each => each === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{wanted} is not reached with Tab")


def test_the_whole_job_without_a_mouse(page: Page) -> None:
    keys = page.keyboard
    page.goto("/accounts/login/")
    tab_to(page, page.get_by_label("Username"))
    keys.type(USER)
    keys.press("Tab")
    keys.type(PASSWORD)
    keys.press("Enter")
    expect(page.locator("tr[data-image]")).to_have_count(50)
    page.wait_for_load_state()

    keys.press("f")
    choice = page.locator(".choice", has_text="CentOS").first
    tab_to(page, choice)
    keys.press("Enter")
    expect(page.locator(".chip")).to_contain_text("CentOS")
    expect(choice).to_be_focused()
    sort = page.get_by_role("link", name="Size", exact=True)
    tab_to(page, sort)
    keys.press("Enter")
    heading = page.get_by_role("columnheader", name="Size")
    expect(heading).to_have_attribute("aria-sort", "descending")
    keys.press("]")
    expect(page.locator(".pager [aria-current]").first).to_have_text("Page 2")
    keys.press("j")
    keys.press("Enter")
    expect(page.locator(OPEN)).to_be_visible()
    keys.press("Escape")
    expect(page.locator(OPEN)).to_have_count(0)
    # What is swapped in later would take a pick along that was made before.
    expect(page.locator(".htmx-request, .htmx-swapping, .htmx-settling")).to_have_count(0)

    for picked in (1, 2):
        keys.press("j")
        # A list that comes by itself meanwhile takes the focus, and gives it back.
        expect(page.locator("tr[data-image] .c-name > a:focus")).to_have_count(1)
        keys.press("x")
        expect(page.locator("tr[data-image] .c-pick input:checked")).to_have_count(picked)
    compare = page.locator("#selection").get_by_role("button", name="Compare")
    tab_to(page, compare)
    keys.press("Enter")
    expect(page.locator("h1")).to_have_text("Compare images")
    page.go_back()
    expect(page.locator("tr[data-image]").first).to_be_visible()
    page.wait_for_load_state()
    export = page.get_by_role("link", name="CSV")
    tab_to(page, export)
    with page.expect_download() as caught:
        keys.press("Enter")
    assert caught.value.suggested_filename.endswith(".csv")


def test_pages_filters_and_places(signed_in: Page) -> None:
    page, keys = signed_in, signed_in.keyboard
    keys.press("]")
    expect(page.locator(".pager [aria-current]").first).to_have_text("Page 2")
    keys.press("[")
    expect(page.locator(".pager [aria-current]").first).to_have_text("Page 1")
    keys.press("f")
    expect(page.locator(".choice").first).to_be_focused()
    keys.press("g")
    keys.press("o")
    expect(page.locator("h1")).to_have_text("Overview")
    page.wait_for_load_state()  # with the script that listens for keys
    keys.press("g")
    keys.press("t")
    expect(page.locator("h1")).to_have_text("API tokens")
    page.wait_for_load_state()
    keys.press("g")
    keys.press("i")
    expect(page).to_have_url(re.compile(r"/images/(\?|$)"))


def test_the_list_of_keys_opens_and_closes(signed_in: Page) -> None:
    page, keys = signed_in, signed_in.keyboard
    keys.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Keyboard shortcuts")
    keys.press("j")  # in the dialog nothing else fires
    expect(page.get_by_role("dialog")).to_be_visible()
    keys.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_nothing_fires_while_someone_types_or_with_a_modifier(signed_in: Page) -> None:
    page, keys = signed_in, signed_in.keyboard
    page.locator("#q").focus()
    keys.type("j/k?")
    expect(page.locator("#q")).to_have_value("j/k?")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.locator("#q").fill("")
    page.locator("#q").blur()
    keys.press("Control+j")
    expect(page.locator("tr[data-image] a:focus")).to_have_count(0)


def test_keys_of_one_letter_can_be_switched_off_and_stay_so(signed_in: Page) -> None:
    page, keys = signed_in, signed_in.keyboard
    keys.press("?")
    page.get_by_label("Single-key shortcuts").uncheck()
    keys.press("Escape")
    page.reload()
    first = page.locator("tr[data-image]").first
    first.locator(".c-name > a").focus()
    for key in ("x", "?", "/", "g", "t", "]"):
        keys.press(key)
    expect(first.locator("a:focus")).to_have_count(1)
    expect(first.get_by_role("checkbox")).not_to_be_checked()
    expect(page.get_by_role("dialog")).to_have_count(0)
    keys.press("Enter")  # what opens whatever has the focus is no shortcut
    expect(page.locator(OPEN)).to_be_visible()
    keys.press("Escape")
    expect(page.locator(OPEN)).to_have_count(0)

    page.locator(".masthead-end .menu", has_text=USER).locator("summary").click()
    page.get_by_role("button", name="Keyboard shortcuts").click()
    page.get_by_label("Single-key shortcuts").check()
    keys.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    keys.press("]")
    expect(page.locator(".pager [aria-current]").first).to_have_text("Page 2")
