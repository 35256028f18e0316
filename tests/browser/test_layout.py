"""How pages are laid out at every size, for a mouse and for a finger.

`layout.py` has what is asked of a page; the first tests here show that it notices.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, ViewportSize

from tests.browser import layout

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
