"""A wall screen in a real browser: it goes on by itself, whatever happens to the dashboard."""

from __future__ import annotations

import itertools
import re
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from images.sandbox import Sandbox
from tests.browser import layout
from tests.browser.conftest import Site, serving, sign_in, watch

MAKE = """
from dashboard.displays import links
from dashboard.people import teams
from dashboard.audit.trail import Actor
from dashboard.tokens.models import Token
token, by = Token.objects.get(), Actor("ann")
token.team = token.team or teams.create("Blue", by=by)
token.save()
print("KEY", links.make(token.team, token, "Hall", query={!r}, days=7, language={!r}, by=by)[1])
"""
READ = """
from dashboard.people import policy
from dashboard.tokens import access
from dashboard.tokens.models import Token
from images.services import refresh
refresh.refresh(access.stored(Token.objects.get()), everything=True)
"""
# Whose turn it is follows from the time alone: here from for how long each screen is shown.
TURN_OF = """
import time
from dashboard.displays.models import Display
def turn(place):
    now = int(time.time())
    fits = (n for n in range(1000, 30000) if now // n % 2 == place and now % n < n - 100)
    Display.objects.update(turn_seconds=next(fits))
"""
PLAYLIST = (
    MAKE.format("", "en")
    + TURN_OF
    + """
more = {"query": "", "days": 7, "language": "en", "by": by}
second, _key = links.make(token.team, token, "Second", **more)
print("KEY", links.make(token.team, token, "First", **more, turns_with=[second])[1])
turn(0)
"""
)
TURN = TURN_OF + "turn(1)"
AWAY = re.compile(r"ERR_|htmx:(afterRequest|sendError|timeout|responseError)|Failed to load")
SIGN_OUT = """
from django.contrib.sessions.models import Session
Session.objects.all().delete()
"""
REVOKE = "from dashboard.displays.models import Display; Display.objects.latest('made_at').delete()"


@pytest.fixture(scope="module")
def cloud() -> Iterator[Sandbox]:
    with Sandbox(images=12, seed=1, clock=lambda: 1_700_000_000.0) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def site(cloud: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serving(cloud, tmp_path_factory.mktemp("wall")) as site:
        yield site


@pytest.fixture(scope="module")
def address(site: Site) -> str:
    return made(site)


def made(site: Site, query: str = "", language: str = "en") -> str:
    """The address of another link."""
    found = re.search(r"KEY (\S+)", site.run("shell", "-c", MAKE.format(query, language)))
    assert found
    return f"/display/{found[1]}/"


@pytest.fixture
def wall(site: Site, browser: Browser) -> Iterator[Page]:
    """A screen whose time goes on when a test says so. That the dashboard is away the browser says
    on its console: nothing else may be said there."""
    with browser.new_context(base_url=site.url, locale="en-GB") as context:
        watched = watch(context)
        watched.page.clock.install()
        yield watched.page
        assert [text for text in watched.complaints if not AWAY.search(text)] == []


def poll(page: Page, ends: str = "response") -> None:
    """Let time go on until the screen has asked again, and was answered, or was not."""
    with page.expect_event(ends, lambda about: "/display" in about.url):
        page.clock.run_for(11_000)


def poll_until(page: Page, so: Callable[[], bool]) -> None:
    """A new list is decoded behind, while the last one is shown."""
    for _ in range(10):
        if so():
            break
        poll(page)


def test_it_goes_on_by_itself(wall: Page, address: str, cloud: Sandbox, site: Site) -> None:
    wall.goto(address)
    expect(wall.get_by_role("heading", name="Hall")).to_be_visible()
    before = int(wall.locator("[data-total]").inner_text())
    expect(wall.locator("#clock")).to_have_text(re.compile(r"^\d\d:\d\d:\d\d$"))

    cloud.add_image("bj", name="new on the wall", status="Failed")
    site.run("shell", "-c", READ)
    poll_until(wall, lambda: wall.locator("[data-total]").inner_text() != str(before))
    expect(wall.locator("[data-total]")).to_have_text(str(before + 1))
    expect(wall.locator(".attention li").first).to_contain_text("new on the wall")
    expect(wall.locator(".attention li").first).to_contain_text(re.compile(r"since \d\d:\d\d"))
    expect(wall.locator(".state-word").last).to_have_text("1 new")
    expect(wall.locator("#silence")).to_be_hidden()


WALLS = ((1280, 720), (1920, 1080), (3840, 2160), (1080, 1920))
# How the screen is filled: the rows that are shown, those that are not counted, and what is left of
# the list's height below the last of them.
ROWS = """list => {
    const box = list.getBoundingClientRect();
    const rows = [...list.children].map(row => row.getBoundingClientRect());
    const shown = rows.filter(row => row.left < box.right);
    const cut = shown.filter(row => row.bottom > box.bottom + 1).length;
    const more = list.closest("section").querySelector(".screen-more");
    const left = more.hidden ? 0 : Number(more.textContent.replace(/\\D/g, ""));
    const below = (box.bottom - Math.max(...shown.map(row => row.bottom))) / box.height;
    return { all: shown.length + left, cut, below };
}"""


# From where to where each reaches downwards, with all that is in it.
PARTS = ".state-band, .attention, .in-progress, .freshness"
EXTENTS = """all => all.filter((each) => each.checkVisibility()).map((each) => {
    const within = [each, ...each.querySelectorAll("*")];
    const low = Math.max(...within.map((part) => part.getBoundingClientRect().bottom));
    return [each.getBoundingClientRect().top, low];
})"""


def test_a_wall_is_filled_and_read_from_afar_and_nothing_is_wider_than_a_phone(
    wall: Page, address: str, cloud: Sandbox, site: Site
) -> None:
    job = {"jobUuid": "a" * 32, "type": "CreateCIMG", "progress": 5, "done": False}
    for number in range(60):
        cloud.add_image(
            "bj", name=f"{'a long name ' * 9}of a broken image {number}", status="Failed"
        )
        cloud.add_image("gz", name=f"under way {number}", job={**job, "jobUuid": f"{number:032x}"})
    site.run("shell", "-c", READ)
    wall.goto(address)
    many = wall.locator(".attention .how-many")
    poll_until(wall, lambda: int(many.inner_text()) > 60)

    for width, height in WALLS:
        wall.set_viewport_size({"width": width, "height": height})
        size = "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
        assert wall.evaluate(size) == [width, height]
        assert layout.sideways(wall) + layout.broken_figures(wall) == []
        assert layout.small_texts(wall) == []
        for section, count in (
            (".attention", ".attention .how-many"),
            (".in-progress", ".in-progress .how-many"),
        ):
            rows = wall.locator(f"{section} .screen-list").evaluate(ROWS)
            assert (rows["all"], rows["cut"]) == (int(wall.locator(count).inner_text()), 0)
            assert rows["below"] < 0.12, (width, height, section)
    wall.set_viewport_size({"width": 360, "height": 740})
    assert layout.faults(wall) == []
    # On a phone the parts stand one below the other, and none lies over the next.
    extents = wall.locator(PARTS).evaluate_all(EXTENTS)
    assert len(extents) == 4
    assert all(above[1] <= below[0] for above, below in itertools.pairwise(extents)), extents


@pytest.mark.thorough
@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize(
    "query", ["", "q=nothing-like-this", "q=a+long+name+of", "status=Ready&storage=ok"]
)
def test_every_wall_fits_in_every_state_and_language(
    wall: Page, site: Site, query: str, language: str
) -> None:
    wall.goto(made(site, query, language))
    for width, height in (*WALLS, (1024, 768)):
        wall.set_viewport_size({"width": width, "height": height})
        size = "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
        assert wall.evaluate(size) == [width, height]
        assert layout.faults(wall) == []
        assert layout.small_texts(wall) == []


def test_six_digits_stay_in_one_piece_on_every_wall(wall: Page, address: str) -> None:
    wall.goto(address)
    for figure in wall.locator(".count strong, .how-many").all():
        figure.evaluate("figure => { figure.textContent = '100,001'; }")
    for width, height in WALLS:
        wall.set_viewport_size({"width": width, "height": height})
        assert layout.sideways(wall) + layout.broken_figures(wall) == []
        assert wall.evaluate("document.documentElement.scrollHeight") == height


def test_a_dashboard_that_is_away_leaves_the_last_news_and_says_so(
    wall: Page, address: str, site: Site, cloud: Sandbox
) -> None:
    wall.goto(address)
    shown = wall.locator("[data-total]").inner_text()
    site.stop()
    for _ in range(4):
        poll(wall, "requestfailed")

    expect(wall.locator("#silence")).to_be_visible()
    expect(wall.locator("#silence h2")).to_have_text("No response")
    expect(wall.locator("#silence")).to_contain_text("The dashboard is not responding.")
    expect(wall.locator("[data-state]")).to_be_hidden()
    assert wall.evaluate("document.documentElement.scrollHeight === innerHeight")
    expect(wall.locator("[data-total]")).to_have_text(shown)
    site.start()
    poll(wall)
    expect(wall.locator("#silence")).to_be_hidden()
    newest = sum(len(cloud.images(region)) for region in ("bj", "gz", "sh"))
    expect(wall.locator("[data-total]")).to_have_text(str(newest))


def test_what_a_proxy_says_meanwhile_is_no_news(wall: Page, address: str) -> None:
    wall.goto(address)
    shown = wall.locator("[data-total]").inner_text()
    wall.route("**/display/**", lambda route: route.fulfill(status=502, body="Bad gateway"))
    for _ in range(4):
        poll(wall)

    expect(wall.get_by_text("is not responding")).to_be_visible()
    expect(wall.get_by_text("sign in again")).to_be_hidden()
    expect(wall.locator("#silence time")).to_have_text(re.compile(r"^\d+ seconds ago$"))
    expect(wall.locator("[data-total]")).to_have_text(shown)
    wall.unroute("**/display/**")
    poll(wall)
    expect(wall.locator("#silence")).to_be_hidden()


def test_who_is_signed_out_stays_before_the_last_news(wall: Page, site: Site) -> None:
    sign_in(wall)
    wall.goto("/overview/display")
    shown = wall.locator("[data-total]").inner_text()
    site.run("shell", "-c", SIGN_OUT)
    for _ in range(4):
        poll(wall)

    expect(wall.get_by_text("sign in again")).to_be_visible()
    expect(wall.get_by_text("is not responding")).to_be_hidden()
    expect(wall.locator("[data-total]")).to_have_text(shown)
    expect(wall).to_have_url(re.compile("/overview/display$"))


def test_after_an_update_of_the_dashboard_the_screen_loads_itself_anew(
    wall: Page, address: str
) -> None:
    wall.goto(address)
    screen = wall.locator("#screen")
    now = screen.get_attribute("hx-headers") or ""
    screen.evaluate("screen => screen.setAttribute('hx-headers', '{\"X-Screen\": \"older\"}')")
    poll(wall)

    expect(screen).to_have_attribute("hx-headers", now)
    expect(wall.locator("[data-total]")).to_be_visible()


def test_a_playlist_turns_by_itself_and_leaves_out_what_was_revoked(wall: Page, site: Site) -> None:
    first = re.findall(r"KEY (\S+)", site.run("shell", "-c", PLAYLIST))[1]
    wall.goto(f"/display/{first}/")
    expect(wall.get_by_role("heading", name="First")).to_be_visible()
    expect(wall.locator(".turn")).to_have_text("1 / 2")

    site.run("shell", "-c", TURN)
    poll(wall)
    expect(wall.get_by_role("heading", name="Second")).to_be_visible()
    expect(wall.locator(".turn")).to_have_text("2 / 2")
    site.run("shell", "-c", TURN_OF + "Display.objects.filter(title='Second').delete()")
    poll(wall)
    expect(wall.get_by_role("heading", name="First")).to_be_visible()
    expect(wall.locator(".turn")).to_be_hidden()


def test_a_revoked_link_leaves_an_open_screen(wall: Page, site: Site) -> None:
    revoked = made(site)
    wall.goto(revoked)
    site.run("shell", "-c", REVOKE)
    poll(wall)

    expect(wall.get_by_role("heading")).to_have_text("This display link does not work")


def test_a_request_that_cannot_be_read_leaves_no_key_in_the_log(site: Site, address: str) -> None:
    with socket.create_connection(("127.0.0.1", int(site.environment["PORT"]))) as line:
        line.sendall(f"GET {address}\r\n\r\n".encode())
        assert b" 400 " in line.recv(100)

    log = (Path(site.environment["VAR_DIR"]) / "log").read_text()
    assert "'GET /display/[redacted]/'" in log
    assert address not in log


def test_without_javascript_the_page_fetches_itself(
    site: Site, browser: Browser, address: str
) -> None:
    with browser.new_context(base_url=site.url, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(address)
        expect(page.locator("[data-total]")).to_be_visible()
        assert page.locator("meta[http-equiv=refresh]").get_attribute("content") == "30"
        assert context.cookies() == []
