"""What changed, as a person comes upon it: marked in the list, told in the feed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page, expect

from images.sandbox import Sandbox
from tests.browser.conftest import Site, serving, sign_in, watch


@pytest.fixture(scope="module")
def changing() -> Iterator[Sandbox]:
    with Sandbox(images=12, seed=1, clock=lambda: 1_700_000_000.0) as cloud:
        yield cloud


@pytest.fixture(scope="module")
def changing_site(changing: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serving(changing, tmp_path_factory.mktemp("var")) as site:
        yield site


@pytest.fixture
def page(changing_site: Site, browser: Browser) -> Iterator[Page]:
    with browser.new_context(base_url=changing_site.url, locale="en-GB") as context:
        watched = watch(context)
        watched.page.set_default_timeout(10_000)
        sign_in(watched.page)
        yield watched.page
        assert watched.complaints == []


# Since anyone last looked.
AN_HOUR_PASSES = """
from datetime import timedelta
from django.db.models import F
from images.history.models import Visit
Visit.objects.update(seen_at=F("seen_at") - timedelta(hours=1))
"""


def test_what_is_new_is_marked_and_leads_to_what_changed(
    page: Page, changing: Sandbox, changing_site: Site
) -> None:
    expect(page.locator(".new-mark")).to_have_count(0)
    gone = changing.images("gz")[0]
    new = changing.add_image("bj", name="fresh")["cimgUuid"]
    changing.remove_image("gz", gone["cimgUuid"])
    refresh = page.locator("#refresh button")
    expect(refresh).to_be_enabled(timeout=20_000)  # it rests after the list was first read
    changing_site.run("shell", "-c", AN_HOUR_PASSES)
    refresh.click()
    row = page.locator(f"tr[data-image='{new}']")
    expect(row.locator(".new-mark")).to_have_text("new")
    expect(page.locator(".new-mark")).to_have_count(1)

    page.get_by_role("link", name="1 new, 1 gone since your last visit").click()
    expect(page).to_have_url(re.compile(r"/changes/\?after="))
    lines = page.locator("li.change")
    expect(lines).to_have_count(2)
    page.get_by_role("link", name="Appeared 1", exact=True).click()
    expect(page).to_have_url(re.compile("kind=appeared"))
    expect(lines).to_have_count(1)
    page.get_by_role("link", name="Clear all").click()
    expect(lines).to_have_count(2)
    page.go_back()
    expect(lines).to_have_count(1)
    expect(page.get_by_role("heading", name="Changes", level=1)).to_be_visible()

    page.get_by_role("link", name="fresh").click()
    expect(page.locator("#detail #history")).to_contain_text("Appeared")
    page.keyboard.press("g")
    page.keyboard.press("c")
    expect(page).to_have_url(re.compile("/changes/$"))


# Far enough from each other that it is never the same day in both.
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Niue"])
def test_days_are_the_persons_own(
    changing: Sandbox, changing_site: Site, browser: Browser, page: Page, zone: str
) -> None:
    changing.add_image("bj", name=zone)
    page.goto("/changes/")
    refresh, told = page.locator("#refresh button"), page.locator("li.change")
    # Pressed while it still rests, it only says so.
    while not any(zone in text for text in told.all_text_contents()):
        expect(refresh).to_be_enabled(timeout=20_000)
        refresh.click()
        page.wait_for_load_state()
    today = datetime.now(ZoneInfo(zone))

    state = page.context.storage_state()
    with browser.new_context(
        base_url=changing_site.url, locale="en-GB", timezone_id=zone, storage_state=state
    ) as context:
        there = context.new_page()
        there.goto("/changes/")
        written = re.compile(f"{today:%A},? {today.day} {today:%B %Y}")
        expect(there.get_by_role("heading", level=3).first).to_have_text(written)
        first = there.get_by_role("region", name=written)
        expect(first.get_by_text(zone)).to_be_visible()


def test_without_javascript_the_feed_is_narrowed_too(
    changing: Sandbox, changing_site: Site, browser: Browser, page: Page
) -> None:
    state = page.context.storage_state()
    with browser.new_context(
        base_url=changing_site.url, java_script_enabled=False, storage_state=state
    ) as context:
        plain = context.new_page()
        plain.goto("/changes/?q=anything")
        plain.get_by_label("Name or ID").fill("nothing like it")
        plain.get_by_role("button", name="Filter").click()
        expect(plain.get_by_role("heading", name="No matching changes")).to_be_visible()
