"""/images/compare/: two to four images side by side, with what differs marked."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from dashboard.people.models import User
from images.sandbox import Fault, Sandbox
from tests.integration.conftest import Keep
from tests.integration.images.pages import Page

URL = "/images/compare/"


def add(cloud: Sandbox, region: str = "bj", **fields: Any) -> str:
    return f"{region}/{cloud.add_image(region, **fields)['cimgUuid']}"


def compare(viewer: Client, *places: str, more: str = "") -> Page:
    return Page(viewer.get(f"{URL}?{'&'.join(f'image={place}' for place in places)}{more}"))


def lines(page: Page) -> dict[str, tuple[list[str], bool]]:
    """Each fact -> what it is of each image, and whether it is said to differ."""
    found = {}
    for row in page.one("table").all("tr"):
        cells, heads = row.all("td"), row.all("th", scope="row")
        if heads:
            title = heads[0].text.removesuffix(" differs")
            said = title != heads[0].text
            assert said == (row.attributes.get("class") == "differs")
            found[title] = ([cell.text for cell in cells], said)
    return found


def test_two_images_stand_side_by_side_with_what_differs(viewer: Client, cloud: Sandbox) -> None:
    same = {"osFamily": "CentOS", "osVersion": "7", "status": "Ready"}
    one = add(cloud, name="one", size=2**30, cimgTags=["a"], **same)
    two = add(cloud, "gz", name="two", size=2**31, cimgTags=["a"], **same)
    page = compare(viewer, one, two)

    assert [head.one("a").text for head in page.one("thead").all("th")[1:]] == ["one", "two"]
    facts = lines(page)
    assert facts["Size"] == (["1 GiB", "2 GiB"], True)
    assert facts["OS"] == (["CentOS 7", "CentOS 7"], False)
    assert facts["Tags"] == (["a", "a"], False)
    assert facts["Region"] == (["Beijing bj", "Guangzhou gz"], False)


def test_only_what_differs_is_one_link_away(viewer: Client, cloud: Sandbox) -> None:
    one, two = add(cloud, name="one", size=1), add(cloud, name="two", size=2)
    page = compare(viewer, one, two)
    [only] = [link for link in page.links if "only=" in link]
    narrowed = Page(viewer.get(only))

    assert not narrowed.notices
    assert set(lines(narrowed)) == {name for name, (_, differs) in lines(page).items() if differs}
    [everything] = [
        link.attributes["href"] for link in narrowed.all("a") if link.text == "Show all"
    ]
    assert lines(Page(viewer.get(everything))) == lines(page)


def test_images_that_are_alike_are_said_to_be(viewer: Client, cloud: Sandbox) -> None:
    image = cloud.images("bj")[0]
    twin = add(cloud, **{**image, "cimgUuid": "twin", "cimgId": "cimg-twin"})
    page = compare(viewer, f"bj/{image['cimgUuid']}", twin, more="&only=differences")

    assert "They differ only in name and location." in page.text


def test_one_of_three_can_be_taken_out_but_none_of_two(viewer: Client, cloud: Sandbox) -> None:
    places = [add(cloud, name=name) for name in ("one", "two", "three")]
    page = compare(viewer, *places)
    [out] = page.one("thead").all("a", aria_label="Remove two from the comparison")
    page = Page(viewer.get(out.attributes["href"]))

    assert [head.one("a").text for head in page.one("thead").all("th")[1:]] == ["one", "three"]
    assert not page.one("thead").all(aria_label=True)


@pytest.mark.parametrize("number", [0, 1])
def test_too_few_say_how_to_get_more(viewer: Client, cloud: Sandbox, number: int) -> None:
    page = compare(viewer, *[add(cloud) for _ in range(number)])

    assert page.status == 200
    assert "Select two to four images in the list, then choose Compare." in page.text
    assert not page.all("table")


def test_too_many_say_how_many_are_left_out(viewer: Client, cloud: Sandbox) -> None:
    page = compare(viewer, *[add(cloud) for _ in range(6)])

    assert len(page.one("thead").all("th")) == 5
    assert any("2 more are left out" in notice for notice in page.notices)


def test_what_is_gone_is_named_and_the_others_are_compared(viewer: Client, cloud: Sandbox) -> None:
    page = compare(viewer, add(cloud), "bj/gone", add(cloud))

    assert len(page.one("thead").all("th")) == 3
    assert any("bj/gone" in notice for notice in page.notices)
    assert compare(viewer, "bj/gone", "bj/gone-too").status == 404


def test_what_an_unread_region_holds_is_not_said_to_be_gone(viewer: Client, cloud: Sandbox) -> None:
    here, there = add(cloud), add(cloud, "gz")
    cloud.misbehave(Fault("html", endpoint="cimg/list", region="gz"))
    page = compare(viewer, here, there)

    assert any("The images of Guangzhou gz are unknown." in notice for notice in page.notices)


@pytest.mark.parametrize("junk", ["image=bj", "image=%00/x", "only=everything", "page=x"])
def test_an_invalid_parameter_is_named(viewer: Client, junk: str) -> None:
    page = Page(viewer.get(f"{URL}?{junk}"))

    assert page.status == 200
    assert page.notices


def test_the_account_comes_along(viewer: Client, cloud: Sandbox, person: User, keep: Keep) -> None:
    other = keep(person, cloud.other_token, "Other")
    page = Page(viewer.get(f"/images/?token={other.pk}"))
    places = [box.attributes["value"] for box in page.all("input", form="selection")][:3]
    compared = compare(viewer, *places, more=f"&account={other.pk}")

    main = compared.one("main")
    links = [link.attributes["href"] for link in main.all("a")]
    assert len(links) >= 8
    assert [link for link in links if f"account={other.pk}" not in link] == ["/images/"]
    assert main.one(_class="crumb").one("a").attributes["href"] == "/images/"


def test_hostile_words_are_only_words(viewer: Client, cloud: Sandbox) -> None:
    storages = [{"name": "<script>", "type": "<b>", "state": "<i>", "status": "<u>"}]
    bad: dict[str, Any] = {
        "name": "<img src=x>",
        "description": "<script>",
        "backupStorages": storages,
    }
    page = compare(viewer, add(cloud, **bad), add(cloud, requirement={"dc2Types": ["<b>"]}))

    table = page.one("table")
    assert not [node for tag in ("img", "script", "b", "i", "u") for node in table.all(tag)]
    assert "<img src=x>" in table.text
