"""Running jobs in a real browser: they go on by themselves, and disturb nobody who is at work."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from images.sandbox import Sandbox
from tests.browser.conftest import Site, serving


class Clock:
    """The cloud's seconds: its jobs go on when a test says so."""

    now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def busy_cloud(clock: Clock) -> Iterator[Sandbox]:
    with Sandbox(images=12, seed=1, clock=clock) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def site(busy_cloud: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serving(busy_cloud, tmp_path_factory.mktemp("var")) as site:
        yield site


def test_a_job_goes_on_and_ends_before_ones_eyes(
    signed_in: Page, busy_cloud: Sandbox, clock: Clock
) -> None:
    page = signed_in
    creating = next(image for image in busy_cloud.images("bj") if "job" in image)
    row = page.locator(f"tr[data-image='{creating['cimgUuid']}']")
    job, link = row.locator(".job"), row.locator(".c-name > a")
    expect(job).to_contain_text("Creating 12.5 %")
    pages = page.evaluate("history.length")
    link.focus()

    clock.now += 240
    expect(job).to_contain_text("Creating 47.5 %", timeout=10_000)
    expect(job).to_contain_text("min left")
    expect(job.locator("progress")).to_have_count(0)  # who is told what is left needs no bar
    expect(link).to_be_focused()

    page.keyboard.press("Enter")
    panel = page.locator("#detail")
    expect(panel.locator("#job")).to_contain_text("47.5 %")
    clock.now += 240
    expect(panel.locator("#job")).to_contain_text("82.5 %", timeout=10_000)
    expect(job).to_contain_text("82.5 %")
    assert page.evaluate("history.length") == pages + 1

    clock.now += 240
    # Two looks: one that says so, and one after the region was read.
    expect(panel.locator("#job")).to_have_count(0, timeout=20_000)
    expect(panel.locator("[data-detail]")).to_be_visible()
    expect(row.locator(".status")).to_have_text("Ready")
    expect(job).to_have_count(0)
    expect(page).to_have_url(re.compile(f"/bj/{creating['cimgUuid']}/"))

    page.keyboard.press("Escape")
    expect(page.locator("[data-detail]")).to_have_count(0)
    expect(link).to_be_focused()
    assert page.evaluate("history.length") == pages + 2
