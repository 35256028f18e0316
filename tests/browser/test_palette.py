"""The command palette: opened, typed into and chosen from, by keyboard, touch, or no script."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, Request, expect

from tests.browser.conftest import Site, sign_in
from tests.browser.test_typing import SYLLABLES

OPEN = "#palette[open]"


def is_asked(request: Request) -> bool:
    return "/palette/" in request.url


# Both at once: an answer that comes between would change them.
MEANT_AND_CHOSEN = """() => [
    document.querySelector("#palette [role=combobox]").getAttribute("aria-activedescendant"),
    ...[...document.querySelectorAll("[role=option][aria-selected=true]")].map((each) => each.id),
]"""


def opened(page: Page) -> Locator:
    """The box of the palette, once something can be chosen."""
    page.keyboard.press("Control+k")
    expect(page.get_by_role("option").first).to_be_visible()
    return page.locator("#palette").get_by_role("combobox")


def marked(page: Page) -> Locator:
    """The option that the box says is meant, which is the one that looks so."""
    meant, *chosen = page.evaluate(MEANT_AND_CHOSEN)
    assert chosen == [meant]
    return page.locator("[role=option][aria-selected=true]")


def test_it_opens_by_its_chord_everywhere_and_gives_the_focus_back(signed_in: Page) -> None:
    page = signed_in
    for address in ("/images/", "/overview/", "/tokens/", "/accounts/2fa/"):
        page.goto(address)
        opened(page)
        page.keyboard.press("Escape")
        expect(page.locator(OPEN)).to_have_count(0)
    page.goto("/images/")
    search = page.locator("#q")
    search.focus()
    expect(opened(page)).to_be_focused()
    page.keyboard.press("Control+k")
    expect(page.locator(OPEN)).to_have_count(0)
    expect(search).to_be_focused()


def test_its_chord_works_with_single_keys_off_but_not_over_another_dialog(signed_in: Page) -> None:
    page = signed_in
    page.locator(".c-name > a").first.focus()
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("Control+k")
    expect(page.locator(OPEN)).to_have_count(0)
    page.get_by_label("Single-key shortcuts").uncheck()
    page.keyboard.press("Escape")
    opened(page)
    expect(page.locator(".palette-keys").first).to_be_hidden()
    page.keyboard.press("Escape")
    page.locator(".masthead-end .menu").last.locator("summary").click()
    page.get_by_role("button", name="Keyboard shortcuts").click()
    page.get_by_role("link", name="go to any page, filter or image").click()
    expect(page.locator("#keys")).to_be_hidden()
    expect(page.locator(OPEN)).to_be_visible()


def test_a_mac_has_its_own_key(site: Site, browser: Browser) -> None:
    with browser.new_context(base_url=site.url, locale="en-GB") as context:
        context.add_init_script(
            "Object.defineProperty(navigator, 'platform', { get: () => 'MacIntel' })"
        )
        page = context.new_page()
        sign_in(page)
        expect(page.locator(".go-to kbd")).to_have_text("⌘K")
        page.keyboard.press("Control+k")  # the end of a line is deleted by it
        expect(page.locator(OPEN)).to_have_count(0)
        page.keyboard.press("Meta+k")
        expect(page.locator(OPEN)).to_be_visible()


def test_arrows_home_and_end_say_which_one_is_meant(signed_in: Page) -> None:
    page, keys = signed_in, signed_in.keyboard
    box = opened(page)
    options = page.get_by_role("option")
    last = options.count() - 1
    expect(box).to_have_attribute("aria-expanded", "true")
    for key, place in (
        ("ArrowDown", 1),
        ("ArrowDown", 2),
        ("ArrowUp", 1),
        ("End", last),
        ("ArrowDown", 0),
        ("ArrowUp", last),
        ("Home", 0),
    ):
        keys.press(key)
        assert marked(page).get_attribute("id") == options.nth(place).get_attribute("id")
    expect(box).to_be_focused()
    keys.press("Home")
    keys.press("ArrowDown")
    keys.press("Enter")
    expect(page.get_by_role("heading", name="Overview", level=1)).to_be_visible()


def test_a_filter_is_added_to_those_in_use_without_loading_the_page(signed_in: Page) -> None:
    page = signed_in
    page.goto("/images/?status=Ready")
    page.evaluate("window.same = true")
    opened(page).fill("cent")
    expect(marked(page)).to_contain_text("CentOS")
    count = marked(page).locator(".palette-hint").inner_text()
    page.keyboard.press("Enter")
    expect(page.locator(".chip")).to_have_count(2)
    expect(page).to_have_url(re.compile(r"status=Ready&os=CentOS$"))
    assert page.locator("[data-total]").get_attribute("data-total") == count
    assert page.evaluate("window.same")
    page.go_back()
    expect(page.locator(".chip")).to_have_count(1)

    page.goto("/overview/?status=Ready")
    opened(page).fill("cent")
    page.get_by_role("option", name="OS CentOS").click()
    expect(page).to_have_url(re.compile(r"/images/\?os=CentOS$"))


def test_enter_waits_for_what_was_typed(signed_in: Page) -> None:
    page = signed_in
    box = opened(page)
    box.fill("cent")
    page.keyboard.press("Enter")
    expect(page.locator(".chip")).to_contain_text("CentOS")


def test_an_image_opens_over_the_list_and_its_actions_come_first(
    site: Site, signed_in: Page
) -> None:
    page = signed_in
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=site.url)
    uuid = page.locator("tr[data-image]").nth(30).get_attribute("data-image") or ""
    opened(page).fill(uuid)
    expect(marked(page)).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator("#detail [data-detail]")).to_have_attribute("data-detail", uuid)
    expect(page.locator("#detail-title")).to_be_focused()

    opened(page)
    expect(marked(page)).to_contain_text("Copy UUID")
    page.keyboard.press("Enter")
    expect(page.locator("#said")).to_have_text(f"Copied: {uuid}")
    assert page.evaluate("navigator.clipboard.readText()") == uuid
    opened(page).fill("close the")
    expect(marked(page)).to_contain_text("Close the image")
    page.keyboard.press("Enter")
    expect(page.locator("#detail [data-detail]")).to_have_count(0)


def test_the_open_image_is_compared_with_those_selected(signed_in: Page) -> None:
    page = signed_in
    page.locator("tr[data-image] .c-pick input").nth(1).check()
    page.locator("tr[data-image] .c-name > a").first.click()
    expect(page.locator("#detail-title")).to_be_focused()
    opened(page).fill("compare")
    expect(marked(page)).to_contain_text("Compare with selection")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Compare images", level=1)).to_be_visible()
    expect(page.locator(".compare thead th a")).not_to_have_count(0)


def test_a_word_being_composed_is_asked_for_once_it_is_there(signed_in: Page) -> None:
    page = signed_in
    page.clock.install()
    page.goto("/images/")
    box = opened(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if is_asked(request) else None)
    method = page.context.new_cdp_session(page)
    for text in SYLLABLES:
        state = {"text": text, "selectionStart": len(text), "selectionEnd": len(text)}
        method.send("Input.imeSetComposition", state)
        page.clock.run_for(1_000)
    assert asked == []
    method.send("Input.insertText", {"text": "数据库"})
    page.clock.run_for(1_000)
    expect(page.locator("#palette-images")).to_be_visible()
    expect(box).to_have_value("数据库")
    assert len(asked) == 1


def test_how_many_there_are_is_said_once_and_nothing_found_too(signed_in: Page) -> None:
    page = signed_in
    box = opened(page)
    said = page.locator("#palette [role=status]")
    box.fill("cent")
    expect(page.locator("#palette-filters")).to_be_visible()
    expect(said).to_have_text(f"{page.get_by_role('option').count()} results")
    box.fill("nothing is called like this")
    expect(page.locator(".palette-none").first).to_contain_text("nothing is called like this")
    expect(said).to_have_text("0 results")
    expect(box).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("Enter")
    expect(page.locator(OPEN)).to_be_visible()


@pytest.fixture
def troubled(site: Site, browser: Browser) -> Iterator[Page]:
    """A page whose browser may complain that what it asked for has failed."""
    with browser.new_context(base_url=site.url, locale="en-GB") as context:
        page = context.new_page()
        sign_in(page)
        yield page


def test_without_a_connection_it_says_so_and_goes_on_afterwards(troubled: Page) -> None:
    page = troubled
    box = opened(page)
    page.context.set_offline(True)
    box.fill("cen")
    expect(page.locator("#palette [data-found]")).to_contain_text("not responding")
    page.context.set_offline(False)
    box.fill("cent")
    expect(page.locator("#palette-filters")).to_be_visible()


@pytest.mark.parametrize("status", [400, 403, 404, 429, 500, 502, 200])
def test_what_is_no_part_of_the_page_is_never_shown(troubled: Page, status: int) -> None:
    page = troubled
    page.route(
        "**/palette/**", lambda route: route.fulfill(status=status, body="<h1>From a proxy</h1>")
    )
    page.keyboard.press("Control+k")
    expect(page.locator("#palette [data-found]")).to_contain_text("not responding")
    expect(page.get_by_text("From a proxy")).to_have_count(0)


def test_who_was_signed_out_is_told_and_led_back(troubled: Page) -> None:
    page = troubled
    page.goto("/images/?q=web")
    page.context.clear_cookies()
    page.keyboard.press("Control+k")
    expect(page.locator("#palette [data-found]")).to_contain_text("signed out")
    page.locator("#palette [data-found] a").click()
    expect(page).to_have_url(re.compile(r"/accounts/login/\?next=%2Fimages%2F%3Fq%3Dweb"))


@pytest.fixture
def touched(site: Site, browser: Browser) -> Iterator[Page]:
    with browser.new_context(
        base_url=site.url,
        locale="en-GB",
        has_touch=True,
        viewport={"width": 390, "height": 844},
    ) as context:
        page = context.new_page()
        page.set_default_timeout(10_000)
        sign_in(page)
        yield page


def test_by_touch_it_is_the_whole_screen(touched: Page) -> None:
    page = touched
    page.get_by_role("link", name="Command palette").tap()
    expect(page.get_by_role("option").first).to_be_visible()
    box = page.locator(OPEN).bounding_box()
    assert box
    assert (box["width"], box["height"]) == (390, 844)
    for option in page.get_by_role("option").all():
        size = option.bounding_box()
        assert size
        assert size["height"] >= 44
    page.locator("#palette").get_by_role("combobox").fill("cent")
    page.get_by_role("option", name="CentOS").first.tap()
    expect(page.locator(".chip")).to_contain_text("CentOS")
    page.get_by_role("link", name="Command palette").tap()
    page.locator(OPEN).get_by_role("button", name="Close").tap()
    expect(page.locator(OPEN)).to_have_count(0)


def test_without_scripts_it_is_a_page(site: Site, browser: Browser) -> None:
    with browser.new_context(
        base_url=site.url, locale="en-GB", java_script_enabled=False
    ) as context:
        page = context.new_page()
        sign_in(page)
        page.goto("/images/?status=Ready")
        page.get_by_role("link", name="Command palette").click()
        page.get_by_role("main").get_by_role("searchbox").fill("cent")
        page.get_by_role("main").get_by_role("button", name="Search").click()
        page.get_by_role("link", name="OS CentOS").click()
        expect(page).to_have_url(re.compile(r"/images/\?status=Ready&os=CentOS$"))
