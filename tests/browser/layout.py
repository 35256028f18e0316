"""What a page's layout must hold at every size, asked of the browser as it drew the page.

`faults(page)` finds what scrolls sideways or is cut, figures that break over two lines, columns too
narrow for their words, what touches a notice, what takes a click and is covered, and what is too
small for a finger: one line each, none when all is well.
`small_texts` is for walls, which are read from afar.
"""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

BY_MOUSE, BY_TOUCH = 24, 44  # px that a target has to have each way

# What has to be said of elements before anything can be asked of them.
COMMON = """
const CLICKED = `a[href], button, summary, select, textarea, label:has(input),
    input:not([type=hidden], [type=checkbox], [type=radio]), :is([type=checkbox], [type=radio])`;
const dialog = document.querySelector("dialog:modal");
const seen = (each) => each.checkVisibility({ visibilityProperty: true, opacityProperty: true })
    && !each.closest("[inert], .visually-hidden:not(:focus-within), .skip")
    && (!dialog || dialog.contains(each));
const named = (each) => {
    const text = (each.getAttribute("aria-label") ?? each.textContent).trim().slice(0, 40);
    return `${each.localName}${each.id && "#" + each.id}`
        + `${[...each.classList].map((name) => "." + name).join("")} ${JSON.stringify(text)}`;
};
const all = (selector) => [...document.querySelectorAll(selector)].filter(seen);
"""

# Lists and code that are wider than their place, and scroll in it. `auto` is no sign of that: what
# scrolls downwards is `auto` sideways, too. Rows that a wall has no room for are beside its list.
SCROLLING = ".screen-list, .table-wrap, pre, .places, .columns, .regions, textarea, input, select"

# The page itself, and each box that holds more than it is wide, unless it says so by "…".
SIDEWAYS = """(scrolling) => {
    const found = [];
    const { scrollWidth } = document.scrollingElement;
    if (scrollWidth > innerWidth) found.push(`the page is ${scrollWidth} wide of ${innerWidth}`);
    for (const each of all("body *:not(svg, svg *)")) {
        const style = getComputedStyle(each);
        if (style.display === "inline" || style.textOverflow === "ellipsis") continue;
        if (style.overflowX === "visible" || each.matches(scrolling)) continue;
        if (style.webkitLineClamp !== "none" || each.clientWidth <= 1) continue;
        const over = each.scrollWidth - each.clientWidth;
        if (over > 1) found.push(`${named(each)} holds ${over} px more than it is wide`);
    }
    for (const each of all("button, .button, input, select, textarea, .badge, .chip, .card")) {
        const parent = each.parentElement.closest("form, section, article, nav, li, td, th, main");
        if (!parent || each.closest(scrolling + ", .menu-list")) continue;
        const [inner, outer] = [each.getBoundingClientRect(), parent.getBoundingClientRect()];
        if (!inner.width || !outer.width) continue;
        if (inner.right > outer.right + 1 || inner.left < outer.left - 1) {
            found.push(`${named(each)} is wider than what it is in`);
        }
    }
    return found;
}"""

# A number with its separators, as it stands in a sentence of ours: not in a name or an id.
FIGURES = """() => {
    const found = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const { data, parentElement } = walker.currentNode;
        if (parentElement.closest("bdi, code, pre, q, script, style, textarea, option")) continue;
        if (!/\\d/.test(data) || !seen(parentElement)) continue;
        for (const figure of data.matchAll(/\\d[\\d.,:\\u202f\\u00a0]*/g)) {
            const range = document.createRange();
            range.setStart(walker.currentNode, figure.index);
            range.setEnd(walker.currentNode, figure.index + figure[0].length);
            const tops = new Set([...range.getClientRects()].map((each) => Math.round(each.top)));
            if (tops.size > 1) found.push(`${figure[0]} breaks in ${named(parentElement)}`);
        }
    }
    return found;
}"""

# A cell of a few letters a line, an age that "…" cuts, and what stands right under a notice.
SQUEEZED = """() => {
    const found = [];
    for (const each of all("th, td:not(:has(.tag)), dd")) {
        const range = document.createRange();
        range.selectNodeContents(each);
        const tops = new Set([...range.getClientRects()].map((rect) => Math.round(rect.top / 4)));
        const { fontSize, paddingLeft, paddingRight } = getComputedStyle(each);
        const room = each.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
        if (tops.size > 2 && room && room < 4.5 * parseFloat(fontSize)) {
            found.push(`${named(each)} has ${tops.size} lines of ${Math.round(room)} px`);
        }
    }
    for (const each of all("time, .worry-since")) {
        if (each.clientWidth && each.scrollWidth > each.clientWidth + 1) {
            found.push(`${named(each)} is cut`);
        }
    }
    for (const each of all(".notice")) {
        const next = each.nextElementSibling;
        if (!next || !seen(next) || !next.getClientRects().length) continue;
        const gap = next.getBoundingClientRect().top - each.getBoundingClientRect().bottom;
        if (Math.abs(gap) < 3) found.push(`${named(next)} touches ${named(each)}`);
    }
    return found;
}"""

# The centre and the right end of all that takes a click are that thing, scrolled to where it can be
# pointed at. What is open for a moment may lie over others: a menu, suggestions, a sheet. Beside
# the middle, half as far away as a target is to be large, it is still that thing.
TARGETS = """(least) => {
    const found = [];
    const MOMENTARY = "details.menu[open] > .menu-list, [popover]:popover-open, dialog:modal, "
        + ".filters-sheet[open], .said, #suggestions";
    const own = (each) => each.closest("label") ?? each;
    const isAt = (each, x, y) => {
        const there = document.elementFromPoint(x, y);
        if (there && own(each).contains(there)) return true;
        const label = there?.closest("label");
        return !!label && label.control === each;
    };
    const isCovered = (each, x, y) => {
        const over = document.elementFromPoint(x, y)?.closest(MOMENTARY);
        return !!over && over !== each.closest(MOMENTARY);
    };
    const inText = (each) => {
        const { display } = getComputedStyle(each);
        if (each.localName !== "a" || display !== "inline") return false;
        const block = each.parentElement.closest("p, li, dd, td, th, caption, div");
        return block && block.textContent.trim().length > each.textContent.trim().length;
    };
    const places = document.querySelectorAll("*");
    const scrolled = [...places].filter((each) => each.scrollTop || each.scrollLeft)
        .map((each) => [each, each.scrollLeft, each.scrollTop]);
    for (const each of all(CLICKED)) {
        if (each.disabled || each.closest("svg")) continue;
        own(each).scrollIntoView({ block: "center", inline: "center", behavior: "instant" });
        const rects = [...own(each).getClientRects()].filter((rect) => rect.width && rect.height);
        if (!rects.length) continue;
        const rect = rects[0];
        const [x, y] = [rect.left + rect.width / 2, rect.top + rect.height / 2];
        const clear = [[x, y], [rect.right - Math.min(4, rect.width / 4), y]];
        for (const [at, down] of clear) {
            if (isAt(each, at, down)) continue;
            if (isCovered(each, at, down)) continue;
            const there = document.elementFromPoint(at, down);
            found.push(`${named(each)} is under ${there ? named(there) : "nothing on the screen"}`);
            break;
        }
        const far = least / 2 - 1;
        const around = [];
        if (rect.width < least - .5) around.push([x - far, y], [x + far, y]);
        if (rect.height < least - .5) around.push([x, y - far], [x, y + far]);
        if (inText(each) || each.closest(MOMENTARY + " .chart")) continue;
        const { clientWidth: wide, clientHeight: high } = document.documentElement;
        const isOpen = ([at, down]) =>
            at > 0 && down > 0 && at < wide && down < high && !isCovered(each, at, down);
        if (around.length && !around.filter(isOpen).every(([at, down]) => isAt(each, at, down))) {
            const size = `${Math.round(rect.width)}×${Math.round(rect.height)}`;
            found.push(`${named(each)} is ${size} px, less than ${least}`);
        }
    }
    for (const each of places) if (each.scrollTop) each.scrollTop = 0;
    for (const [each, left, top] of scrolled) each.scrollTo({ left, top, behavior: "instant" });
    return [...new Set(found)];
}"""

SMALL = """(share) => {
    const least = innerHeight * share - .5;
    const found = new Set();
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const each = walker.currentNode.parentElement;
        if (!walker.currentNode.data.trim() || !seen(each)) continue;
        const size = parseFloat(getComputedStyle(each).fontSize);
        if (size < least) found.add(`${named(each)} is ${size} px of ${innerHeight}`);
    }
    return [...found];
}"""


def faults(page: Page, *, touch: bool = False) -> list[str]:
    """Return what is wrong with the layout of the page as it is now, by mouse or by `touch`."""
    return [*sideways(page), *broken_figures(page), *squeezed(page), *targets(page, touch=touch)]


def sideways(page: Page) -> list[str]:
    """Return what is wider than its place: the page, boxes with what is in them, and controls."""
    return _ask(page, SIDEWAYS, SCROLLING)


def broken_figures(page: Page) -> list[str]:
    """Return the numbers of which a part stands in another line."""
    return _ask(page, FIGURES)


def squeezed(page: Page) -> list[str]:
    """Return cells of a few letters a line, ages that are cut, and what touches a notice."""
    return _ask(page, SQUEEZED)


def targets(page: Page, *, touch: bool = False) -> list[str]:
    """Return what takes a click and is covered, or too small for a mouse or for a finger.

    Links in a sentence may be small, as WCAG 2.5.8 has it; charts have a table beside them.
    """
    return _ask(page, TARGETS, BY_TOUCH if touch else BY_MOUSE)


def small_texts(page: Page, share: float = 0.015) -> list[str]:
    """Return the texts that are smaller than a share of the screen's height."""
    return _ask(page, SMALL, share)


def _ask(page: Page, question: str, *about: Any) -> list[str]:
    asked = f"(about) => {{ {COMMON} return ({question})(about) }}"
    found: list[str] = page.evaluate(asked, *about)
    return found
