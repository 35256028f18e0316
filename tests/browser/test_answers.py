"""Whatever comes back from a request of an open page, or does not: the page stays and says so.

Each request that htmx makes is given each kind of answer that is no part of the page.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests import marks
from tests.browser.conftest import Site, sign_in

WHOLE = "<!doctype html><html><header role=banner>A proxy</header><h1>Hello</h1></html>"
IMAGE = "tr[data-image] .c-name > a"


@dataclass(frozen=True)
class Asked:
    """A request: on which page, what makes it, its address, and whether it is sent again."""

    page: str
    act: Callable[[Page], None]
    address: str
    repeats: bool = True


def click(selector: str) -> Callable[[Page], None]:
    return lambda page: page.locator(selector).first.click()


def search(page: Page) -> None:
    page.locator("#q").press_sequentially("web")


def change_looks(page: Page) -> None:
    page.locator(".looks > summary").click()
    page.locator("button[value=compact]").click()


def look(page: Page) -> None:
    page.locator(IMAGE).nth(1).focus()
    page.keyboard.press(" ")


def narrow_changes(page: Page) -> None:
    page.locator(".filter-line [name=q]").fill("api")
    page.locator(".filter-line button").click()


def wait(page: Page) -> None:
    page.clock.run_for(31_000)


LIST, OPEN = "/images/?size=25", "/images/bj/4a48f88391134a01befe88ff98b68a88/?size=25"
ASKED = {
    "search": Asked(LIST, search, "/images/?*"),
    "facet": Asked(LIST, click(".choice"), "/images/?*"),
    "sort": Asked(LIST, click(".c-size a"), "/images/?*"),
    "page": Asked(LIST, click(".pager a[rel=next]"), "/images/?*"),
    "sizes": Asked(LIST, click(".ranges button"), "/images/?*"),
    "clear": Asked(f"{LIST}&os=CentOS", click(".chip"), "/images/?*"),
    "panel": Asked(LIST, click(IMAGE), "/images/*/*/?*"),
    "next": Asked(OPEN, click("[data-neighbour]"), "/images/*/*/?*"),
    "close": Asked(OPEN, click("[data-close]"), "/images/?*"),
    "look": Asked(LIST, look, "/images/*/*/look/?*"),
    "views": Asked(LIST, click(".views > summary"), "/views/menu/"),
    "columns": Asked(LIST, change_looks, "/images/looks/", repeats=False),
    "list polls": Asked(LIST, wait, "/images/news/**"),
    "panel polls": Asked(OPEN, wait, "/images/news/**"),
    "overview polls": Asked("/overview/", wait, "/overview/"),
    "changes": Asked("/changes/?q=web&kind=appeared", click("#without-text"), "/changes/?*"),
    "changes form": Asked("/changes/?q=web", narrow_changes, "/changes/?*"),
}


@dataclass(frozen=True)
class Answer:
    says: str
    fulfil: dict[str, Any] = field(default_factory=dict)

    def give(self, route: Route) -> None:
        if self.fulfil:
            route.fulfill(**{"content_type": "text/html", **self.fulfil})
        else:
            route.abort()


def status(code: int) -> dict[str, Any]:
    return {"status": code, "body": WHOLE, "headers": {"X-Request-ID": "a1b2c3d4"}}


ANSWERS = {
    "nothing": Answer("not responding"),
    "302": Answer("has answered", {"status": 302, "headers": {"Location": "/teams/"}}),
    "302 to the door": Answer(
        "signed out", {"status": 302, "headers": {"Location": "/accounts/login/?next=/"}}
    ),
    "403 to the door": Answer(
        "signed out", {"status": 403, "headers": {"HX-Redirect": "/accounts/login/?next=/"}}
    ),
    "400": Answer("not there any more", status(400)),
    "403": Answer("not there any more", status(403)),
    "404": Answer("not there any more", status(404)),
    "429": Answer("Too many requests", status(429)),
    "500": Answer("cannot answer just now. .*a1b2c3d4", status(500)),
    "502": Answer("cannot answer just now", status(502)),
    "empty": Answer("has answered", {"status": 200, "body": ""}),
    "cut": Answer("has answered", {"status": 200, "body": "", "headers": {"X-Fragment": "true"}}),
    "whole page": Answer("has answered", {"status": 200, "body": WHOLE}),
}
# What must be there, whatever was answered.
PARTS = "h1, [role=banner], #images, #overview, #changes, #detail, #q"
SEEN = f"""() => [
    location.href, document.title,
    ...[...document.querySelectorAll("{PARTS}")].map((each) => each.tagName + each.id),
    document.querySelectorAll("tr[data-image]").length,
    document.querySelectorAll("li.change").length,
    document.querySelector("[data-detail]")?.innerText,
]"""


@pytest.fixture
def page(site: Site, browser: Browser) -> Iterator[Page]:
    """The page of Ann, whose time goes on when a test says so. It throws no error."""
    with browser.new_context(base_url=site.url, locale="en-GB") as context:
        page, errors = context.new_page(), []
        page.on("pageerror", lambda error: errors.append(error))
        page.set_default_timeout(10_000)
        sign_in(page)
        page.clock.install()
        yield page
        assert errors == []


def pairs() -> list[Any]:
    """Each request with each answer; in the gate each is there once."""
    in_the_gate = {*zip(ASKED, [*ANSWERS, *ANSWERS], strict=False)}
    every = [(asked, answer) for asked in ASKED for answer in ANSWERS]
    return marks.some(every, in_the_gate)


@pytest.mark.parametrize("pair", pairs(), ids=" gets ".join)
def test_the_page_stays_says_what_happened_and_goes_on(page: Page, pair: tuple[str, str]) -> None:
    asked, answer = ASKED[pair[0]], ANSWERS[pair[1]]
    page.goto(asked.page)
    before = page.evaluate(SEEN)
    page.route(asked.address, lambda route: answer.give(route))
    cookies: Any = page.context.cookies()
    if pair[1] == "302 to the door":
        page.context.clear_cookies()
    asked.act(page)
    page.clock.run_for(1_000)

    trouble = page.get_by_role("alert").filter(has_text="What you see is as it was before.")
    expect(trouble).to_have_text(re.compile(answer.says))
    again = "It is retried automatically." if asked.repeats else "Please try again."
    expect(trouble).to_contain_text(again)
    expect(page.locator(".htmx-request")).to_have_count(0)
    assert page.evaluate(SEEN) == before

    page.unroute(asked.address)
    page.context.add_cookies(cookies)
    with page.expect_response(asked.address):
        if asked.repeats:
            page.clock.run_for(5_000)
        else:
            page.locator("button[value=compact]").click()
    expect(trouble).to_have_count(0)


def test_without_a_connection_the_list_stays_and_everything_works_again(page: Page) -> None:
    page.goto(LIST)
    before, steps = page.evaluate(SEEN), page.evaluate("history.length")
    page.context.set_offline(True)
    page.locator("#q").press_sequentially("web")
    page.clock.run_for(1_000)
    for act in (ASKED["sort"].act, ASKED["facet"].act, ASKED["panel"].act, ASKED["page"].act):
        act(page)
        page.clock.run_for(2_500)
    expect(page.get_by_role("alert")).to_have_count(1)
    expect(page.get_by_role("alert")).to_contain_text("no connection")
    assert page.evaluate(SEEN) == before

    page.context.set_offline(False)  # What was asked for last comes by itself.
    expect(page.get_by_role("alert")).to_have_text("")
    expect(page.locator(".pager-range")).to_have_text("26–50 of 750")
    expect(page.locator("#q")).to_have_value("")
    assert page.evaluate("history.length") == steps + 1
    page.locator(".choice", has_text="CentOS").click()
    expect(page.locator(".chip")).to_contain_text("CentOS")


def test_a_search_that_failed_comes_when_the_dashboard_is_back(page: Page) -> None:
    page.goto(LIST)
    page.route("/images/?*", lambda route: route.abort())
    page.locator("#q").press_sequentially("web")
    page.clock.run_for(1_000)
    expect(page.get_by_role("alert")).to_contain_text("no connection")
    page.unroute("/images/?*")
    page.clock.run_for(31_000)  # polling finds it back
    expect(page.locator(".chip")).to_contain_text("web")
    expect(page.locator("#q")).to_have_value("web")
    expect(page.get_by_role("alert")).to_have_text("")
