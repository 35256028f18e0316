"""How pages are laid out at every size, for a mouse and for a finger.

`layout.py` has what is asked of a page; the first tests here show that it notices.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, ViewportSize

from images.sandbox import Sandbox
from tests import marks
from tests.browser import layout
from tests.browser.conftest import serving
from tests.browser.states import STATES, State
from tests.browser.world import World, visitor, world
from tests.dashboards import PASSWORD, USER

PHONE: ViewportSize = {"width": 360, "height": 740}
FAULTY = {
    "a page wider than the screen": ('<p style="width: 400px">wide</p>', "the page is"),
    "a box that cuts what is in it": (
        '<div style="width: 90px; overflow: hidden"><p style="width: 120px">cut</p></div>',
        "holds 30 px more",
    ),
    "a button outside of its form": (
        '<form style="width: 90px"><button style="width: 120px">Apply</button></form>',
        "is wider than what it is in",
    ),
    "a figure in two lines": (
        '<p style="width: 3ch; overflow-wrap: anywhere">100,001 images</p>',
        "100,001 breaks",
    ),
    "a column too narrow for its words": (
        '<table><tr><th style="display: block; width: 3em">Guangzhou and Beijing, gz</th></table>',
        "lines of",
    ),
    "an age that is cut": (
        '<time style="display: block; width: 3em; overflow: hidden; white-space: nowrap">'
        "before Nov 25</time>",
        "is cut",
    ),
    "a button right under a notice": (
        '<p class="notice" style="margin: 0">Deleted.</p><button>Delete</button>',
        "touches p.notice",
    ),
    "a link under a button": (
        '<a href="/" style="display: block; height: 44px">name</a>'
        '<button style="position: absolute; inset: 0 0 auto auto; height: 44px">x</button>',
        '"name" is under button',
    ),
    "a target too small for a finger": (
        '<button style="width: 30px; height: 30px; padding: 0">x</button>',
        "30×30 px, less than 44",
    ),
}


@pytest.fixture
def blank(browser: Browser) -> Page:
    return browser.new_page(viewport=PHONE)


@pytest.mark.parametrize("fault", FAULTY)
def test_the_look_at_a_layout_notices(blank: Page, fault: str) -> None:
    html, told = FAULTY[fault]
    blank.set_content(f"<!doctype html><body style='margin: 0'><main>{html}</main>")
    found = layout.faults(blank, touch=True)
    assert any(told in each for each in found), found
    blank.close()


def test_the_look_at_a_layout_lets_a_link_in_a_sentence_be(blank: Page) -> None:
    blank.set_content("<!doctype html><p>Read <a href='/'>the guide</a> first.</p>")
    assert layout.faults(blank, touch=True) == []
    blank.close()


# Every page and state, at every width, in each language, for a mouse and for a finger.
LANGUAGES = ("en", "zh")
WIDTHS = {"small": (320, 360, 390, 768), "large": (1024, 1280, 1440, 1920, 2560)}
HEIGHTS = {320: 640, 360: 740, 390: 844, 768: 1024, 1920: 1080, 2560: 1440}
# Walls have their own sizes, and nobody at them; the last state keeps everyone out for a minute.
ELSEWHERE = ("wall", "overview", "error-429")
LAID_OUT = [state for state in STATES if not state.name.startswith(ELSEWHERE)]
# What the gate looks at: where most is, at the size where it is tightest for who comes so.
GATE = {
    ("list", "en", "touch", "small"),
    ("panel", "zh", "touch", "small"),
    ("list", "zh", "mouse", "large"),
    ("panel", "en", "mouse", "large"),
    ("list-selection", "en", "mouse", "large"),
    ("tokens", "en", "touch", "small"),
}
IN_THE_GATE = {"small": (320, 390), "large": (1280, 1920)}
TOTALS = (250, 12_345, 123_456)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(8, tmp_path_factory.mktemp("laid-out")) as made:
        yield made


@pytest.fixture(scope="module")
def visitors(made: World, browser: Browser) -> Iterator[dict[tuple[str, str], Page]]:
    ways = [(language, way) for language in LANGUAGES for way in ("mouse", "touch")]
    contexts = {each: visitor(made, browser, each[0], touch=each[1] == "touch") for each in ways}
    yield {each: context.new_page() for each, context in contexts.items()}
    for context in contexts.values():
        context.close()


def looks() -> Iterator[Any]:
    for state in LAID_OUT:
        for language in LANGUAGES:
            for way in ("mouse", "touch"):
                for sizes in WIDTHS:
                    look = (state.name, language, way, sizes)
                    mark = () if look in GATE else pytest.mark.thorough
                    yield pytest.param(state, *look[1:], id="-".join(look), marks=mark)


def at(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": HEIGHTS.get(width, 900)})


def faults_at(page: Page, widths: Iterable[int], *, touch: bool) -> list[str]:
    found = []
    for width in widths:
        at(page, width)
        found += [f"{width}: {each}" for each in layout.faults(page, touch=touch)]
    return found


@pytest.mark.parametrize(("state", "language", "way", "sizes"), list(looks()))
def test_every_page_is_laid_out_at_every_size(
    made: World,
    visitors: dict[tuple[str, str], Page],
    state: State,
    language: str,
    way: str,
    sizes: str,
) -> None:
    page = visitors[language, way]
    widths = WIDTHS[sizes] if marks.EVERYTHING else IN_THE_GATE[sizes]
    at(page, widths[0])
    state.reach(page, made)
    assert faults_at(page, widths, touch=way == "touch") == []


def test_a_row_that_is_pointed_at_or_has_the_focus_covers_nothing(
    made: World, visitors: dict[tuple[str, str], Page]
) -> None:
    page = visitors["en", "mouse"]
    for width in (768, 1280, 1920):
        at(page, width)
        next(state for state in STATES if state.name == "list").reach(page, made)
        name = page.locator("tr[data-image] .c-name > a").nth(3)
        for point in (name.hover, name.focus):
            point()
            page.locator("tr[data-image] .row-actions").wait_for()
            assert layout.faults(page) == []


@pytest.mark.thorough
@pytest.mark.parametrize("total", TOTALS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_totals_of_three_to_six_digits_stand_in_one_line(
    browser: Browser, tmp_path: Path, total: int, language: str
) -> None:
    with (
        Sandbox(total // 3, seed=1, clock=lambda: 1_700_000_000.0) as cloud,
        serving(cloud, tmp_path, {"UPSTREAM_DEADLINE_SECONDS": "50"}) as site,
    ):
        for touch, sizes in ((True, "small"), (False, "large")):
            locale = {"en": "en-GB", "zh": "zh-CN"}[language]
            context = browser.new_context(base_url=site.url, locale=locale, has_touch=touch)
            context.set_default_timeout(120_000)
            page = context.new_page()
            at(page, WIDTHS[sizes][0])
            page.goto("/accounts/login/")
            page.locator("#id_login").fill(USER)
            page.locator("#id_password").fill(PASSWORD)
            page.keyboard.press("Enter")
            page.locator("tr[data-image]").first.wait_for()
            assert faults_at(page, WIDTHS[sizes], touch=touch) == []
            context.close()
