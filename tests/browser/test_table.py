"""The list as a tool: rows, columns and what lies beside or over them, at the sizes people have."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser import layout
from tests.browser.conftest import Site, sign_in
from tests.browser.test_rows import box, row

HEADINGS = ".images thead th"
OPEN = "#detail [data-detail]"


def at(page: Page, width: int, height: int = 800) -> None:
    page.set_viewport_size({"width": width, "height": height})


def under(place: Locator, share: float) -> bool:
    """Whether a point of the element, that far to its right, is the element's own."""
    return bool(
        place.evaluate(
            """(each, share) => {
                const { left, width, top, height } = each.getBoundingClientRect();
                const there = document.elementFromPoint(left + width * share, top + height / 2);
                return each.contains(there);
            }""",
            share,
        )
    )


def shown(page: Page) -> list[str]:
    headings = page.locator(HEADINGS).filter(visible=True)
    return [re.sub("[↑↓]", "", each).strip() for each in headings.all_inner_texts() if each]


@pytest.fixture
def touched(site: Site, browser: Browser) -> Iterator[Page]:
    """A phone, which has no mouse."""
    with browser.new_context(base_url=site.url, locale="en-GB", has_touch=True) as context:
        page = context.new_page()
        page.set_default_timeout(10_000)
        at(page, 360, 740)
        sign_in(page)
        yield page


@pytest.mark.parametrize("width", [768, 1280, 1920])
def test_what_is_done_with_a_row_never_lies_over_its_name(signed_in: Page, width: int) -> None:
    page = signed_in
    at(page, width)
    third, name = row(page, 2), row(page, 2).locator(".c-name > a")
    for pointed in (name.hover, name.focus):
        pointed()
        expect(third.get_by_role("button", name="Copy UUID")).to_be_visible()
        assert all(under(name, share) for share in (0.02, 0.5, 0.98))
    assert layout.targets(page) == []


def test_a_finger_on_a_name_opens_the_image(touched: Page) -> None:
    name = row(touched, 2).locator(".c-name")
    there = name.bounding_box()
    assert there
    touched.touchscreen.tap(there["x"] + there["width"] - 10, there["y"] + there["height"] / 2)
    expect(touched.locator("#detail-title")).to_have_text(name.inner_text())


def test_a_row_opens_wherever_it_is_clicked(signed_in: Page) -> None:
    page = signed_in
    row(page, 3).locator("td.c-size").click()
    expect(page.locator(OPEN)).to_have_attribute(
        "data-detail", row(page, 3).get_attribute("data-image") or "-"
    )
    page.keyboard.press("Escape")
    expect(page.locator(OPEN)).to_have_count(0)

    # But where there is something else to do, that is done.
    row(page, 1).locator(".c-pick label").click(position={"x": 4, "y": 4})
    expect(box(page, 1)).to_be_checked()
    with page.context.expect_page() as elsewhere:
        row(page, 4).locator("td.c-os").click(modifiers=["ControlOrMeta"])
    expect(elsewhere.value.locator(OPEN)).to_be_visible()
    expect(page.locator(OPEN)).to_have_count(0)


def test_words_of_a_row_are_marked_without_opening_it(signed_in: Page) -> None:
    cell = row(signed_in, 3).locator("td.c-os bdi")
    there = cell.bounding_box()
    assert there
    signed_in.mouse.move(there["x"] + 1, there["y"] + 10)
    signed_in.mouse.down()
    signed_in.mouse.move(there["x"] + there["width"] - 1, there["y"] + 10, steps=4)
    signed_in.mouse.up()
    assert signed_in.evaluate("getSelection().toString()") in cell.inner_text() != ""
    expect(signed_in.locator(OPEN)).to_have_count(0)


@pytest.mark.parametrize("width", [1280, 2560])
def test_names_are_whole_where_there_is_room_and_one_line_where_not(
    signed_in: Page, width: int
) -> None:
    page = signed_in
    at(page, width)
    page.goto("/images/?sort=name&size=200")
    sizes = """(all) => all.map((each) => [each.textContent.length, each.closest("tr").offsetHeight,
        each.scrollHeight - each.clientHeight > 2, !!each.closest("tr").querySelector(".job")])"""
    names = page.locator("tr[data-image] .c-name > a").evaluate_all(sizes)
    # A row is as high whatever its name, but for the line below it that the last one has not; what
    # runs there takes lines of its own.
    heights = {high for _, high, _, runs in names if not runs}
    assert max(heights) - min(heights) <= 1
    cut = [length for length, _, is_cut, _ in names if is_cut]
    assert not [length for length in cut if length <= 36], cut


def test_the_name_stays_while_the_rest_scrolls_sideways(signed_in: Page) -> None:
    page = signed_in
    at(page, 768)
    columns = ("name", "uuid", "id", "tags", "zones", "created", "updated", "description")
    page.goto("/images/?" + "&".join(f"columns={each}" for each in columns))
    table, name = page.locator(".table-wrap"), row(page, 2).locator(".c-name > a")
    expect(table).to_have_class(re.compile("has-after"))
    before = name.bounding_box()
    table.evaluate("(each) => each.scrollTo(400, 0)")
    expect(table).to_have_class(re.compile("has-before"))
    assert name.bounding_box() == before
    assert under(name, 0.02)
    assert under(name, 0.5)


def test_the_menu_of_columns_says_which_the_width_hides(signed_in: Page) -> None:
    page = signed_in
    at(page, 1280)
    page.locator(".looks > summary").click()
    titles = page.locator(".looks-columns li > span:first-child")
    said = "no room here"
    lacking = titles.filter(has=page.locator("small").filter(visible=True))
    hidden = {each.removesuffix(said).strip() for each in lacking.all_inner_texts()}
    every = {each.removesuffix(said).strip() for each in titles.all_inner_texts()}
    assert hidden == every - set(shown(page))
    assert {"Platform", "Shared", "Backup storages"} <= hidden

    page.get_by_role("button", name="Show all of them").click()
    expect(page).to_have_url(re.compile("columns="))
    assert set(shown(page)) == every
    expect(lacking).to_have_count(0)
    page.locator("button[name=standard]").evaluate("(each) => each.click()")
    expect(page).to_have_url(re.compile("/images/$"))


def test_a_sort_by_what_no_column_shows_is_seen_and_changed(signed_in: Page) -> None:
    page = signed_in
    at(page, 360, 740)
    page.goto("/images/?sort=-size")
    assert "Size" not in shown(page)
    menu = page.locator(".sorts > summary")
    expect(menu).to_have_text(re.compile(r"Size\s+↓"))
    menu.click()
    page.locator(".sorts").get_by_role("link", name="Backup storages").click()
    expect(page).to_have_url(re.compile("sort=-storages"))
    expect(menu).to_have_text(re.compile(r"Backup storages\s+↓"))
    expect(menu).to_be_focused()
    menu.click()
    page.locator(".sorts").get_by_role("link", name="Backup storages").click()
    expect(menu).to_have_text(re.compile(r"Backup storages\s+↑"))


def width_of(page: Page, heading: str) -> float:
    there = page.locator(f".images thead {heading}").bounding_box()
    return there["width"] if there else 0


def drag(page: Page, heading: str, to: float, *, edge: bool = False) -> None:
    """Take a heading, or its right end, so many pixels to the right."""
    there = page.locator(f".images thead {heading}").bounding_box()
    assert there
    x = there["x"] + (there["width"] - 3 if edge else there["width"] / 2)
    page.mouse.move(x, there["y"] + 12)
    page.mouse.down()
    page.mouse.move(x + to, there["y"] + 12, steps=5)
    page.mouse.up()


def test_a_column_is_made_wider_and_that_is_remembered(signed_in: Page) -> None:
    page = signed_in
    at(page, 1280)
    # Without statuses: what runs comes later, and changes how wide they and others are.
    page.goto("/images/?columns=name&columns=id&columns=os&columns=size")
    address, before = page.url, width_of(page, ".c-os")
    drag(page, ".c-os", 60, edge=True)
    assert width_of(page, ".c-os") == pytest.approx(before + 60, abs=2)
    page.reload()
    assert width_of(page, ".c-os") == pytest.approx(before + 60, abs=2)
    assert page.url == address  # and that was no click on the heading

    page.locator(".looks > summary").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="OS: narrower").focus()
    page.keyboard.press("Enter")
    assert width_of(page, ".c-os") == pytest.approx(before + 36, abs=2)
    page.get_by_role("button", name="Reset the widths").press("Enter")
    assert width_of(page, ".c-os") == pytest.approx(before, abs=2)


def test_a_column_is_dragged_to_another_place(signed_in: Page) -> None:
    page = signed_in
    at(page, 1280)
    page.goto("/images/?columns=name&columns=status&columns=os&columns=size&columns=created")
    drag(page, ".c-size", -width_of(page, ".c-os") - width_of(page, ".c-size") / 2)
    expect(page).to_have_url(re.compile("columns=name&columns=status&columns=size&columns=os"))
    expect(page.locator(HEADINGS).nth(2)).to_have_text("Size")
    assert "sort=" not in page.url
    drag(page, ".c-status", 900)
    expect(page).to_have_url(re.compile("columns=created&columns=status"))
    page.goto("/")
    assert shown(page) == ["Name", "Size", "OS", "Created", "Status"]
    page.locator(".looks > summary").click()
    page.get_by_role("button", name="Reset to default columns").click()
    expect(page).to_have_url(re.compile("/images/$"))


@pytest.mark.parametrize("width", [768, 1024, 1280, 1440, 1920])
def test_filters_are_within_reach_beside_an_open_image(signed_in: Page, width: int) -> None:
    page = signed_in
    at(page, width, 900)
    row(page, 2).locator(".c-name > a").click()
    expect(page.locator(OPEN)).to_be_visible()
    choice = page.locator(".choice", has_text="CentOS").first
    if width < 960:  # There the image lies over the list, and is closed first.
        page.mouse.click(width / 2, 20)
        expect(page.locator(OPEN)).to_have_count(0)
    if not choice.is_visible():
        page.locator(".filters-sheet > summary").click()
    choice.click()
    expect(page.locator(".chip")).to_have_text(re.compile("CentOS"))


def test_escape_closes_the_filters_before_the_image(signed_in: Page) -> None:
    page = signed_in
    at(page, 1280)
    row(page, 2).locator(".c-name > a").click()
    expect(page.locator(OPEN)).to_be_visible()
    expect(page.locator("#detail-title")).to_be_focused()
    page.keyboard.press("f")
    choice = page.locator(".choice").first
    expect(choice).to_be_focused()
    page.keyboard.press("Escape")
    expect(choice).to_be_hidden()
    expect(page.locator(OPEN)).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(OPEN)).to_have_count(0)
    expect(choice).to_be_visible()


@pytest.mark.parametrize("size", [(320, 640), (360, 740), (390, 844)])
def test_on_a_phone_the_first_image_is_in_the_upper_half(
    touched: Page, size: tuple[int, int]
) -> None:
    at(touched, *size)
    touched.goto("/images/")
    first = row(touched, 0).bounding_box()
    assert first
    assert first["y"] < size[1] / 2


def test_on_a_phone_the_image_is_a_sheet_over_the_list(touched: Page) -> None:
    page = touched
    page.locator("tr[data-image] .c-name > a").nth(20).tap()
    sheet = page.locator("#detail")
    expect(page.locator("#detail-title")).to_be_focused()
    scrolled = page.evaluate("scrollY")
    assert scrolled > 0
    there = sheet.bounding_box()
    assert there
    assert 0 < there["y"] < 100
    assert there["width"] == 360
    assert page.locator(".results").evaluate("(each) => each.inert")
    for name in ("Previous image", "Next image", "Close"):
        button = page.get_by_role("link", name=name).bounding_box()
        assert button
        assert button["y"] > 740 * 2 / 3
        assert min(button["width"], button["height"]) >= 44
    page.get_by_role("link", name="Next image").tap()
    expect(page.locator("#detail [data-detail]")).to_have_attribute(
        "data-detail", row(page, 21).get_attribute("data-image") or "-"
    )
    # Before it has settled htmx knows nothing of its links, which then lead to whole pages.
    expect(page.locator(".htmx-request, .htmx-swapping, .htmx-settling")).to_have_count(0)
    page.touchscreen.tap(180, 20)
    expect(page.locator(OPEN)).to_have_count(0)
    assert page.evaluate("scrollY") == scrolled
    assert not page.locator(".results").evaluate("(each) => each.inert")


def test_another_order_leaves_the_page_where_it_was_scrolled_to(touched: Page) -> None:
    page = touched
    page.evaluate("scrollTo(0, 60)")
    page.locator(".sorts > summary").tap()
    page.locator(".sorts a", has_text="Size").tap()
    expect(page).to_have_url(re.compile("sort="))
    expect(page.locator(".htmx-request, .htmx-swapping, .htmx-settling")).to_have_count(0)
    assert page.evaluate("scrollY") == 60


def test_skip_links_lead_to_list_filters_and_image(signed_in: Page) -> None:
    page = signed_in
    at(page, 1280)
    row(page, 2).locator(".c-name > a").click()
    expect(page.locator("#detail-title")).to_be_focused()
    address = page.url
    places = {"list": "#rows", "filters": ".filters-sheet > summary", "open": "#detail-title"}
    for word, place in places.items():
        link = page.get_by_role("link", name=re.compile(f"^Skip to the {word}"))
        link.focus()
        expect(link).to_be_in_viewport()
        page.keyboard.press("Enter")
        expect(page.locator(place)).to_be_focused()
    assert page.url == address
