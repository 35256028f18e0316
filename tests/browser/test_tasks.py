"""What people come for, in as few acts as it may take: counted, and judged by what they get.

An act is one click, one chord of keys, or one text typed into a field. Each task begins with the
list, which is where a person is after signing in. The counts are printed when all is done (`-s`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from images.sandbox import Sandbox
from tests.browser.conftest import Site, serving, sign_in

MAKE = """
from dashboard.audit.trail import Actor
from dashboard.people import teams
from dashboard.people.models import User
from dashboard.tokens import lifecycle
from tests.browser import cast
by, ann = Actor("ann"), User.objects.get(username="ann")
blue = teams.create("Blue", by=by)
teams.set_role(blue, ann, "admin", by=by)
lifecycle.edit_token(ann.tokens.get(), "Main", team=blue, expires_on=None, by=by)
lifecycle.check_token(cast._keep(ann, "Old account", "0" * 64))
"""
MOST = {
    "the UUID of the newest ready CentOS 7 image of a region": 5,
    "two images compared": 3,
    "what changed since yesterday": 1,
    "which token fails, and why": 2,
    "a wall made and opened": 4,
    "this view shared": 1,
}


@dataclass
class Hands:
    """What a person does with a page, each act counted and none other possible."""

    page: Page
    acts: list[str] = field(default_factory=list)

    def click(self, thing: Locator) -> None:
        self.acts.append("click")
        thing.click()

    def press(self, chord: str) -> None:
        self.acts.append(chord)
        self.page.keyboard.press(chord)

    def type(self, text: str) -> None:
        """Type into the field that has the focus."""
        self.acts.append(f"“{text}”")
        self.page.keyboard.type(text)


@pytest.fixture(scope="module")
def cloud() -> Iterator[Sandbox]:
    with Sandbox(images=100, seed=1, clock=lambda: 1_700_000_000.0) as cloud:
        yield cloud


@pytest.fixture(scope="module")
def site(cloud: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serving(cloud, tmp_path_factory.mktemp("tasks"), {"INVENTORY_FRESH_SECONDS": "5"}) as site:
        site.run("shell", "-c", MAKE)
        yield site


@pytest.fixture(scope="module")
def counted() -> Iterator[dict[str, list[str]]]:
    """Of each task that was done, its acts; printed at the end as a table."""
    found: dict[str, list[str]] = {}
    yield found
    width = max(map(len, MOST))
    print(f"\n{'task':<{width}}  acts  most")  # noqa: T201
    for task, acts in found.items():
        print(f"{task:<{width}}  {len(acts):>4}  {MOST[task]:>4}  {', '.join(acts)}")  # noqa: T201


@pytest.fixture
def hands(site: Site, browser: Browser) -> Iterator[Hands]:
    """Those of Ann, with the list before her."""
    with browser.new_context(base_url=site.url, locale="en-GB") as context:
        context.grant_permissions(["clipboard-read", "clipboard-write"], origin=site.url)
        page = context.new_page()
        page.set_viewport_size({"width": 1280, "height": 800})
        sign_in(page)
        yield Hands(page)


def done(hands: Hands, task: str, counted: dict[str, list[str]]) -> None:
    counted[task] = hands.acts
    assert len(hands.acts) <= MOST[task], hands.acts


def pasted(page: Page) -> str:
    expect(page.locator("#said")).to_contain_text("Copied:")
    return str(page.evaluate("navigator.clipboard.readText()"))


def newest(cloud: Sandbox, region: str) -> dict[str, Any]:
    """The newest ready CentOS 7 image of the region, as the cloud itself has it."""
    fitting = [
        image
        for image in cloud.images(region)
        if (image["osFamily"], image["status"]) == ("CentOS", "Ready")
        and image["osVersion"].split(".")[0] == "7"
    ]
    return max(fitting, key=lambda image: image["createTime"] or 0)


def test_the_uuid_of_the_newest_ready_centos_7_image_of_a_region(
    hands: Hands, cloud: Sandbox, counted: dict[str, list[str]]
) -> None:
    page = hands.page
    hands.press("Control+k")
    hands.type("centos 7 ready bj")
    hands.press("Enter")
    expect(page.locator(".chip", has_text="Region")).to_be_visible()
    hands.press("j")
    hands.press("c")
    assert pasted(page) == newest(cloud, "bj")["cimgUuid"]
    done(hands, "the UUID of the newest ready CentOS 7 image of a region", counted)


def test_two_images_are_compared(hands: Hands, counted: dict[str, list[str]]) -> None:
    page, rows = hands.page, hands.page.locator("tr[data-image]")
    wanted = [rows.nth(place).get_attribute("data-image") or "" for place in (0, 2)]
    for place in (0, 2):
        hands.click(rows.nth(place).get_by_role("checkbox"))
    hands.click(page.get_by_role("button", name="Compare"))
    expect(page.get_by_role("heading", name="Compare images", level=1)).to_be_visible()
    shown = page.locator(".compare thead th a[href*='/images/']")
    addresses = " ".join(shown.evaluate_all("links => links.map((link) => link.href)"))
    assert all(uuid in addresses for uuid in wanted)
    done(hands, "two images compared", counted)


def test_what_changed_since_yesterday(
    hands: Hands, cloud: Sandbox, counted: dict[str, list[str]]
) -> None:
    page = hands.page
    came = cloud.add_image("bj", name="since-yesterday")["cimgUuid"]
    refresh = page.locator("#refresh button")
    while not page.locator(f"tr[data-image='{came}']").count():
        expect(refresh).to_be_enabled(timeout=20_000)
        refresh.click()
        page.wait_for_load_state()
    hands.click(page.get_by_role("link", name="Changes since yesterday"))
    expect(page.get_by_role("heading", name="Changes", level=1)).to_be_visible()
    expect(page.locator("li.change", has_text="since-yesterday")).to_be_visible()
    start = page.evaluate("new Date(new Date().setHours(-24, 0, 0, 0)).toISOString()")
    asked = page.evaluate("new URL(location).searchParams.get('after')")
    assert asked.removesuffix("Z").ljust(23, "0")[:16] == start[:16]
    done(hands, "what changed since yesterday", counted)


def test_which_token_fails_and_why(hands: Hands, counted: dict[str, list[str]]) -> None:
    page = hands.page
    place = page.locator(".places").get_by_role("link", name="Tokens")
    expect(place).to_contain_text("1 token needs attention")
    hands.click(place)
    row = page.locator("[data-token]", has_text="Old account")
    expect(row.locator(".badge-bad")).to_be_visible()
    why = row.locator(".hint", has_text="requestId")
    expect(why).to_be_visible()
    expect(why).to_contain_text("The cloud does not accept this token")
    done(hands, "which token fails, and why", counted)


def test_a_wall_is_made_and_opened(hands: Hands, counted: dict[str, list[str]]) -> None:
    page = hands.page
    hands.click(page.locator(".views > summary"))
    hands.click(page.get_by_role("link", name="Wall for “Blue”"))
    hands.click(page.get_by_role("button", name="Create link"))
    hands.click(page.get_by_role("link", name="Open wall"))
    expect(page.locator("body.display [data-total]").first).to_be_visible()
    assert "/display/" in page.url
    expect(page.get_by_role("heading", level=1)).to_contain_text("Blue")
    done(hands, "a wall made and opened", counted)


def test_this_view_is_shared(hands: Hands, counted: dict[str, list[str]]) -> None:
    page = hands.page
    page.goto("/images/?os=CentOS&sort=name&utm_source=mail&page=1")
    hands.click(page.get_by_role("button", name="Share view"))
    link = pasted(page)
    assert link.endswith("/images/?os=CentOS&sort=name")
    page.goto("about:blank")
    page.goto(link)
    expect(page.locator(".chip")).to_contain_text("CentOS")
    name = page.get_by_role("columnheader", name="Name")
    expect(name).to_have_attribute("aria-sort", "ascending")
    done(hands, "this view shared", counted)
