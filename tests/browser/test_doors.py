"""Forms in two tabs of one browser, and forms that are sent twice."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from images.sandbox import Sandbox
from tests.browser.conftest import Site, await_list, serving, sign_in, watch
from tests.dashboards import PASSWORD, USER


@pytest.fixture(scope="module")
def site(big_cloud: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serving(big_cloud, tmp_path_factory.mktemp("doors")) as site:
        yield site


@pytest.fixture(params=[True, False], ids=["scripts", "no scripts"])
def context(
    request: pytest.FixtureRequest, site: Site, browser: Browser
) -> Iterator[BrowserContext]:
    with browser.new_context(
        base_url=site.url, locale="en-GB", java_script_enabled=request.param
    ) as context:
        context.set_default_timeout(10_000)
        yield context


def fill_in(page: Page) -> None:
    page.get_by_label("Username").fill(USER)
    page.get_by_label("Password").fill(PASSWORD)


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def test_signing_in_in_two_tabs_leads_both_where_they_wanted(context: BrowserContext) -> None:
    tabs = [watch(context), watch(context)]
    for tab in tabs:
        tab.page.goto("/api-keys/")
        fill_in(tab.page)
    for tab in tabs:
        press(tab.page, "Sign in")
        expect(tab.page.get_by_role("heading", name="API keys")).to_be_visible()
        assert tab.complaints == []


def test_a_form_from_before_signing_in_anew_is_offered_again(context: BrowserContext) -> None:
    first, second = context.new_page(), context.new_page()
    first.goto("/accounts/login/")
    fill_in(first)
    press(first, "Sign in")
    await_list(first)
    second.goto("/api-keys/")
    second.get_by_label("Label").fill("From a tab")
    first.goto("/accounts/logout/")
    first.locator("main").get_by_role("button", name="Sign out").click()
    fill_in(first)
    press(first, "Sign in")
    await_list(first)

    press(second, "Create key")
    expect(second.locator("h1")).to_have_text("Please try again")
    expect(second.locator("main")).to_contain_text("Nothing was changed.")
    second.get_by_role("link", name="Open the page again").click()
    second.get_by_label("Label").fill("From a tab")
    press(second, "Create key")
    expect(second.locator("[data-key]", has_text="From a tab").first).to_be_visible()


def test_a_double_click_and_a_reload_make_one_key_which_is_shown(
    context: BrowserContext, request: pytest.FixtureRequest
) -> None:
    page, label = context.new_page(), f"Twice, {request.node.callspec.id}"
    sign_in(page)
    page.goto("/api-keys/")
    page.get_by_label("Label").fill(label)
    page.get_by_role("button", name="Create key").dblclick()
    secret = page.locator("[data-link]")
    expect(secret).to_have_value(re.compile("^idk_"))
    shown = secret.input_value()
    expect(page.locator("[data-key]", has_text=label)).to_have_count(1)
    page.reload()
    expect(secret).to_have_value(shown)
    expect(page.locator("[data-key]", has_text=label)).to_have_count(1)


TWICE_AT_ONCE = """form => Promise.all([1, 2].map(async () => {
    const answer = await fetch(form.action, {method: "POST", body: new FormData(form)});
    return new DOMParser().parseFromString(await answer.text(), "text/html")
        .querySelector("[data-link]").value;
}))"""


def test_two_requests_at_once_over_the_wire_make_one_key(page: Page) -> None:
    sign_in(page)
    page.goto("/api-keys/")
    page.get_by_label("Label").fill("At once")
    first, second = page.locator("form[action='/api-keys/']").evaluate(TWICE_AT_ONCE)
    assert first == second
    page.reload()
    expect(page.locator("[data-key]", has_text="At once")).to_have_count(1)
