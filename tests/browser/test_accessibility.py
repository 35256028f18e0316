"""Every page and state, for whoever looks at it and however.

axe-core's rules, WCAG 2.2 AA and its own best practice; a screen of 320 px, which is a desk's at
400 %; the colours and the stillness that a person's system asks for; and words of the person's
language alone. Each state is reached once a language and tried in all these ways, in Chinese and
dark, and in English and light, the gate takes turns; on PostgreSQL and Redis in English and dark.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal

import polib
import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.browser.states import STATES, State
from tests.browser.world import World, visitor, world
from tests.dashboards import ON_SERVERS, ROOT

IMAGES = 8  # in each region: 28 in all, on two pages
OPTIONS = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "rules": {"target-size": {"enabled": True}},
    "resultTypes": ["violations"],
}
# A menu that is open lies over what is below it, for as long: axe takes what is left to be seen of
# that for its size. `layout.py` asks of each state what is covered.
RUN = """options => axe.run(document, options).then(({ violations }) => {
    const menu = document.querySelector("details.menu[open] > .menu-list")?.getBoundingClientRect();
    const isBehind = ({ target }) => {
        const node = document.querySelector(target);
        if (node.closest(".menu-list")) return false;
        const { left, right, top, bottom } = node.getBoundingClientRect();
        return left < menu.right && right > menu.left && top < menu.bottom && bottom > menu.top;
    };
    if (menu) for (const each of violations) {
        if (each.id === "target-size") each.nodes = each.nodes.filter((node) => !isBehind(node));
    }
    return violations;
})"""
Theme = Literal["light", "dark"]
THEMES: dict[str, Theme] = {"en": "dark"} if ON_SERVERS else {"en": "light", "zh": "dark"}
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
# What the interface says: not what people or the cloud called things, nor a status of the cloud.
SAID = """() => {
    const foreign = "bdi, q, code, pre, kbd, script, style, .status, .worry-why, [lang]:not(html)";
    const ours = (each) => !each.closest(foreign);
    const texts = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        if (ours(walker.currentNode.parentElement)) texts.push(walker.currentNode.data);
    }
    for (const name of ["aria-label", "title", "placeholder", "alt"]) {
        const named = document.querySelectorAll(`[${name}]`);
        texts.push(...[...named].filter(ours).map((each) => each.getAttribute(name)));
    }
    return texts.map((text) => text.trim().replace(/\\s+/g, " "));
}"""
CHINESE = re.compile("[\u4e00-\u9fff]")
# How a sentence begins. Names are within them, not before.
SENTENCE = {
    "en": re.compile("[\u4e00-\u9fff]{5}"),
    "zh": re.compile("([A-Za-z]{2,} ){2}[A-Za-z]{2}"),
}
# What someone called their token, and we call something else.
CALLED = ("Main",)
# It depends on nothing that could be mistaken, such as a person's language: it says all in both.
IN_BOTH_LANGUAGES = "error-500"
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


Look = tuple[State, str]
# States whose parts are all on another page of the gate, in other words or colours.
LIKE_OTHERS = {
    *("sign-in-error", "list-news", "list-compact", "list-empty", "list-sorts", "list-views"),
    *("list-token-ends", "list-region-failed", "list-token-refused", "palette-results"),
    *("palette-image", "panel-at-risk", "panel-failed", "overview-region-failed"),
    *("overview-failed", "coverage-region-failed", "changes-filtered", "changes-narrow-none"),
    *("wall-stale", "wall-link", "view-change", "view-delete", "token-refused", "token-keep"),
    *("api-key-revoke", "team-invited", "team-withdraw", "team-remove", "team-leave"),
    *("display-revoke", "account-off", "team-viewer", "my-audit", "2-step-on"),
    *("error-404", "error-405"),
}


def looks() -> Iterator[Any]:
    """Each state in each language. The gate has those unlike others, by turns in one of the two."""
    assert {state.name for state in STATES} >= LIKE_OTHERS
    unlike = [state for state in STATES if state.name not in LIKE_OTHERS]
    for state in STATES:
        for place, language in enumerate(THEMES):
            is_next = state in unlike and (unlike.index(state) + place) % len(THEMES) == 0
            marks = () if is_next else pytest.mark.thorough
            yield pytest.param((state, language), id=f"{state.name}-{language}", marks=marks)


@pytest.fixture(scope="module", params=looks())
def look(request: pytest.FixtureRequest) -> Look:
    found: Look = request.param
    return found


@pytest.fixture(scope="module")
def state(look: Look) -> State:
    return look[0]


@pytest.fixture(scope="module")
def page(look: Look, made: World, pages: dict[str, Page]) -> Page:
    state, language = look
    page = pages[language]
    as_usual(page, THEMES[language])
    state.reach(page, made)
    return page


@pytest.fixture(scope="module")
def foreign_texts() -> dict[str, set[str]]:
    """What is not to be read on a page of each language: every text of ours as the other has it."""
    entries = polib.pofile(str(ROOT / "locale/zh_Hans/LC_MESSAGES/django.po"))
    pairs = {
        (entry.msgid, entry.msgstr)
        for entry in entries
        if CHINESE.search(entry.msgstr) and entry.msgid not in CALLED
    }
    return {"en": {chinese for _, chinese in pairs}, "zh": {english for english, _ in pairs}}


def as_usual(page: Page, theme: Theme = "light") -> None:
    page.set_viewport_size(WIDE)
    page.emulate_media(color_scheme=theme, forced_colors="none", reduced_motion="no-preference")


def language_of(page: Page) -> str:
    return str(page.evaluate("document.documentElement.lang")).split("-")[0]


def test_axe_finds_nothing(page: Page) -> None:
    page.evaluate(AXE_SCRIPT)
    found: list[dict[str, Any]] = page.evaluate(RUN, OPTIONS)
    assert [
        f"{each['id']} ({each['impact']}): {node['target']} {node['html'][:160]}"
        for each in found
        for node in each["nodes"]
    ] == []


def test_it_speaks_one_language(
    page: Page, state: State, foreign_texts: dict[str, set[str]]
) -> None:
    if state.name == IN_BOTH_LANGUAGES:
        assert set(page.evaluate("[...document.querySelectorAll('[lang]')].map((e) => e.lang)"))
        return
    language = language_of(page)
    foreign = [
        text
        for text in page.evaluate(SAID)
        if text in foreign_texts[language] or SENTENCE[language].match(text)
    ]
    assert foreign == []


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
