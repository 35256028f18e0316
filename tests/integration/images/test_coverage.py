"""/overview/coverage/: which images are in which regions."""

from __future__ import annotations

import pytest
from django.test import Client

from images.sandbox import Fault, Sandbox
from tests.integration.images.pages import Node, Page

URL = "/overview/coverage/"


def row(page: Node, name: str) -> dict[str, Node]:
    """The cells of one row by region."""
    [found] = [
        row
        for row in page.one("tbody").all("tr")
        if row.one("th", scope="row").one("bdi").text == name
    ]
    return {cell.attributes["data-cell"]: cell for cell in found.all("td")}


def names(page: Node) -> list[str]:
    return [row.one("th").one("bdi").text for row in page.one("tbody").all("tr")]


@pytest.fixture
def few(viewer: Client, cloud: Sandbox) -> Client:
    """Of the name that is asked for there is "everywhere", "partly" and "alone"."""
    for name, regions in (
        ("few everywhere", ("gz", "bj", "sh")),
        ("few partly", ("gz", "bj")),
        ("few <alone>", ("sh", "sh")),
    ):
        for region in regions:
            cloud.add_image(region, name=name, osFamily="CentOS", status="Failed")
    return viewer


def test_each_region_says_what_it_has_of_an_image(few: Client) -> None:
    page = Page(few.get(f"{URL}?q=few"))

    assert names(page) == ["few <alone>", "few partly", "few everywhere"]
    assert [cell.text for cell in row(page, "few partly").values()] == [
        "Failed",
        "Failed",
        "not here",
    ]
    assert page.all("span", _class="status status-bad")
    assert [head.text for head in page.one("thead").all("th", scope="col")] == [
        *("Image", "Guangzhou gz", "Beijing bj", "Shanghai sh")
    ]


def test_the_tabs_show_what_is_missing_where(few: Client) -> None:
    tabs = Page(few.get(f"{URL}?q=few")).one("nav", _class="tabs after").all("a")

    assert [tab.text for tab in tabs] == [
        *("All images 3", "Missing in some regions 2", "In one region only 1")
    ]
    assert [names(Page(few.get(tab.attributes["href"]))) for tab in tabs] == [
        ["few <alone>", "few partly", "few everywhere"],
        ["few <alone>", "few partly"],
        ["few <alone>"],
    ]


def test_a_mark_leads_to_its_image_and_a_row_to_all_of_it(few: Client, cloud: Sandbox) -> None:
    page = Page(few.get(f"{URL}?q=few"))

    [link] = row(page, "few partly")["bj"].all("a")
    panel = Page(few.get(link.attributes["href"]))
    assert "few partly" in panel.one("article").text
    several = row(page, "few <alone>")["sh"]
    assert several.text == "Failed ×2"
    assert Page(few.get(several.one("a").attributes["href"])).total == 2
    for each in page.one("tbody").all("th"):
        assert Page(few.get(each.one("a").attributes["href"])).total in (2, 3)


def test_long_ones_are_paged(viewer: Client) -> None:
    page = Page(viewer.get(f"{URL}?size=25"))
    seen = names(page)

    assert page.one("table").attributes["data-rows"].isdigit()
    following = Page(viewer.get(page.one("a", rel="next").attributes["href"]))
    assert not following.all("a", rel="next")
    assert len(seen + names(following)) == int(page.one("table").attributes["data-rows"])
    assert names(Page(viewer.get(following.one("a", rel="prev").attributes["href"]))) == seen
    assert names(Page(viewer.get(f"{URL}?size=25&page=999"))) == names(following)


def test_nothing_is_missing_where_nothing_could_be_read(few: Client, cloud: Sandbox) -> None:
    cloud.misbehave(Fault("errno", errno=41026, region="sh"))
    page = Page(few.get(f"{URL}?q=few"))

    assert row(page, "few partly")["sh"].text == "? unknown"
    assert "does not mean that an image is missing" in page.text
    assert Page(few.get(f"{URL}missing/?q=few")).all("h2")[-1].text == "No such image"


def test_one_region_compares_with_nothing(few: Client) -> None:
    assert "At least two regions are needed" in Page(few.get(f"{URL}?region=bj")).text
    overview = Page(few.get("/overview/?region=bj"))
    assert not overview.all("section", aria_labelledby="coverage-title")
    assert not overview.all("li", data_group="one-region")


def test_the_overview_counts_as_the_coverage_does(few: Client) -> None:
    page = Page(few.get("/overview/?q=few"))
    card = page.one("section", aria_labelledby="coverage-title")

    for link in [row.one("th").one("a") for row in card.one("tbody").all("tr")]:
        assert names(Page(few.get(link.attributes["href"])))
    alone = page.one("li", data_group="one-region").one("div", _class="group-head").one("a")
    assert names(Page(few.get(alone.attributes["href"]))) == ["few <alone>"]


def test_a_cloud_that_is_away_is_explained(viewer: Client, cloud: Sandbox) -> None:
    cloud.misbehave(Fault("html"))
    page = Page(viewer.get(URL))

    assert page.failures
    assert not page.all("table")


def test_there_are_no_other_addresses(viewer: Client) -> None:
    assert viewer.get(f"{URL}invalid/").status_code == 404
