"""/overview/: the shape of the inventory, and where each bar leads."""

from __future__ import annotations

import re

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from dashboard.people.models import User
from images.sandbox import Fault, Sandbox
from images.services.jobs import JOB_POLL_SECONDS
from tests.integration.conftest import Clock, Keep, read_again
from tests.integration.images.pages import Node, Page, both

URL = "/overview/"
TABLES = ("region", "os", "status", "platform", "arch")
QUESTIONS = ["What needs a decision", "What is happening", "What is there"]
HISTOGRAMS = ("age", "size")


def card(page: Node, name: str) -> Node:
    return page.one("section", aria_labelledby=f"{name}-title")


def number(text: str) -> int:
    return -1 if text == "–" else int(text.replace(",", ""))


def bars(page: Node, name: str) -> list[tuple[str, str, int]]:
    """Label, address ("" without a link) and count of each row of one card's table."""
    found = []
    for row in card(page, name).all("tbody")[0].all("tr"):
        label = row.one("th")
        links = [link.attributes["href"] for link in label.all("a")]
        [text, *_others] = [cell.text for cell in row.all("td", _class="numeric")]
        count = number(text)
        found.append((label.text, links[0] if links else "", count))
    return found


def questions(page: Node) -> list[str]:
    ids = ("attention-title", "happening-title", "there-title")
    return [title.text for title in page.all("h2") if title.attributes.get("id") in ids]


def group(page: Node, kind: str) -> Node:
    return page.one("li", data_group=kind)


def total(client: Client, address: str) -> int | None:
    return Page(client.get(address)).total


def figure(page: Node, name: str) -> int:
    return number(page.one("strong", data_figure=name).text)


def test_the_overview_counts_everything_and_renews_itself(viewer: Client, cloud: Sandbox) -> None:
    page, fragment = both(viewer, URL)

    for each in (page, fragment):
        assert figure(each, "total") == 36
        assert set(each.regions.values()) == {"fresh"}
        assert questions(each) == QUESTIONS
    assert page.one(id="news").attributes["hx-get"] == URL


@pytest.mark.backend
def test_the_cloud_is_not_asked_and_the_database_as_little_as_for_the_list(
    viewer: Client, cloud: Sandbox, clock: Clock
) -> None:
    counts = {}
    for address in ("/images/", URL, "/overview/coverage/"):
        viewer.get(address)
        calls = len(cloud.calls)
        clock.now += 2 * JOB_POLL_SECONDS  # An open list would ask how far its jobs are.
        with CaptureQueriesContext(connections["default"]) as queries:
            viewer.get(address)
        counts[address] = len(queries)
        assert len(cloud.calls) == calls
    assert max(counts.values()) == counts["/images/"]


@pytest.mark.parametrize("query", ["", "?region=bj", "?os=CentOS&check=uncheck&min_size=1GiB"])
@pytest.mark.parametrize("name", [*TABLES, *HISTOGRAMS])
def test_every_bar_leads_to_just_its_images(viewer: Client, name: str, query: str) -> None:
    found = bars(Page(viewer.get(URL + query)), name)

    assert found
    for label, address, count in found:
        assert bool(address) == bool(count), label
        if address:
            assert total(viewer, address) == count, label


def test_every_image_is_in_one_bar(viewer: Client) -> None:
    page = Page(viewer.get(URL))

    for name in ("region", "status", "platform", "arch", *HISTOGRAMS):
        assert sum(count for _label, _address, count in bars(page, name)) == 36, name


@pytest.mark.parametrize("name", HISTOGRAMS)
def test_the_drawing_says_what_its_table_says(viewer: Client, name: str) -> None:
    page = Page(viewer.get(URL))
    drawn = [
        (link.attributes["aria-label"], link.attributes["href"])
        for link in card(page, name).one("svg").all("a")
    ]

    assert drawn == [
        (f"{label}: {count}", address) for label, address, count in bars(page, name) if count
    ]


def test_a_version_reads_with_its_family(viewer: Client, cloud: Sandbox) -> None:
    cloud.add_image("bj", osFamily="CentOS", osVersion="7.9")
    found = {label: address for label, address, _count in bars(Page(viewer.get(URL)), "os")}

    assert found["CentOS 7.9"].endswith("os=CentOS&version=7.9")


def test_what_a_query_leaves_out_is_nowhere(viewer: Client) -> None:
    page = Page(viewer.get(f"{URL}?region=bj"))

    assert figure(page, "total") == 12
    assert [count for _label, _address, count in bars(page, "region")] == [12]
    assert [row.attributes["data-fresh"] for row in page.all("tr", data_fresh=True)] == ["bj"]
    for _label, address, _count in bars(page, "status"):
        assert "region=bj" in address


def test_a_query_that_bounds_ages_and_sizes_bounds_every_column(viewer: Client) -> None:
    query = "?min_size=3GiB&max_size=7GiB&created_after=2022-03-04&created_before=2023-04-05"
    page = Page(viewer.get(URL + query))

    assert 0 < figure(page, "total") < 36
    for name in HISTOGRAMS:
        for label, address, count in bars(page, name):
            assert not address or total(viewer, address) == count, label


def test_each_group_leads_to_just_its_images(viewer: Client, cloud: Sandbox) -> None:
    for _ in range(2):
        cloud.add_image("bj", name="<twice>", status="Failed", backupStorageInfos=[])
    cloud.add_image("gz", name="once", createTime=1)
    page = Page(viewer.get(f"{URL}?sort=size"))

    counts = {}
    for each in page.all(data_group=True):
        kind = each.attributes["data-group"]
        counts[kind] = number(each.one("strong", _class="group-count").text)
        if kind != "one-region":
            link = each.all("a")[0]
            assert total(viewer, link.attributes["href"]) == counts[kind], kind
            assert kind == "old" or "sort=size" in link.attributes["href"]
    assert {"failed", "repeated", "unchecked", "old", "one-region"} <= set(counts)


def test_names_that_repeat_lead_to_those_of_their_region(viewer: Client, cloud: Sandbox) -> None:
    for region in ("bj", "bj", "gz"):
        cloud.add_image(region, name="<twice>")
    found = group(Page(viewer.get(URL)), "repeated")

    assert found.text.count("<twice>") == 1
    [chip] = [chip for chip in found.all("a", _class="chip") if "<twice>" in chip.text]
    assert chip.text == "<twice> Beijing bj ×2"
    assert total(viewer, chip.attributes["href"]) == 2


@pytest.mark.parametrize("name", ["x" * 201, "<script>alert(1)</script>", "a&region=gz", " +%"])
def test_no_name_breaks_a_link_or_the_page(viewer: Client, cloud: Sandbox, name: str) -> None:
    for _ in range(2):
        cloud.add_image("bj", name=name, osFamily=name, osVersion=name)
    page = Page(viewer.get(URL))

    for label, address, count in bars(page, "os"):
        assert not address or total(viewer, address) == count, label
    for link in group(page, "repeated").all("a", _class="chip"):
        assert total(viewer, link.attributes["href"]) == int(link.text.rpartition("×")[2])
    assert "alert" not in page.one("head").text


def test_jobs_show_how_far_they_are(viewer: Client, cloud: Sandbox) -> None:
    page = Page(viewer.get(URL))
    running = figure(page, "running")

    assert running
    assert len(card(page, "running").all("li")) == running
    assert page.one(id="news").attributes["hx-trigger"] == "every 10s"


def test_calm_is_said_only_of_what_was_read(viewer: Client, cloud: Sandbox) -> None:
    assert "Nothing needs attention." in Page(viewer.get(f"{URL}?status=Ready&storage=ok")).text
    assert "Nothing needs attention." not in Page(viewer.get(URL)).text
    assert "No images to show" in Page(viewer.get(f"{URL}?q=nothing-like-this")).text


def test_a_region_that_could_not_be_read_is_told_with_the_reason(
    viewer: Client, cloud: Sandbox
) -> None:
    cloud.misbehave(Fault("errno", errno=41026, region="gz"))
    page = Page(viewer.get(f"{URL}?q=nothing-like-this"))

    assert "Nothing needs attention in the regions that could be read." in page.text
    assert "1 not read" in card(page, "there").text
    [notice] = page.notices
    assert notice.startswith("Guangzhou gz: ")
    assert "errno 41026" in notice
    assert len(card(page, "region").all("tr", data_fresh=True)) == 3


def test_freshness_tells_what_reading_took(viewer: Client, cloud: Sandbox) -> None:
    page = Page(viewer.get(URL))

    assert re.search(r"12 .*B \d{4}-.* UTC$", page.one("tr", data_fresh="bj").text)
    assert re.search(r"\d\.\d s \d [0-9a-f]{32}$", page.one("tr", data_took="bj").text)


def test_a_size_that_is_not_known_is_not_nothing(viewer: Client, cloud: Sandbox) -> None:
    known = sum(isinstance(image["size"], int) for image in cloud.images("gz"))
    cloud.add_image("gz", size=None)
    figures = card(Page(viewer.get(f"{URL}?region=gz")), "there").text
    unknown = len(cloud.images("gz")) - known
    assert f"in total without {unknown} image" in figures


def test_a_cloud_that_is_away_is_explained(viewer: Client, cloud: Sandbox) -> None:
    cloud.misbehave(Fault("html"))
    page, fragment = both(viewer, URL)

    assert page.failures
    assert fragment.failures
    assert questions(page) == []


def test_an_account_without_images_is_no_error(
    browser: Client, person: User, cloud: Sandbox, keep: Keep
) -> None:
    for region in ("gz", "bj", "sh"):
        for image in cloud.images(region):
            cloud.remove_image(region, image["cimgUuid"])
    keep(person, cloud.token)
    page = Page(browser.get(URL))

    assert figure(page, "total") == figure(page, "worried") == 0
    assert "No images to show" in card(page, "attention").text


def test_what_is_true_of_most_images_is_no_candidate(viewer: Client, cloud: Sandbox) -> None:
    page = Page(viewer.get(URL))
    most = [each.attributes["data-group"] for each in page.all("span", data_group=True)]
    candidates = [each.attributes["data-group"] for each in page.all("li", data_group=True)]

    assert "unchecked" in most
    assert not set(most) & set(candidates)
    for each in page.all("span", data_group=True):
        assert 2 * number(each.one("strong").text) > figure(page, "total")


def test_old_images_are_ranked_by_what_they_take(viewer: Client, cloud: Sandbox) -> None:
    for number_, size in enumerate((300, 900, 500)):
        cloud.add_image("bj", name=f"ancient {number_}", createTime=1.3e12, size=size << 30)
    old = group(Page(viewer.get(f"{URL}?q=ancient")), "old")

    assert "together 1.7 TiB, the largest first" in old.text
    named = [link.text for link in old.one(_class="group-named").all("a")]
    assert named == ["ancient 1 900 GiB", "ancient 2 500 GiB", "ancient 0 300 GiB"]


def test_what_changed_is_told_by_day_as_far_back_as_anybody_knows(
    viewer: Client, cloud: Sandbox
) -> None:
    page = Page(viewer.get(URL))
    assert "0 changes today, when comparing began" in card(page, "happening").text
    assert not page.all("section", aria_labelledby="changes-title")

    image = cloud.images("bj")[0]["cimgUuid"]
    cloud.change_image("bj", image, status="Disabled")
    cloud.add_image("gz", name="new")
    read_again(cloud.token, everything=True)
    page = Page(viewer.get(URL))
    [*unknown, today] = bars(page, "changes")
    assert today[2] == 2
    assert len(unknown) == 13
    assert len(Page(viewer.get(today[1])).all(data_change=True)) == 2
    assert "2 changes today" in card(page, "happening").text
    narrowed = card(Page(viewer.get(f"{URL}?region=bj&q=web")), "happening").text
    assert "1 change today" in narrowed
    assert "(of all images)" in narrowed


def test_what_is_new_among_what_needs_attention_is_told(viewer: Client, cloud: Sandbox) -> None:
    assert " new, " not in card(Page(viewer.get(URL)), "attention").text
    cloud.add_image("gz", name="torn", backupStorages=[])
    read_again(cloud.token, everything=True)

    assert "1 new, " in card(Page(viewer.get(URL)), "attention").text
