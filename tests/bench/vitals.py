"""How quick the list feels in Chromium, and what it weighs: .venv/bin/python -m tests.bench.vitals

Each round is a new visitor who opens the list, filters, sorts, pages, opens a panel and closes it.
docs/performance.md tells how to read it.
"""

from __future__ import annotations

import argparse
import re
import sys
from dataclasses import dataclass, field
from statistics import median
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, Response, expect, sync_playwright

from tests.bench.stack import Stack, stack
from tests.browser.conftest import FLAGS, chromium

ROUNDS = 7
# Milliseconds, bytes, and a share of the screen.
MOST = {"paint": 1000.0, "interaction": 100.0, "bytes": 45_000, "shift": 0.02}

# Listens from the first moment on. An interaction lasts from the event to the frame that shows what
# it did at once; an answer from the click to the frame that shows the rows or the panel it brought.
LISTEN = """
const seen = window.vitals = { paint: 0, shift: 0, shiftAfterInput: 0, events: [], answers: [] };
const watch = (type, each, more) => new PerformanceObserver(
    (list) => list.getEntries().forEach(each)).observe({ type, buffered: true, ...more });
watch("largest-contentful-paint", (entry) => { seen.paint = entry.startTime; });
watch("layout-shift", (entry) => {
    seen[entry.hadRecentInput ? "shiftAfterInput" : "shift"] += entry.value;
});
watch("event", (entry) => {
    if (entry.interactionId) seen.events.push(entry.duration);
}, { durationThreshold: 16 });
let began = 0;
addEventListener("click", (event) => { began = event.timeStamp; }, true);
addEventListener("input", (event) => { began = event.timeStamp; }, true);
addEventListener("htmx:afterSettle", () => requestAnimationFrame(
    () => setTimeout(() => seen.answers.push(performance.now() - began))));
"""
# Both are reported after the frame, and one comes before the other.
TAKE = """async () => {
    for (let left = 20; left > 0 && !vitals.answers.length; left--)
        await new Promise((done) => setTimeout(done, 50));
    await new Promise((done) => setTimeout(done, 150));
    const { events, answers } = vitals;
    [vitals.events, vitals.answers] = [[], []];
    return [Math.max(0, ...events), answers[0]];
}"""

STEPS = ("search", "filter", "sort", "page", "panel", "next image", "close")


@dataclass
class Seen:
    """Of all rounds: milliseconds until the largest paint, and for each step until its first frame
    and until its answer is there; shifts of each round, and those right after an input."""

    paint: list[float] = field(default_factory=list)
    steps: dict[str, list[tuple[float, float]]] = field(
        default_factory=lambda: {step: [] for step in STEPS}
    )
    shift: list[float] = field(default_factory=list)
    shift_after_input: list[float] = field(default_factory=list)
    weights: dict[str, tuple[int, str]] = field(default_factory=dict)
    hosts: set[str] = field(default_factory=set)

    @property
    def bytes(self) -> int:
        return sum(weight for weight, _ in self.weights.values())


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.vitals", description=__doc__)
    parser.add_argument("--images", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    missed = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        for images in options.images:
            with stack(images, INVENTORY_FRESH_SECONDS="3600", INVENTORY_MEMORY_MB="1024") as each:
                each.get("/images/")
                seen = Seen()
                for _ in range(options.rounds):
                    _walk(browser, each, seen)
            print(f"\n{images:,} images, {options.rounds} visitors")
            missed += _print(seen)
        browser.close()
    for each_missed in missed:
        print(f"  MISSED: {each_missed}")
    sys.exit(bool(missed))


def _walk(browser: Browser, running: Stack, seen: Seen) -> None:
    with browser.new_context(
        base_url=running.url,
        viewport={"width": 1440, "height": 900},
        locale="en-GB",
    ) as context:
        for pair in running.cookie.split("; "):
            name, _, value = pair.partition("=")
            context.add_cookies([{"name": name, "value": value, "url": running.url}])
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.add_init_script(LISTEN)
        page.on("response", lambda response: _weigh(response, seen))
        page.goto("/images/")
        page.wait_for_timeout(500)
        seen.paint.append(page.evaluate("vitals.paint"))
        for step, do in zip(
            STEPS, (_search, _filter, _sort, _page, _panel, _next, _close), strict=True
        ):
            do(page)
            seen.steps[step].append(tuple(page.evaluate(TAKE)))
        seen.shift.append(page.evaluate("vitals.shift"))
        seen.shift_after_input.append(page.evaluate("vitals.shiftAfterInput"))


def _weigh(response: Response, seen: Seen) -> None:
    parts = urlsplit(response.url)
    if parts.scheme in ("http", "https"):
        seen.hosts.add(parts.netloc)
    if re.search(r"\.(css|js)\Z", parts.path):
        packed = response.headers.get("content-encoding", "plain")
        seen.weights[parts.path] = (response.request.sizes()["responseBodySize"], packed)


def _search(page: Page) -> None:
    page.locator("#q").press_sequentially("a")
    expect(page.locator(".chip")).to_have_count(1)


def _filter(page: Page) -> None:
    page.locator(".choice", has_text="CentOS").first.click()
    expect(page.locator(".chip")).to_have_count(2)


def _sort(page: Page) -> None:
    page.get_by_role("link", name="Size", exact=True).click()
    expect(page.locator("th[aria-sort]")).to_have_text("Size")


def _page(page: Page) -> None:
    page.locator(".pager a[rel=next]").click()
    expect(page.locator(".pager-pages [aria-current]")).to_contain_text("2")


def _panel(page: Page) -> None:
    page.locator("tr[data-image] .c-name > a").nth(2).click()
    expect(page.locator("#detail-title")).to_be_focused()


def _next(page: Page) -> None:
    page.locator("#neighbour-next").click()
    expect(page.locator("tr[data-image]").nth(3)).to_have_attribute("aria-current", "true")


def _close(page: Page) -> None:
    page.locator("[data-close]").click()
    expect(page.locator("[data-detail]")).to_have_count(0)


def _print(seen: Seen) -> list[str]:
    """The table, and what of it is more than it may be."""
    kinds = sorted({packed for _, packed in seen.weights.values()})
    print(
        f"  {'CSS and JavaScript over the wire':36}{seen.bytes / 1000:8.1f} kB ({', '.join(kinds)})"
    )
    print(f"  {'requests to other hosts':36}{len(seen.hosts) - 1:8}")
    print(f"  {'':36}{'median':>8} {'worst':>8}")
    _line("largest contentful paint, ms", seen.paint)
    for step, each in seen.steps.items():
        _line(f"{step}: interaction to next paint, ms", [first for first, _ in each])
        _line("  … until its answer is there, ms", [answer for _, answer in each])
    _line("layout shift of the whole walk", seen.shift, 4)
    _line("  … and right after an input", seen.shift_after_input, 4)
    interactions = {step: max(first for first, _ in each) for step, each in seen.steps.items()}
    found: dict[str, tuple[Any, Any]] = {
        "CSS and JavaScript": (seen.bytes, MOST["bytes"]),
        "requests to other hosts": (len(seen.hosts) - 1, 0),
        "largest contentful paint": (median(seen.paint), MOST["paint"]),
        "layout shift": (max(seen.shift), MOST["shift"]),
        **{step: (worst, MOST["interaction"]) for step, worst in interactions.items()},
    }
    return [
        f"{name}: {is_:g}, at most {most:g}" for name, (is_, most) in found.items() if is_ > most
    ]


def _line(name: str, figures: list[float], digits: int = 0) -> None:
    print(f"  {name:36}{median(figures):8.{digits}f} {max(figures):8.{digits}f}")


if __name__ == "__main__":
    main()
