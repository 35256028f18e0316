"""What is not on the way of the main job, without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Site, sign_in, watch


@pytest.fixture
def page(site: Site, browser: Browser) -> Iterator[Page]:
    with browser.new_context(
        base_url=site.url, locale="en-GB", java_script_enabled=False
    ) as context:
        watched = watch(context)
        watched.page.set_default_timeout(10_000)
        sign_in(watched.page)
        yield watched.page
        assert watched.complaints == []


def test_how_the_list_looks_is_chosen(page: Page) -> None:
    page.locator(".looks > summary").click()
    page.get_by_role("button", name="Compact").click()
    expect(page.locator(".is-compact")).to_have_count(1)
    page.locator(".looks > summary").click()
    page.get_by_role("button", name="Move Size left").click()
    expect(page).to_have_url(re.compile("columns="))
    headings = page.locator(".images thead th").all_inner_texts()
    assert headings.index("Size") < headings.index("Platform")
    page.goto("/")
    expect(page.locator(".images thead th")).to_have_text(headings)
    page.locator(".looks > summary").click()
    page.get_by_role("button", name="Reset to default columns").click()
    expect(page).to_have_url(re.compile("/images/$"))


def test_a_view_is_saved_used_changed_and_deleted(page: Page) -> None:
    page.goto("/images/?q=web&os=CentOS")
    page.locator(".views > summary").click()
    page.get_by_role("button", name="Save this view").click()
    page.get_by_label("Name").fill("Web on CentOS")
    page.get_by_role("button", name="Save", exact=True).click()
    row = page.locator("[data-view]", has_text="Web on CentOS")
    row.get_by_role("link", name="Web on CentOS").first.click()
    expect(page).to_have_url(re.compile("q=web"))
    expect(page.locator(".chip")).to_have_count(2)

    page.goto("/views/")
    row.get_by_role("link", name=re.compile("Change")).click()
    page.get_by_label("Name").fill("Web")
    page.get_by_role("button", name="Save", exact=True).click()
    changed = page.locator("[data-view]", has=page.get_by_role("link", name="Web", exact=True))
    expect(changed).to_have_count(1)
    changed.get_by_role("link", name="Delete").click()
    expect(page.locator("h1")).to_have_text("Delete “Web”?")
    page.get_by_role("button", name="Delete").click()
    expect(changed).to_have_count(0)


def test_language_theme_and_refresh_are_a_press_away(page: Page) -> None:
    page.get_by_role("button", name="中文").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-hans")
    page.get_by_role("button", name="English").click()
    page.locator(".masthead .menu > summary").first.click()
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.locator("#refresh button").click()
    expect(page.locator("tr[data-image]").first).to_be_visible()


def test_the_overview_and_its_tables_lead_to_lists(page: Page) -> None:
    page.goto("/overview/")
    ages = page.locator(".there .columns + .as-table").first
    ages.locator("summary").click()
    ages.locator("a").first.click()
    expect(page.locator("tr[data-image]").first).to_be_visible()
    expect(page.locator(".chip").first).to_be_visible()
    page.goto("/overview/coverage/")
    page.locator(".coverage th a").first.click()
    expect(page.locator("tr[data-image]").first).to_be_visible()


def test_images_are_compared_by_their_address(page: Page) -> None:
    uuids = [page.locator("tr[data-image]").nth(n).get_attribute("data-image") for n in (0, 1)]
    regions = [page.locator("tr[data-image]").nth(n).get_attribute("data-region") for n in (0, 1)]
    query = "&".join(f"image={r}/{u}" for r, u in zip(regions, uuids, strict=True))
    page.goto(f"/images/compare/?{query}")
    expect(page.locator(".differs").first).to_be_visible()


def test_a_key_is_made_and_revoked(page: Page) -> None:
    page.goto("/api-keys/")
    page.get_by_label("Label").fill("Report")
    page.get_by_role("button", name="Create key").click()
    expect(page.locator("[data-link]")).to_have_value(re.compile("^idk_"))
    row = page.locator("[data-key]", has_text="Report")
    row.get_by_role("link", name=re.compile("Revoke")).click()
    page.get_by_role("link", name="Cancel").click()
    row.get_by_role("link", name=re.compile("Revoke")).click()
    page.get_by_role("button", name="Revoke").click()
    page.wait_for_url("**/api-keys/")
    expect(row).to_contain_text("Revoked")
    expect(row.get_by_role("link")).to_have_count(0)


def test_days_are_of_utc_and_the_form_says_so(page: Page) -> None:
    page.goto("/images/")
    labels = page.locator(".ranges label:has([type=date])").all_inner_texts()
    assert [each.split() for each in labels] == [
        ["Created", "from", "(UTC)"],
        ["Created", "up", "to", "(UTC)"],
    ]
    page.get_by_label("Created from").fill("2020-10-27")
    page.get_by_label("Created up to").fill("2020-10-27")
    page.get_by_role("button", name="Apply").click()
    expect(page).to_have_url(re.compile("created_before=2020-10-27"))
    shown = page.locator(".c-created time").all_inner_texts()
    assert shown
    assert all(re.fullmatch("2020-10-27 .* UTC", each) for each in shown)
    expect(page.get_by_label("Created up to")).to_have_value("2020-10-27")
    expect(page.locator(".chip time")).to_have_text(["2020-10-27 UTC", "2020-10-27 UTC"])
