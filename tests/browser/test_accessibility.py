"""Every page and state, in both languages and both themes, for whoever looks at it and however.

axe-core's rules for WCAG 2.2 AA, a screen as narrow as a phone's or a page as large as 400 %, and
the colours and the stillness that a person's system asks for. Each is reached once and tried in all
these ways.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page

from tests.browser.states import STATES, State
from tests.browser.world import World, visitor, world

IMAGES = 30  # in each region
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
EVERYTHING = {
    "runOnly": {"type": "tag", "values": RULES},
    "rules": {"target-size": {"enabled": True}},
    "resultTypes": ["violations"],
}
COLOURS = {"runOnly": ["color-contrast"], "resultTypes": ["violations"]}
RUN = "options => axe.run(document, options).then(found => found.violations)"
NARROWEST = {"width": 320, "height": 640}
WIDE = {"width": 1280, "height": 800}
# Of each kind of mark, the shape that tells it apart where colours do not.
HIDDEN_FOCUS = """() => [...document.querySelectorAll(
    'a[href], button, input:not([type=hidden]), select, summary, [tabindex="0"]')]
    .filter((each) => each.checkVisibility({ visibilityProperty: true }) && !each.disabled)
    .filter((each) => {
        each.focus({ focusVisible: true, preventScroll: true });
        const { outlineStyle, outlineWidth } = getComputedStyle(each);
        const unseen = outlineStyle === 'none' || outlineWidth === '0px';
        return document.activeElement === each && unseen;
    })
    .map((each) => each.outerHTML.slice(0, 120))"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(IMAGES, tmp_path_factory.mktemp("everything")) as made:
        yield made


@pytest.fixture(scope="module")
def pages(made: World, browser: Browser) -> Iterator[dict[str, Page]]:
    contexts = {language: visitor(made, browser, language) for language in ("en", "zh")}
    yield {language: context.new_page() for language, context in contexts.items()}
    for context in contexts.values():
        context.close()


@pytest.fixture(scope="module", params=STATES, ids=lambda state: state.name)
def state(request: pytest.FixtureRequest) -> State:
    found: State = request.param
    return found


@pytest.fixture(scope="module", params=["en", "zh"])
def page(request: pytest.FixtureRequest, state: State, made: World, pages: dict[str, Page]) -> Page:
    page = pages[request.param]
    page.set_viewport_size(WIDE)
    page.emulate_media(color_scheme="light", forced_colors="none", reduced_motion="no-preference")
    state.reach(page, made)
    # Past the Content-Security-Policy, which stops what comes from elsewhere.
    page.evaluate(AXE_SCRIPT)
    return page


def found(page: Page, options: dict[str, Any]) -> list[str]:
    """What is wrong and where; of what is less than serious only the rules of WCAG."""
    return [
        f"{each['id']} ({each['impact']}): {node['target']} {node['html'][:160]}"
        for each in page.evaluate(RUN, options)
        for node in each["nodes"]
    ]


def test_axe_finds_nothing(page: Page) -> None:
    assert found(page, EVERYTHING) == []


def test_nor_in_the_dark(page: Page) -> None:
    page.emulate_media(color_scheme="dark")
    assert found(page, COLOURS) == []


def test_nothing_is_wider_than_a_narrow_screen(page: Page) -> None:
    page.set_viewport_size(NARROWEST)
    wide = page.evaluate("[document.scrollingElement.scrollWidth, innerWidth]")
    page.set_viewport_size(WIDE)
    assert wide[0] <= wide[1]


def test_with_the_systems_colours_the_focus_is_seen(page: Page) -> None:
    page.emulate_media(forced_colors="active")
    assert page.evaluate(HIDDEN_FOCUS) == []


def test_nothing_moves_for_who_wants_stillness(page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    moving = page.evaluate(
        "document.getAnimations().map(each => each.animationName ?? each.transitionProperty)"
    )
    assert moving == []
