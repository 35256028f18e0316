"""The search box: what is typed, shown, suggested, and said where nothing is found."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, quote_plus, urlencode, urlsplit

import pytest
from django.test import Client

from images.sandbox import Sandbox
from tests.integration.images.pages import FRAGMENT, Page, both

pytestmark = pytest.mark.backend

LIST = "/images/"
SUGGESTIONS = "/images/suggestions/"


def typed(text: str, **others: str) -> str:
    return f"{LIST}?{urlencode({'q': text, **others})}"


def box(page: Page) -> str:
    """What the box says: the page's own, or what a fragment says it is."""
    return page.one("template", id="searched").attributes["data-text"].rstrip()


def total(browser: Client, address: str) -> int:
    found = Page(browser.get(address)).total
    assert found is not None
    return found


@pytest.fixture
def account(viewer: Client, cloud: Sandbox) -> Client:
    """A person whose cloud has three images more, of a system that no other has."""
    facts = {"osFamily": "Plan 9", "platform": "Other", "osArch": "mips", "status": "Ready"}
    for name, version in (("lab-1", "4.1"), ("lab-2", "4.10"), ("lab-3", "5")):
        cloud.add_image("bj", name=name, osVersion=version, cimgTags=["lab", name], **facts)
    return viewer


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ('"plan 9"', 3),
        ('"plan 9 4"', 2),
        ("mips bj", 3),
        ("mips -lab-3", 2),
        ('os:"Plan 9" version:4.1', 1),
        ('"plan 9" -version:4.1 -version:5', 1),
        ("ｏｓ：“plan 9” －lab-1", 2),
        ("tag:lab -tag:lab-2", 2),
        ("mips region:gz", 0),
    ],
)
def test_page_export_and_api_find_what_is_typed(account: Client, text: str, number: int) -> None:
    address = typed(text)
    query = urlsplit(address).query
    for page in both(account, address):
        assert page.total == number
        assert not page.notices
    for way in ("/images/export.json", "/api/v1/images"):
        document = json.loads(
            b"".join(account.get(f"{way}?{query}"))
            if "api" not in way
            else account.get(f"{way}?{query}").content
        )
        assert document["total"] == len(document["images"]) == number
        # All of them say the query by its parameters.
        assert total(account, f"{LIST}?{document['query']}") == number
    lines = b"".join(account.get(f"/images/export.csv?{query}")).decode().splitlines()
    assert len(lines) == number + 1


def test_a_number_means_a_version_and_no_part_of_an_id(account: Client, cloud: Sandbox) -> None:
    uuid = "7" * 32
    facts = {"osFamily": "Plan 9", "platform": "Other", "osArch": "mips"}
    cloud.add_image("bj", name="lab", osVersion="3", cimgUuid=uuid, cimgId="cimg-777", **facts)

    assert total(account, typed("plan 7")) == 0
    assert total(account, typed("plan 777")) == 0
    assert total(account, typed("plan 5")) == total(account, typed("plan 7777")) == 1
    assert total(account, typed("plan cimg-777")) == 1


def test_the_box_shows_the_whole_query_and_the_address_has_its_parameters(viewer: Client) -> None:
    address = typed("web OS:centos -region:gz size:>1GB", sort="name")
    response = viewer.get(address, headers=FRAGMENT)

    assert box(Page(response)) == "web os:CentOS -region:gz size:>1GB"
    assert response["HX-Push-Url"] == (
        f"{LIST}?os=CentOS&-region=gz&q=web&min_size=1000000001&sort=name"
    )
    page = Page(viewer.get(response["HX-Push-Url"]))
    assert page.one("input", id="q").attributes["value"] == f"{box(page)} "
    assert box(page) == box(Page(response))
    chips = ["Text web", "OS CentOS", "Region not Guangzhou gz", "Size from 954 MiB"]
    assert [chip.replace("\u00a0", " ") for chip in page.chips] == chips
    assert "HX-Push-Url" not in viewer.get(f"{LIST}?q=web&os=CentOS", headers=FRAGMENT)


def test_the_form_of_the_box_sends_what_is_in_it_and_how_the_list_looks(viewer: Client) -> None:
    looks = "sort=name&size=25&density=compact&columns=size"
    page = Page(viewer.get(f"{LIST}?os=CentOS&page=2&{looks}"))

    fields = {
        field.attributes["name"]: field.attributes["value"]
        for field in page.all("input", type="hidden", form="search")
    }
    assert fields == {"sort": "name", "size": "25", "density": "compact", "columns": "size"}
    assert page.one("input", id="q").attributes["value"] == "os:CentOS "


def test_a_region_is_chosen_by_its_name_too(viewer: Client) -> None:
    for text in ("region:beijing", "region=BJ"):
        page = Page(viewer.get(typed(text) if ":" in text else f"{LIST}?{text}"))
        assert (page.total, box(page)) == (12, "region:bj")


def test_an_excluded_value_is_struck_out_counted_and_taken_back(viewer: Client) -> None:
    everything = Page(viewer.get(LIST))
    number, _href = everything.choices("OS")["CentOS"]
    for page in both(viewer, f"{LIST}?-os=centos&sort=name"):
        assert page.total == (everything.total or 0) - number
        assert page.chips == {"OS not CentOS": f"{LIST}?sort=name"}
        choices = page.choices("OS")
        assert choices.pop("CentOS – excluded") == (number, f"{LIST}?sort=name")
        assert choices == {
            value: (count, f"{LIST}?-os=CentOS&sort=name&os={quote_plus(value)}")
            for value, (count, _href) in everything.choices("OS").items()
            if value != "CentOS"
        }


@pytest.mark.parametrize("text", ["os:", "size:>", "created:yesterday", "shared:perhaps"])
def test_what_is_not_finished_changes_nothing_and_is_named(viewer: Client, text: str) -> None:
    page = Page(viewer.get(typed(f"{text} os:CentOS")))

    assert page.total == total(viewer, f"{LIST}?os=CentOS")
    [notice] = page.notices
    assert text.rpartition(":")[2].lstrip(">") in notice
    answer = viewer.get(f"/api/v1/images?{urlencode({'q': text})}")
    assert answer.status_code == 422


# Where nothing is found


def ways(page: Page) -> dict[str, str]:
    return {link.text: link.attributes["href"] for link in page.one(_class="state").all("a")}


@pytest.mark.parametrize(
    ("text", "near", "query"),
    [
        ("lab centso", "os:CentOS", "os=CentOS&q=lab"),
        ("os:centos7 web", "os:CentOS", "os=CentOS&q=web"),
        ("status:raedy", "status:Ready", "status=Ready"),
        ('version:4 os:"Plan 9"', "version:4.10", "os=Plan+9&version=4.10"),
    ],
)
def test_a_word_that_finds_nothing_is_named_and_the_nearest_is_a_link(
    account: Client, cloud: Sandbox, text: str, near: str, query: str
) -> None:
    for name in ("lab-x", "web-x"):
        cloud.add_image("bj", name=name, osFamily="CentOS", status="Ready", cimgTags=[])
    for page in both(account, typed(text)):
        assert page.total == 0
        found = ways(page)
        assert sorted(parse_qs(urlsplit(found[near]).query).items()) == sorted(
            parse_qs(query).items()
        )
        assert total(account, found[near])
        assert total(account, found["Leave it out"])


def test_where_every_word_finds_something_the_way_out_is_to_leave_one_out(account: Client) -> None:
    for page in both(account, typed("mips region:gz")):
        assert "no image matches all of them" in page.one(_class="state").text
        found = ways(page)
        assert total(account, found["mips"]) == total(account, f"{LIST}?region=gz")
        assert total(account, found["region:gz"]) == 3


# Suggestions


def offered(browser: Client, text: str, at: str = LIST) -> dict[str, tuple[str, str]]:
    """What each suggestion makes of the box -> its words, and how many images it finds."""
    page = Page(browser.get(f"{SUGGESTIONS}?{urlencode({'q': text, 'at': at})}"))
    assert page.status == 200
    assert page.response["X-Fragment"]
    return {
        option.attributes["data-text"]: (
            option.one(_class="palette-title").text,
            "".join(hint.text for hint in option.all(_class="palette-hint")),
        )
        for option in page.all(role="option")
    }


def test_suggestions_are_values_with_the_number_of_images_they_find(account: Client) -> None:
    account.get(LIST)
    found = offered(account, "mips version:4")
    assert found == {
        "mips version:4.1 ": ("OS version 4.1", "1"),
        "mips version:4.10 ": ("OS version 4.10", "1"),
    }
    for text, (_words, number) in {**offered(account, "plan"), **offered(account, "cent")}.items():
        assert total(account, typed(text)) == int(number)
    assert 'os:"Plan 9" ' in offered(account, ["-region:gz", "os:pl"][1])
    assert '-os:"Plan 9" ' in offered(account, "-os:pl")
    assert not [text for text in offered(account, "cen") if text.startswith("scene")]


def test_a_word_may_become_a_qualifier_and_a_qualifier_shows_examples(account: Client) -> None:
    account.get(LIST)
    assert "web created:" in offered(account, "web crea")
    assert "web created:>2024-01 " in offered(account, "web created:")
    assert "region:bj " in offered(account, "region:北")
    assert offered(account, "web ") == offered(account, "") == {}


def test_suggestions_never_ask_the_cloud(account: Client, cloud: Sandbox) -> None:
    assert offered(account, "cent") == {}
    assert cloud.calls == []


@pytest.mark.parametrize("text", ['"', "\\", 'os:"', "\x00", "size:>", "-", "：", "a" * 5_000])
def test_whatever_is_typed_is_answered(viewer: Client, text: str) -> None:
    assert Page(viewer.get(typed(text))).status == 200
    offered(viewer, text)
