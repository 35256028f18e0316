"""What is said of what a person did: heard once by who listens, and what is copied anywhere."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests.browser.conftest import Site, sign_in

# Everything that is written where a screen reader listens, from now on.
LISTEN = """() => {
    window.heard = [];
    const live = "[role=status], [role=alert], [aria-live], output";
    new MutationObserver((changes) => {
        for (const { target, addedNodes } of changes) {
            const around = (target.nodeType === 1 ? target : target.parentElement).closest(live);
            const inside = [...addedNodes].filter((each) => each.nodeType === 1)
                .flatMap((each) => [each, ...each.querySelectorAll("*")])
                .filter((each) => each.matches(live));
            for (const each of around ? [around] : inside) {
                if (each.textContent.trim()) window.heard.push(each.textContent.trim());
            }
        }
    }).observe(document.body, { childList: true, characterData: true, subtree: true });
}"""
POLL = """() => htmx.ajax("GET", document.querySelector("#news").getAttribute("hx-get"),
    { source: "#news", swap: "none" })"""
# A name, not an address of this machine, and no certificate: browsers trust such a page with less.
PLAIN = "http://images.example"
CLIPBOARD = """() => navigator.clipboard === undefined"""


def test_each_act_is_said_once_and_what_comes_by_itself_never(signed_in: Page) -> None:
    page = signed_in
    page.evaluate(LISTEN)

    def heard() -> list[str]:
        page.wait_for_function("() => window.heard.length")
        said: list[str] = page.evaluate("window.heard.splice(0)")
        return said

    page.locator("#q").fill("web")
    expect(page.locator(".chip")).to_contain_text("web")
    heading = page.locator("[data-total]").inner_text()
    assert heard() == [heading]
    page.locator(".choice", has_text="CentOS").first.click()
    expect(page.locator(".chip")).to_have_count(2)
    assert heard() == [page.locator("[data-total]").inner_text()] != [heading]
    page.locator("tr[data-image] .c-pick input").first.check()
    assert heard() == [page.locator("#selection p").inner_text()]

    page.evaluate(POLL)
    expect(page.locator(".htmx-request")).to_have_count(0)
    page.locator(".chip-clear").click()
    expect(page.locator(".chip")).to_have_count(0)
    assert heard() == [page.locator("[data-total]").inner_text()]


@pytest.fixture
def plain(site: Site, browser: Browser) -> Iterator[BrowserContext]:
    """A browser to which the dashboard is at PLAIN, signed in."""

    def answer(route: Route) -> None:
        address = route.request.url.replace(PLAIN, site.url)
        route.fulfill(response=route.fetch(url=address))

    with browser.new_context(base_url=site.url, locale="en-GB") as context:
        page = context.new_page()
        sign_in(page)
        page.close()
        context.route(f"{PLAIN}/**", answer)
        yield context


def pasted(page: Page) -> str:
    page.locator("#q").fill("")
    page.locator("#q").focus()
    page.keyboard.press("Control+v")
    return page.locator("#q").input_value()


def test_copying_works_where_a_browser_trusts_the_page_with_no_clipboard(
    plain: BrowserContext,
) -> None:
    page = plain.new_page()
    page.goto(f"{PLAIN}/images/?q=web")
    assert page.evaluate(CLIPBOARD)
    row = page.locator("tr[data-image]").first
    row.locator(".c-name > a").focus()
    page.keyboard.press("c")
    expect(page.locator("#said")).to_contain_text("Copied:")
    expect(row.locator(".c-name > a")).to_be_focused()
    assert pasted(page) == row.get_attribute("data-image")


def test_what_no_browser_lets_a_page_copy_is_selected(plain: BrowserContext) -> None:
    page = plain.new_page()
    page.add_init_script("document.execCommand = () => false")
    page.goto(f"{PLAIN}/images/?q=web")
    page.goto(page.locator("tr[data-image] .c-name > a").first.evaluate("link => link.href"))
    uuid = page.locator("#detail [data-detail]").get_attribute("data-detail") or ""
    page.get_by_role("button", name=f"Copy {uuid}", exact=True).click()
    expect(page.locator("#said")).to_contain_text("Selected, ready to copy:")
    assert page.evaluate("getSelection().toString()") == uuid
