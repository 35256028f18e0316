"""The main job in a real browser: sign in, add a token, browse, export; with scripts and without.

Every test here also fails when the browser complained: an error on the console, or something that
the Content-Security-Policy stopped.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Download, Page, expect

from images.sandbox import Fault, Sandbox
from tests import marks
from tests.browser.conftest import Site, Watched, sign_in, watch
from tests.dashboards import PASSWORD

WIDTHS = (320, 480, 640, 768, 960, 1280, 1440, 1680, 1920, 2560)


def total(page: Page) -> int:
    return int(page.locator("[data-total]").get_attribute("data-total") or "")


def text_of(download: Download) -> str:
    return Path(download.path()).read_text(encoding="utf-8-sig")


def download(page: Page, name: str) -> str:
    with page.expect_download() as caught:
        page.get_by_role("link", name=name).click()
    return text_of(caught.value)


@pytest.mark.backend
def test_the_main_job(site: Site, page: Page, big_cloud: Sandbox) -> None:
    site.run("add_user", "new", stdin=PASSWORD)
    page.goto("/")
    page.get_by_label("Username").fill("new")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()

    page.get_by_role("link", name="Add a token").click()
    page.get_by_label("Label").fill("Production")
    page.get_by_label("Token", exact=True).fill(big_cloud.token)
    page.get_by_role("button", name="Check and save").click()
    expect(page.get_by_text("was saved and works")).to_be_visible()
    assert big_cloud.token not in page.content()

    page.get_by_role("link", name="Images", exact=True).click()
    assert total(page) == sum(len(big_cloud.images(region)) for region in ("gz", "bj", "sh"))
    expect(page.locator("tr[data-image]")).to_have_count(50)

    page.locator(".choice", has_text="CentOS").click()
    expect(page).to_have_url(re.compile("os=CentOS"))
    expect(page.locator(".chip")).to_have_text(re.compile("CentOS"))
    filtered = total(page)
    assert 100 < filtered < 750

    page.get_by_role("link", name="Size", exact=True).click()
    expect(page.get_by_role("columnheader", name="Size")).to_have_attribute(
        "aria-sort", "descending"
    )
    page.get_by_role("link", name="Page 3").click()
    expect(page.locator(".pager-range")).to_have_text(f"101–150 of {filtered}")

    row = page.locator("tr[data-image]").nth(3)
    uuid = row.get_attribute("data-image") or ""
    row.locator(".c-name > a").click()
    panel = page.locator("#detail")
    expect(panel.get_by_text(uuid).first).to_be_visible()
    expect(row).to_have_attribute("aria-current", "true")
    expect(page).to_have_url(re.compile(f"/{uuid}/.*os=CentOS.*page=3"))

    page.go_back()
    expect(page.locator("[data-detail]")).to_have_count(0)
    expect(page.locator(".pager-range")).to_have_text(f"101–150 of {filtered}")
    expect(page.get_by_role("banner")).to_be_visible()
    page.go_forward()
    expect(panel.get_by_text(uuid).first).to_be_visible()
    expect(page.locator("tr[data-image]")).to_have_count(50)
    page.keyboard.press("Escape")
    expect(page.locator("[data-detail]")).to_have_count(0)

    rows = list(csv.DictReader(io.StringIO(download(page, "CSV"))))
    document = json.loads(download(page, "JSON"))
    assert len(rows) == len(document["images"]) == document["total"] == filtered
    assert {row["osFamily"] for row in rows} == {"CentOS"}
    sizes = [image["size"] for image in document["images"] if image["size"] is not None]
    assert sizes == sorted(sizes, reverse=True)


def test_typing_searches_and_loses_no_letter(signed_in: Page) -> None:
    box = signed_in.get_by_role("combobox", name="Search images")
    box.press_sequentially("数据库", delay=40)
    expect(signed_in).to_have_url(re.compile("q="))
    expect(signed_in.locator(".chip")).to_contain_text("数据库")
    expect(box).to_be_focused()
    expect(box).to_have_value("数据库")
    signed_in.get_by_role("link", name=re.compile("remove this filter")).click()
    expect(signed_in.locator("[data-total='750']")).to_be_visible()
    expect(box).to_have_value("")


def test_a_long_facet_is_unfolded_searched_and_stays_so(signed_in: Page) -> None:
    group = signed_in.locator("details.facet", has_text="OS version")
    group.locator(".more > summary").click()
    box = group.get_by_role("searchbox", name="Search in OS version")
    folded = group.locator(".more li")
    everything = folded.count()
    wanted = folded.last.locator(".choice-label").inner_text()
    box.fill(wanted.upper())
    expect(folded.filter(visible=True)).not_to_have_count(everything)
    expect(folded.last).to_be_visible()

    signed_in.locator(".choice", has_text="Ready").click()
    expect(signed_in.locator(".chip")).to_have_text(re.compile("Ready"))
    expect(box).to_have_value(wanted.upper())
    expect(folded.filter(has_text=wanted)).to_be_visible()
    expect(folded.filter(has_not_text=wanted).filter(visible=True)).to_have_count(0)


def test_on_a_phone_the_sheet_of_filters_stays_as_it_was(signed_in: Page) -> None:
    signed_in.set_viewport_size({"width": 360, "height": 740})
    signed_in.goto("/images/")
    choice = signed_in.locator(".choice", has_text="CentOS")
    expect(choice).to_be_hidden()
    signed_in.get_by_role("link", name="Next page").click()
    expect(signed_in.locator(".pager-range")).to_have_text(re.compile("^51"))
    expect(choice).to_be_hidden()
    signed_in.locator(".filters-sheet > summary").click()
    choice.click()
    expect(choice).to_have_attribute("aria-current", "true")
    expect(choice).to_be_visible()


def test_refresh_rests_after_the_cloud_was_asked(signed_in: Page) -> None:
    button = signed_in.locator("#refresh button")
    expect(button).to_be_enabled(timeout=8000)
    button.click()
    expect(button).to_be_disabled()
    expect(button).to_have_text(re.compile(r"Refresh [1-5] s"))
    expect(button).to_be_enabled(timeout=8000)
    expect(button).to_have_text("Refresh")


def test_a_copied_link_opens_the_same_view(signed_in: Page) -> None:
    signed_in.goto("/images/?os=Ubuntu&sort=name&size=25")
    signed_in.locator("tr[data-image] a").nth(2).click()
    expect(signed_in.locator("[data-detail]")).to_be_visible()
    address, rows = signed_in.url, signed_in.locator("tbody tr[data-image]").all_inner_texts()
    signed_in.goto("/tokens/")
    signed_in.goto(address)
    expect(signed_in.locator("[data-detail]")).to_be_visible()
    assert signed_in.locator("tbody tr[data-image]").all_inner_texts() == rows
    expect(signed_in.locator("tr[aria-current]")).to_have_count(1)


def test_focus_goes_into_the_panel_and_back_to_its_row(signed_in: Page) -> None:
    link = signed_in.locator("tr[data-image] a").nth(4)
    link.focus()
    signed_in.keyboard.press("Enter")
    expect(signed_in.locator("#detail-title")).to_be_focused()
    signed_in.get_by_role("link", name="Close").click()
    expect(link).to_be_focused()


def test_an_id_is_copied_with_one_click(signed_in: Page, site: Site) -> None:
    signed_in.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=site.url)
    signed_in.goto("/images/bj/4a48f88391134a01befe88ff98b68a88/")
    signed_in.get_by_role("button", name="Copy cimg-cy58anir").click()
    assert signed_in.evaluate("navigator.clipboard.readText()") == "cimg-cy58anir"


def test_times_are_told_as_people_say_them_with_the_exact_one_on_hover(signed_in: Page) -> None:
    signed_in.goto("/images/bj/4a48f88391134a01befe88ff98b68a88/")
    read = signed_in.locator(".region-age time").first
    expect(read).to_have_text(re.compile(r"now|(second|minute)s? ago"))
    created = signed_in.locator("#detail time").first
    expect(created).to_have_text(re.compile(r"^\d+ \w+ 2020$"))
    expect(created).to_have_attribute("title", re.compile(r"2020.* (UTC|GMT)"))


def test_a_first_list_says_that_it_is_on_its_way_and_comes_by_itself(
    site: Site, page: Page, big_cloud: Sandbox
) -> None:
    big_cloud.misbehave(Fault("slow", endpoint="cimg/list", token=big_cloud.other_token))
    site.run("add_user", "early", stdin=PASSWORD)
    site.run("add_token", "--user", "early", "--label", "Main", stdin=big_cloud.other_token)
    page.goto("/accounts/login/")
    page.get_by_label("Username").fill("early")
    page.get_by_label("Password").fill(PASSWORD)
    answers: list[str] = []
    page.on("response", lambda one: answers.append(one.url))
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("tr[data-image]").first).to_be_visible()
    # The page that says so, and the one with the list, at the same address.
    assert answers.count(f"{site.url}/images/") == 2
    assert page.url == f"{site.url}/images/"
    big_cloud.clear_faults()


def test_a_failure_keeps_its_honest_status(
    site: Site, watched: Watched, big_cloud: Sandbox
) -> None:
    page = watched.page
    site.run("add_user", "unlucky", stdin=PASSWORD)
    site.run("add_token", "--user", "unlucky", "--label", "Main", stdin=big_cloud.forbidden_token)
    page.goto("/accounts/login/")
    page.get_by_label("Username").fill("unlucky")
    page.get_by_label("Password").fill(PASSWORD)
    # The page that comes after the one which says that the list is being read.
    with page.expect_response(lambda answer: answer.status == 403) as answer:
        page.get_by_role("button", name="Sign in").click()
    assert answer.value.url == f"{site.url}/images/"
    expect(page.locator(".state-bad")).to_contain_text("not allowed to list images")
    expect(page.locator(".state-bad")).to_contain_text("10000001")
    # An error status is news to the browser, too: once for the page, and nothing else.
    assert len(watched.complaints) == 1
    assert "403" in watched.complaints.pop()


def test_the_language_is_switched_with_one_click(signed_in: Page) -> None:
    signed_in.goto("/images/?os=CentOS")
    signed_in.get_by_role("button", name="中文").click()
    expect(signed_in.locator("html")).to_have_attribute("lang", "zh-hans")
    expect(signed_in).to_have_url(re.compile("os=CentOS"))
    expect(signed_in.get_by_role("columnheader", name="名称")).to_be_visible()
    signed_in.get_by_role("button", name="English").click()
    expect(signed_in.locator("html")).to_have_attribute("lang", "en")


@pytest.fixture
def plain(site: Site, browser: Browser) -> Iterator[Page]:
    """A signed-in page whose browser runs no script."""
    with browser.new_context(base_url=site.url, java_script_enabled=False) as context:
        watched = watch(context)
        sign_in(watched.page)
        yield watched.page
        assert watched.complaints == []


def test_the_main_job_without_javascript(plain: Page) -> None:
    plain.get_by_role("searchbox").fill("web")
    plain.get_by_role("button", name="Search").click()
    found = total(plain)
    assert 0 < found < 750
    plain.locator(".choice", has_text="Ubuntu").click()
    expect(plain.locator(".chip")).to_have_count(2)
    plain.get_by_role("link", name="Clear all").click()
    plain.get_by_label("Size from").fill("10 GiB")
    plain.get_by_role("button", name="Apply").click()
    expect(plain.locator(".chip")).to_contain_text("10 GiB")
    plain.get_by_role("link", name="Name", exact=True).click()
    expect(plain.get_by_role("columnheader", name="Name")).to_have_attribute(
        "aria-sort", "ascending"
    )
    plain.get_by_role("link", name="Next page").click()
    plain.locator("tr[data-image] a").first.click()
    expect(plain.get_by_role("heading", name="Backup storages")).to_be_visible()
    expect(plain.locator("#detail time").first).to_contain_text("UTC")
    plain.get_by_role("link", name="Close").click()
    expect(plain.locator("[data-detail]")).to_have_count(0)
    document = json.loads(download(plain, "JSON"))
    assert document["total"] == total(plain)


@pytest.mark.parametrize("width", [320, 768, 1280])
def test_no_page_is_wider_than_the_screen(signed_in: Page, width: int) -> None:
    signed_in.set_viewport_size({"width": width, "height": 800})
    addresses = [
        "/images/",
        "/images/bj/4a48f88391134a01befe88ff98b68a88/",
        "/overview/",
        "/overview/display",
    ]
    addresses += ["/accounts/password/change/", "/images/?q=nothing-like-this", "/accounts/2fa/"]
    for address in addresses:
        signed_in.goto(address)
        wide = signed_in.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, address


@pytest.mark.parametrize("width", [1280, 2560])
def test_no_filter_is_wider_than_the_column_of_filters(signed_in: Page, width: int) -> None:
    signed_in.set_viewport_size({"width": width, "height": 800})
    expect(signed_in.get_by_role("button", name="Apply")).to_be_visible()
    size = "column => [column.scrollWidth, column.clientWidth]"
    wanted, there = signed_in.locator(".filters").evaluate(size)
    assert wanted == there


@pytest.mark.parametrize("width", marks.some(WIDTHS, (320, 960, 2560)))
def test_the_standard_columns_fit_on_the_screen(signed_in: Page, width: int) -> None:
    signed_in.set_viewport_size({"width": width, "height": 900})
    signed_in.goto("/images/?storage=at-risk&sort=-status&size=200")
    table = signed_in.locator(".table-wrap")
    for language in ("English", "中文"):
        if signed_in.get_by_role("button", name=language).count():
            signed_in.get_by_role("button", name=language).click()
        expect(signed_in.get_by_role("button", name=language)).to_have_count(0)
        assert table.evaluate("each => each.scrollWidth - each.clientWidth") <= 0
        cut = "all => all.filter((each) => each.scrollWidth > each.clientWidth).length"
        assert signed_in.locator("td.c-created time").evaluate_all(cut) == 0
