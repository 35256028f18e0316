"""Every page and state, for whoever looks at it and however.

axe-core's rules, WCAG 2.2 AA and its own best practice, in English on light and in Chinese on dark
(no colour depends on the language, no word on the theme); a screen of 320 px, which is a desk's at
400 %; and the colours and the stillness that a person's system asks for. Each state is reached once
a language and tried in all these ways.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.browser.states import STATES, State
from tests.browser.world import World, visitor, world

IMAGES = 8  # in each region: 28 in all, on two pages
OPTIONS = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "rules": {"target-size": {"enabled": True}},
    "resultTypes": ["violations"],
}
RUN = "options => axe.run(document, options).then(found => found.violations)"
THEMES: dict[str, Literal["light", "dark"]] = {"en": "light", "zh": "dark"}
WIDE: ViewportSize = {"width": 1280, "height": 800}
NARROWEST: ViewportSize = {"width": 320, "height": 640}

# What can have the focus and shows no outline when it has it.
UNSEEN = """() => [...document.querySelectorAll(
    'a[href], button, input:not([type=hidden]), select, summary, [tabindex="0"]')]
    .filter((each) => each.checkVisibility({ visibilityProperty: true }))
    .filter((each) => {
        each.focus({ focusVisible: true, preventScroll: true });
        const { outlineStyle, outlineWidth } = getComputedStyle(each);
        return document.activeElement === each
            && (outlineStyle === "none" || outlineWidth === "0px");
    })
    .map((each) => each.outerHTML.slice(0, 120))"""
MOVING = "document.getAnimations().map((each) => each.animationName ?? each.transitionProperty)"
# The shape of the mark before an element of each class, without its colours.
SHAPES = """(names) => names.map((name) => {
    const each = document.body.appendChild(document.createElement("span"));
    each.className = name;
    const style = getComputedStyle(each, "::before");
    const filled = style.backgroundColor !== "rgba(0, 0, 0, 0)" || style.backgroundImage !== "none";
    const half = style.backgroundImage !== "none";
    return [filled, half, style.borderStyle, style.borderRadius, style.rotate].join();
})"""
BORDERS = """(each) => {
    const { borderTopWidth, borderLeftWidth, borderBottomColor } = getComputedStyle(each);
    return [borderTopWidth, borderLeftWidth, borderBottomColor].join();
}"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(IMAGES, tmp_path_factory.mktemp("everything")) as made:
        yield made


@pytest.fixture(scope="module")
def pages(made: World, browser: Browser) -> Iterator[dict[str, Page]]:
    contexts = {language: visitor(made, browser, language) for language in THEMES}
    yield {language: context.new_page() for language, context in contexts.items()}
    for context in contexts.values():
        context.close()


@pytest.fixture(scope="module", params=STATES, ids=lambda state: state.name)
def state(request: pytest.FixtureRequest) -> State:
    found: State = request.param
    return found


@pytest.fixture(scope="module", params=THEMES)
def page(request: pytest.FixtureRequest, state: State, made: World, pages: dict[str, Page]) -> Page:
    page = pages[request.param]
    as_usual(page, THEMES[request.param])
    state.reach(page, made)
    return page


def as_usual(page: Page, theme: Literal["light", "dark"] = "light") -> None:
    page.set_viewport_size(WIDE)
    page.emulate_media(color_scheme=theme, forced_colors="none", reduced_motion="no-preference")


def violations(page: Page) -> list[str]:
    page.evaluate(AXE_SCRIPT)
    found: list[dict[str, Any]] = page.evaluate(RUN, OPTIONS)
    return [
        f"{each['id']} ({each['impact']}): {node['target']} {node['html'][:160]}"
        for each in found
        for node in each["nodes"]
    ]


def test_axe_finds_nothing(page: Page) -> None:
    assert violations(page) == []


def test_nothing_is_wider_than_a_narrow_screen(page: Page) -> None:
    page.set_viewport_size(NARROWEST)
    wide = page.evaluate("document.scrollingElement.scrollWidth")
    page.set_viewport_size(WIDE)
    assert wide <= NARROWEST["width"]


def test_the_focus_is_seen_in_the_systems_colours(page: Page) -> None:
    page.emulate_media(forced_colors="active")
    assert page.evaluate(UNSEEN) == []


def test_nothing_moves_for_who_wants_stillness(page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate(MOVING) == []


def test_marks_differ_in_shape_where_colours_do_not_show(
    made: World, pages: dict[str, Page]
) -> None:
    page = pages["en"]
    as_usual(page)
    next(state for state in STATES if state.name == "panel").reach(page, made)
    page.emulate_media(forced_colors="active")
    statuses = [f"status status-{kind}" for kind in ("ok", "busy", "bad", "off", "plain")]
    regions = [f"region region-{kind}" for kind in ("fresh", "stale", "failed", "loading")]
    for names in (statuses, regions):
        shapes = page.evaluate(SHAPES, names)
        assert len(set(shapes)) == len(names), dict(zip(names, shapes, strict=True))

    # What is chosen or open is told by more than its background.
    for chosen, other in (
        ("tr[aria-current] > td >> nth=0", "tr[data-image]:not([aria-current]) > td >> nth=0"),
        (".places [aria-current]", ".places a:not([aria-current]) >> nth=0"),
        (".pager-sizes [aria-current]", ".pager-sizes a:not([aria-current]) >> nth=0"),
    ):
        expect(page.locator(chosen)).to_have_count(1)
        assert page.locator(chosen).evaluate(BORDERS) != page.locator(other).evaluate(BORDERS)
