"""The browser's clock may be wrong, and is in some time zone: ages are by the server's clock."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Iterator
from datetime import datetime

import pytest
from playwright.sync_api import Browser, Page, expect

from images.sandbox import Sandbox
from tests import marks
from tests.browser.conftest import Site, serving, sign_in, watch

HOUR = 3_600
ZONES = (
    *("UTC", "Asia/Shanghai", "America/St_Johns", "Asia/Kathmandu", "Pacific/Kiritimati"),
    *("America/Los_Angeles", "Europe/Berlin"),
)
WRONG = (-12 * HOUR, 12 * HOUR)
# One kind of page for each way in which times come: with the page, by htmx, by polling.
PAGES = (
    *("/images/", "/overview/", "/changes/", "/tokens/", "/api-keys/", "/overview/display"),
    "/audit/mine/",
)
# What `Date` says from now on, and nothing else does: timers and performance.now() go on as before.
WRONG_CLOCK = """{
    const Right = Date;
    const off = %d * 1000;
    globalThis.Date = class extends Right {
        constructor(...parts) { if (parts.length) super(...parts); else super(Right.now() + off); }
        static now() { return Right.now() + off; }
    };
}
null"""
MAKE = """
from django.utils import timezone
from datetime import timedelta
from dashboard.api_keys import keys
from dashboard.api_keys.models import ApiKey
from dashboard.audit.trail import Actor
from dashboard.people.models import User
ann = User.objects.get(username="ann")
keys.make(ann, "Nightly", days=7, by=Actor("ann"))
ApiKey.objects.update(last_used_at=timezone.now() + timedelta(seconds=20))
"""
UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60))
SHOWN = """times => times.filter(time => time.checkVisibility()).map(
    time => [time.dateTime, time.textContent, time.dataset.time === "due"])"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with Sandbox(images=12, seed=1) as cloud:
        cloud.add_image("bj", name="of today", createTime=int((time.time() - HOUR) * 1000))
        with serving(cloud, tmp_path_factory.mktemp("clock")) as site:
            site.run("shell", "-c", MAKE)
            yield site


@pytest.fixture
def wrong(site: Site, browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The page of Ann, in a zone and by a clock that is so many seconds ahead."""
    zone, ahead = request.param
    with browser.new_context(base_url=site.url, locale="en-US", timezone_id=zone) as context:
        context.add_init_script(WRONG_CLOCK % ahead)
        watched = watch(context)
        sign_in(watched.page)
        yield watched.page
        assert watched.complaints == []


def age(seconds: float) -> str | None:
    """How an age is written; None for what is written as a day."""
    for unit, length in UNITS:
        count = int(seconds // length)
        if count:
            yesterday = unit == "day" and count == 1
            text = "yesterday" if yesterday else f"{count} {unit}{'s' if count > 1 else ''} ago"
            return text if count < 30 or unit != "day" else None
    count = int(seconds)
    return f"{count} second{'s' if count > 1 else ''} ago" if count else "now"


def assert_right(page: Page) -> None:
    """Every age that is seen is, within two seconds, the one by this machine's clock."""
    shown = page.locator("time[data-time]").evaluate_all(SHOWN)
    now = time.time()
    assert shown
    for exact, text, due in shown:
        past = now - datetime.fromisoformat(exact).timestamp()
        if due:
            assert re.fullmatch("in [1-9].*", text), (page.url, exact, text)
        elif past < 0:
            assert text == "now"
        elif (right := {age(max(0, past + each)) for each in (-2, -1, 0, 1, 2)}) != {None}:
            assert text in right, (page.url, exact, text)


IN_THE_GATE = (("Asia/Shanghai", WRONG[0]), ("America/St_Johns", WRONG[1]))
CASES = marks.some(itertools.product(ZONES, WRONG), IN_THE_GATE)


@pytest.mark.parametrize("wrong", CASES, indirect=True)
def test_ages_are_by_the_servers_clock_on_every_page(wrong: Page) -> None:
    for address in PAGES:
        wrong.goto(address)
        assert_right(wrong)
    # What comes by itself, and by a click.
    wrong.goto("/images/?sort=-created")
    wrong.locator("thead .c-name a").click()
    wrong.wait_for_url("**sort=name**")
    assert_right(wrong)


@pytest.mark.parametrize("wrong", [("Asia/Shanghai", WRONG[1])], indirect=True)
def test_the_refresh_button_rests_as_long_as_the_server_says(wrong: Page) -> None:
    wrong.goto("/images/")
    button = wrong.get_by_role("button", name="Refresh")
    expect(button).to_be_enabled(timeout=20_000)
    button.click()
    expect(wrong.locator("#refresh .rest")).to_have_text(re.compile(r"^ \d+ s$"))
    expect(button).to_be_disabled()


@pytest.mark.parametrize("wrong", [("UTC", 0)], indirect=True)
def test_a_clock_that_is_set_while_the_page_is_open_is_noticed_with_the_next_answer(
    wrong: Page,
) -> None:
    wrong.goto("/images/")
    wrong.evaluate(WRONG_CLOCK % WRONG[1])
    expect(wrong.locator(".region-age time").first).to_have_text(re.compile("hours ago"))
    wrong.locator("thead .c-name a").click()
    wrong.wait_for_url("**sort=name**")
    assert_right(wrong)
