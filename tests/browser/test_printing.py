"""What comes out of a printer: documents, whatever is on the screen."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

CONTROLS = "button, input, select, nav a, .chip-clear"
# Whatever is cut: its content is wider or higher than itself, and hidden there.
CUT = """() => [...document.querySelectorAll("main *")]
    .filter((each) => each.checkVisibility() && getComputedStyle(each).overflow !== "visible")
    .filter((each) => !each.closest(".visually-hidden, svg, pre"))
    .filter((each) => each.scrollWidth > each.clientWidth + 1
        || each.scrollHeight > each.clientHeight + 1)
    .map((each) => each.outerHTML.slice(0, 120))"""
PALE = """() => {
    const { backgroundColor, color } = getComputedStyle(document.body);
    return [backgroundColor, color];
}"""


def on_paper(page: Page, address: str) -> None:
    """The page as A4 gets it, from a dark screen."""
    page.goto(address)
    page.set_viewport_size({"width": 718, "height": 1047})
    page.emulate_media(media="print", color_scheme="dark")


@pytest.fixture
def compared(signed_in: Page) -> str:
    signed_in.goto("/images/?q=web")
    rows = signed_in.locator("tr[data-image]")
    places = [
        f"{row.get_attribute('data-region')}/{row.get_attribute('data-image')}"
        for row in (rows.nth(0), rows.nth(1))
    ]
    return "/images/compare/?" + "&".join(f"image={place}" for place in places)


def test_list_panel_and_comparison_are_documents_on_paper(signed_in: Page, compared: str) -> None:
    page = signed_in
    panel = page.locator("tr[data-image] .c-name > a").first.get_attribute("href") or ""
    for address, title in (
        ("/images/?q=web&os=CentOS", "h1"),
        (panel, "#detail-title"),
        (compared, "h1"),
    ):
        on_paper(page, address)
        expect(page.locator(title)).to_be_in_viewport()
        visible = page.locator(CONTROLS).filter(visible=True)
        assert visible.evaluate_all("all => all.map((each) => each.outerHTML.slice(0, 120))") == []
        assert page.evaluate(CUT) == []
        assert page.evaluate("document.scrollingElement.scrollWidth") <= 718
        assert page.evaluate(PALE) == ["rgb(255, 255, 255)", "rgb(20, 32, 29)"]
        assert page.pdf(prefer_css_page_size=True, format="A4").startswith(b"%PDF")
    page.goto("/images/?q=web&os=CentOS")
    chips = page.locator(".chip").all_inner_texts()
    assert [" ".join(chip.split()).split(" –")[0] for chip in chips] == ["Text web", "OS CentOS"]
    exact = page.locator(".region-age time").first
    shown = exact.evaluate("each => getComputedStyle(each, '::after').content")
    assert shown == f'"{exact.get_attribute("title")}"'
