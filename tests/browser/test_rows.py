"""What rows are for besides reading: picked, looked at, copied, arranged."""

from __future__ import annotations

import csv
import re
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import Site, sign_in


def row(page: Page, place: int) -> Locator:
    return page.locator("tr[data-image]").nth(place)


def box(page: Page, place: int) -> Locator:
    return row(page, place).locator(".c-pick input")


def uuids(page: Page, *places: int) -> set[str]:
    return {row(page, place).get_attribute("data-image") or "" for place in places}


def exported(page: Page, name: str) -> set[str]:
    """The images of the file that the button of that name gives."""
    with page.expect_download() as download:
        page.locator("#selection").get_by_role("button", name=name).click()
    lines = csv.DictReader(Path(download.value.path()).read_text("utf-8-sig").splitlines())
    return {line["cimgUuid"] for line in lines}


def test_picked_rows_stay_picked_on_other_pages_and_are_exported_alone(signed_in: Page) -> None:
    page = signed_in
    expect(page.locator("#selection")).to_be_hidden()
    box(page, 1).check()
    box(page, 3).click(modifiers=["Shift"])
    picked = uuids(page, 1, 2, 3)
    expect(page.locator("#selection [data-picked]")).to_have_text("3")

    page.get_by_role("link", name="Next page").click()
    expect(page).to_have_url(re.compile("page=2"))
    expect(page.locator("#selection [data-picked]")).to_have_text("3")
    box(page, 0).check()
    picked |= uuids(page, 0)
    assert exported(page, "CSV") == picked

    page.get_by_role("link", name="Previous page").click()
    expect(page).not_to_have_url(re.compile("page=2"))
    expect(box(page, 2)).to_be_checked()
    page.get_by_role("button", name="Clear").click()
    expect(page.locator("#selection")).to_be_hidden()
    expect(box(page, 2)).not_to_be_checked()


def test_all_of_a_page_are_picked_at_once_and_too_many_are_not_exported(signed_in: Page) -> None:
    page = signed_in
    everything = page.get_by_label("Select all on this page")
    everything.check()
    expect(page.locator("#selection [data-picked]")).to_have_text("50")
    box(page, 0).uncheck()
    assert everything.evaluate("box => box.indeterminate")
    box(page, 0).check()
    page.get_by_role("link", name="Next page").click()
    expect(page).to_have_url(re.compile("page=2"))
    box(page, 0).check()
    expect(page.locator("#selection").get_by_role("button", name="CSV")).to_be_disabled()


def test_without_javascript_rows_are_picked_and_exported_too(site: Site, browser: Browser) -> None:
    with browser.new_context(
        base_url=site.url, java_script_enabled=False, accept_downloads=True
    ) as context:
        page = context.new_page()
        sign_in(page)
        box(page, 0).check()
        box(page, 4).check()
        assert exported(page, "CSV") == uuids(page, 0, 4)

        page.locator(".looks > summary").click()
        page.get_by_role("button", name="Hide Platform").click()
        expect(page).to_have_url(re.compile("columns=name&columns=id"))
        expect(page.get_by_role("columnheader", name="Platform")).to_have_count(0)


def test_resting_on_a_name_shows_a_quick_look_and_so_does_the_space_bar(signed_in: Page) -> None:
    page, look = signed_in, signed_in.locator("#look")
    address = page.url
    name = row(page, 2).locator(".c-name > a")
    name.hover()
    expect(look).to_be_visible()
    expect(look).to_contain_text(name.inner_text())
    page.mouse.move(5, 5)
    expect(look).to_be_hidden()

    other = row(page, 0).locator(".c-name > a")
    other.focus()
    page.keyboard.press(" ")
    expect(look).to_be_visible()
    expect(look).to_contain_text(other.inner_text())
    page.keyboard.press("Escape")
    expect(look).to_be_hidden()
    expect(other).to_be_focused()
    page.keyboard.press("x")
    expect(box(page, 0)).to_be_checked()
    expect(page).to_have_url(address)


def test_a_row_gives_its_uuid_and_its_link(site: Site, signed_in: Page) -> None:
    page = signed_in
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=site.url)
    third = row(page, 2)
    third.hover()
    third.get_by_role("button", name="Copy UUID").click()
    said = page.locator("#said")
    expect(said).to_have_text(f"Copied: {third.get_attribute('data-image')}")
    third.get_by_role("button", name="Copy link").click()
    expect(said).to_contain_text(f"/{third.get_attribute('data-image')}/")
    copied = page.evaluate("navigator.clipboard.readText()")

    page.goto(copied)
    expect(page.locator("#detail [data-detail]")).to_be_visible()


def test_columns_are_arranged_by_keyboard_without_losing_the_menu(signed_in: Page) -> None:
    page, keys = signed_in, signed_in.keyboard
    page.locator(".looks > summary").focus()
    keys.press("Enter")
    page.locator("[name=earlier][value=size]").focus()
    headings = page.locator(".images thead th")
    for place in (4, 3):
        keys.press("Enter")
        expect(headings.nth(place)).to_have_text("Size")
        expect(page.locator("[name=earlier][value=size]")).to_be_focused()
    page.locator("[name=hide][value=size]").focus()
    keys.press("Enter")
    expect(page.locator("[name=hide][value=size]")).to_have_count(0)
    expect(page.locator(".looks > summary")).to_be_focused()
    page.get_by_role("button", name="Reset to default columns").click()
    expect(page).to_have_url(re.compile("/images/$"))


def test_an_image_whose_name_nobody_can_see_can_be_opened(signed_in: Page) -> None:
    page = signed_in
    page.goto("/images/?sort=name&size=200")
    page.get_by_role("link", name="(no visible name)").first.click()

    expect(page.locator("#detail-title")).to_contain_text("(no visible name)")
