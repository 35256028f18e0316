"""What is dated 27 Oct on the screen is found by 27 Oct, wherever that screen is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page, expect

from images.sandbox import Sandbox
from tests import marks
from tests.browser.conftest import Site, serving, sign_in, watch

ZONES = (
    *("UTC", "Asia/Shanghai", "America/Los_Angeles", "Asia/Kolkata", "Pacific/Kiritimati"),
    *("Pacific/Pago_Pago", "Australia/Lord_Howe"),
)
IN_THE_GATE = ("Asia/Shanghai", "America/Los_Angeles")
# A plain day; one of 25 hours in Los Angeles, of 23.5 on Lord Howe Island, of 23 in Los Angeles.
DAYS = (date(2024, 10, 27), date(2024, 11, 3), date(2024, 10, 6), date(2025, 3, 9))
A_DAY, MOMENT = timedelta(days=1), timedelta(milliseconds=1)
# Changes at the first and the last moment of a day in each zone, three days ago.
CHANGES = """
from datetime import datetime
from dashboard.tokens import vault
from images.history.models import Change
for number, (zone, at) in enumerate(%r):
    Change.objects.create(
        key=vault.cache_key(%r), at=datetime.fromisoformat(at), kind="appeared", region="bj",
        uuid=str(number), name=zone,
    )
"""


def edges(day: date, zone: str) -> tuple[datetime, datetime]:
    """The first moment of a day somewhere, and the last one."""
    first, after = (
        datetime(each.year, each.month, each.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)
        for each in (day, day + A_DAY)
    )
    return first, after - MOMENT


CREATED = sorted(
    {moment for day in DAYS for zone in ZONES for moment in edges(day, zone)}
    | {
        datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=hours)
        for day in DAYS
        for hours in range(-24, 48, 4)
    }
)
CHANGED = datetime.now(UTC).date() - 3 * A_DAY
NOTED = sorted({(zone, each.isoformat()) for zone in ZONES for each in edges(CHANGED, zone)})


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with Sandbox(images=1, seed=1) as cloud:
        for moment in CREATED:
            milliseconds = (moment - datetime.fromtimestamp(0, UTC)) // MOMENT
            cloud.add_image("bj", name=moment.isoformat(), createTime=milliseconds)
        with serving(cloud, tmp_path_factory.mktemp("dates")) as site:
            site.run("shell", "-c", CHANGES % (NOTED, cloud.token))
            yield site


@pytest.fixture(params=marks.some(ZONES, IN_THE_GATE))
def zone(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def page(site: Site, browser: Browser, zone: str) -> Iterator[Page]:
    """The page of Ann, somewhere."""
    with browser.new_context(base_url=site.url, locale="en-US", timezone_id=zone) as context:
        watched = watch(context)
        watched.page.set_default_timeout(10_000)
        sign_in(watched.page)
        yield watched.page
        assert watched.complaints == []


def asked(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def bounds(page: Page) -> list[str]:
    return asked(page)["created_after"] + asked(page)["created_before"]


def names(page: Page) -> set[str]:
    return set(page.locator("tr[data-image] .c-name > a").all_inner_texts())


def on(day: date, zone: str) -> set[str]:
    """The names of what is of a day there, by another way of counting than the browser's."""
    return {each.isoformat() for each in CREATED if each.astimezone(ZoneInfo(zone)).date() == day}


def filter_by(page: Page, first: str, last: str) -> None:
    page.get_by_label("Created from").fill(first)
    page.get_by_label("Created up to").fill(last)
    page.get_by_role("button", name="Apply").click()


def test_a_rows_date_finds_that_row_and_only_rows_of_that_date(page: Page, zone: str) -> None:
    some = DAYS[: marks.many(2, len(DAYS))]
    for moment in (each for day in some for each in edges(day, zone)):
        page.goto(f"/images/?name={moment.isoformat().replace('+', '%2B')}")
        written = page.locator("tr[data-image] .c-created time").inner_text()
        day = datetime.strptime(written, "%b %d, %Y").replace(tzinfo=UTC).date()
        assert day == moment.astimezone(ZoneInfo(zone)).date()

        page.goto("/images/?size=200")
        filter_by(page, f"{day}", f"{day}")
        page.wait_for_url("**created_before=**")
        expect(page.locator(f"[data-total='{len(on(day, zone))}']")).to_be_visible()
        assert moment.isoformat() in names(page)
        assert names(page) == on(day, zone)
        assert set(page.locator(".c-created time").all_inner_texts()) == {written}
        # It says what was asked, and asks the same again.
        expect(page.get_by_label("Created from")).to_have_value(f"{day}")
        expect(page.get_by_label("Created up to")).to_have_value(f"{day}")
        expect(page.locator(".chip time")).to_have_text([written, written])


def test_a_link_says_its_offset_and_finds_the_same_anywhere(
    page: Page, zone: str, site: Site, browser: Browser
) -> None:
    day = DAYS[0]
    page.goto("/images/?size=200")
    filter_by(page, f"{day}", f"{day}")
    page.wait_for_url("**created_before=**")
    assert all(re.search(r"T00:00:00[+-]\d\d:\d\d$", each) for each in bounds(page))
    first, last = edges(day, zone)
    assert [*map(datetime.fromisoformat, bounds(page))] == [first, last + MOMENT]
    address = page.url.removeprefix(site.url)
    file = page.request.get(address.replace("/images/", "/images/export.json")).json()
    assert {each["name"] for each in file["images"]} == on(day, zone)

    # What was not changed is asked as it was, with a size beside it.
    page.get_by_label("Size up to").fill("7 EiB")
    page.get_by_role("button", name="Apply").click()
    page.wait_for_url("**max_size=**")
    assert [*map(datetime.fromisoformat, bounds(page))] == [first, last + MOMENT]

    elsewhere = "Asia/Tokyo"
    with browser.new_context(
        base_url=site.url,
        locale="en-US",
        timezone_id=elsewhere,
        storage_state=page.context.storage_state(),
    ) as context:
        there = context.new_page()
        there.goto(address)
        assert names(there) == on(day, zone)
        for label, moment in (("Created from", first), ("Created up to", last)):
            there_day = moment.astimezone(ZoneInfo(elsewhere)).date()
            expect(there.get_by_label(label)).to_have_value(f"{there_day}")
        expect(there.locator(".chip time").first).to_have_text(re.compile(f"^{day} UTC"))
        there.get_by_label("Size from").fill("0")
        there.get_by_role("button", name="Apply").click()
        there.wait_for_url("**min_size=**")
        assert [*map(datetime.fromisoformat, bounds(there))] == [first, last + MOMENT]
        assert names(there) == on(day, zone)


def test_the_days_of_changes_are_those_of_the_headings(page: Page, zone: str) -> None:
    moments = [datetime.fromisoformat(at) for _zone, at in NOTED]
    count = sum(each.astimezone(ZoneInfo(zone)).date() == CHANGED for each in moments)
    page.goto("/changes/")
    page.get_by_label("From").fill(f"{CHANGED}")
    page.get_by_label("To", exact=True).fill(f"{CHANGED}")
    page.get_by_role("button", name="Filter").click()
    page.wait_for_url("**before=**")
    expect(page.locator(f"[data-total='{count}']")).to_be_visible()
    expect(page.get_by_role("heading", level=3)).to_have_text(
        [f"{CHANGED:%A, %B} {CHANGED.day}, {CHANGED.year}"]
    )
    expect(page.get_by_label("From")).to_have_value(f"{CHANGED}")
    expect(page.get_by_label("To", exact=True)).to_have_value(f"{CHANGED}")
    file = page.request.get(page.url.replace("/changes/", "/changes/export.json"))
    assert len(json.loads(file.text())["changes"]) == count


def test_the_days_of_the_log_are_those_of_its_entries(page: Page, zone: str) -> None:
    page.goto("/audit/mine/")
    times = page.locator("tbody time")
    moment = datetime.fromisoformat(times.first.get_attribute("datetime") or "")
    day = moment.astimezone(ZoneInfo(zone)).date()
    for shown, found in ((day, True), (day - A_DAY, False), (day + A_DAY, False)):
        page.get_by_label("From").fill(f"{shown}")
        page.get_by_label("To", exact=True).fill(f"{shown}")
        page.get_by_role("button", name="Filter").click()
        page.wait_for_url("**since=**")
        expect(page.get_by_label("From")).to_have_value(f"{shown}")
        expect(page.get_by_label("To", exact=True)).to_have_value(f"{shown}")
        assert (times.count() > 0) == found
        offset = f"{moment.astimezone(ZoneInfo(zone)):%z}"
        assert asked(page)["since"][0].replace(":", "").endswith(offset)


@pytest.mark.parametrize("zone", ["Asia/Shanghai"], indirect=True)
def test_a_column_of_the_overview_says_that_its_days_are_of_utc(page: Page) -> None:
    page.goto("/overview/")
    expect(page.locator("#age-title")).to_have_text("Created (UTC)")
    column = page.locator(".card-age svg a").first
    count = (column.get_attribute("aria-label") or "").rpartition(" ")[2]
    column.click()
    expect(page.locator(f"#summary[data-total='{count}']")).to_be_visible()
    for chip in page.locator(".chip time").all_inner_texts():
        assert chip.endswith(" UTC")
