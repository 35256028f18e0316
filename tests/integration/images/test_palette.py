"""/images/palette/: everything that a person can go to, by its name."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from dashboard.audit.trail import Actor
from dashboard.people import teams
from dashboard.people.models import User
from dashboard.saved_views import saving
from images.sandbox import Sandbox
from tests.integration.conftest import Keep
from tests.integration.images.pages import FRAGMENT, Node, Page, both

pytestmark = pytest.mark.backend

URL = "/images/palette/"
LIST = "/images/"
BY = Actor("test")


def asked(browser: Client, text: str = "", at: str = LIST, **others: str) -> Page:
    """The palette of the page at an address, as its script asks for it."""
    query = urlencode({"q": text, "at": at, **others})
    return Page(browser.get(f"{URL}?{query}", headers=FRAGMENT))


def groups(page: Page) -> dict[str, list[Node]]:
    return {
        group.one("h2").text: group.all(_class="palette-entry")
        for group in page.all(_class="palette-group")
    }


def titles(page: Page) -> dict[str, list[str]]:
    return {
        group: [each.one(_class="palette-title").text for each in entries]
        for group, entries in groups(page).items()
    }


def href(page: Page, title: str) -> str:
    [link] = [each for each in page.all("a") if each.one(_class="palette-title").text == title]
    return link.attributes["href"]


def total(browser: Client, address: str) -> int | None:
    return Page(browser.get(address)).total


@pytest.fixture
def listed(viewer: Client) -> Client:
    """A person whose list was read."""
    viewer.get(LIST)
    return viewer


def test_without_words_there_are_pages_and_views(listed: Client, person: User) -> None:
    saving.save(person, "Golden", "q=golden", None, by=BY)
    page = asked(listed)
    assert titles(page)["Go to"][:3] == ["Images", "Overview", "Changes"]
    assert titles(page)["Views"] == ["Golden"]
    assert list(groups(page)) == ["Go to", "Views"]
    assert href(page, "Golden") == "/images/?q=golden"


def test_it_is_a_fragment_for_htmx_and_a_page_of_links_without(listed: Client) -> None:
    page, fragment = both(listed, f"{URL}?q=cent")
    assert fragment.response["X-Fragment"]
    assert fragment.all(role="listbox")
    assert not page.one("main").all(role="listbox")
    assert page.one("main").one("form", role="search").one("input", name="q")
    links = [each.attributes["href"] for each in page.one("main").all("a", _class="palette-entry")]
    assert "/images/?os=CentOS" in links
    assert {each.attributes["href"] for each in fragment.all("a")} == set(links)


def test_a_filter_counts_and_shows_what_it_says_beside_those_in_use(listed: Client) -> None:
    page = asked(listed, "cent")
    entry = next(each for each in groups(page)["Filters"] if "CentOS" in each.text)
    assert entry.one(_class="palette-hint").text == str(total(listed, "/images/?os=CentOS"))

    at = f"/images/?status=Ready&sort=name&q={quote('a')}&page=2"
    narrowed = href(asked(listed, "cent", at), "OS CentOS")
    assert narrowed == "/images/?os=CentOS&status=Ready&q=a&sort=name".replace(
        "os=CentOS&status=Ready", "status=Ready&os=CentOS"
    )
    assert href(asked(listed, "cent", "/overview/?status=Ready"), "OS CentOS") == (
        "/images/?os=CentOS"
    )


def test_a_filter_in_use_is_marked_and_taken_away(listed: Client) -> None:
    page = asked(listed, "cent", "/images/?os=CentOS&q=a")
    [entry] = [each for each in groups(page)["Filters"] if "CentOS" in each.text]
    assert entry.one(_class="palette-chosen").text == "✓ in use"
    assert entry.attributes["href"] == "/images/?q=a"


def test_several_words_are_several_filters_at_once(listed: Client, cloud: Sandbox) -> None:
    page = asked(listed, "centos 7 bj ready")
    first = groups(page)["Filters"][0]
    wanted = [
        image
        for image in cloud.images("bj")
        if image["osFamily"] == "CentOS"
        and image["osVersion"] in ("7", "7.9")
        and image["status"] == "Ready"
    ]
    assert wanted
    assert first.one(_class="palette-hint").text == str(len(wanted))
    found = Page(listed.get(first.attributes["href"]))
    assert set(found.uuids) == {image["cimgUuid"] for image in wanted}
    assert "Filters" not in titles(asked(listed, "centos nothing-like-this"))


def test_regions_are_found_by_name_and_id(listed: Client) -> None:
    for text in ("bj", "北京", "beijing"):
        page = asked(listed, text)
        assert titles(page)["Regions"] == ["Beijing bj"]
        assert href(page, "Beijing bj") == "/images/?region=bj"


def test_images_are_found_by_name_uuid_and_id(listed: Client, cloud: Sandbox) -> None:
    image = cloud.images("bj")[3]
    for text in (image["cimgUuid"], image["cimgId"], image["name"]):
        page = asked(listed, text, "/images/?sort=name")
        addresses = [each.attributes["href"] for each in groups(page)["Images"]]
        assert f"/images/bj/{image['cimgUuid']}/?sort=name" in addresses
    everything = asked(listed, "a")
    assert len(groups(everything)["Images"]) == 7
    address = href(everything, "All images with “a”")
    assert address == "/images/?q=a"
    shown = groups(everything)["Images"][-1].one(_class="palette-hint").text
    assert shown == str(total(listed, address))


def test_the_open_image_has_its_actions_first(listed: Client, cloud: Sandbox) -> None:
    here, other = cloud.images("bj")[0], cloud.images("gz")[1]
    at = f"/images/bj/{here['cimgUuid']}/?sort=name"
    page = asked(listed, at=at, selected=f"gz/{other['cimgUuid']}")
    assert next(iter(titles(page))) == "Open image"
    copies = [each.attributes["data-copy"] for each in page.all("button")]
    assert copies == [here["cimgUuid"], here["cimgId"], f"http://testserver{at}"]
    assert href(page, "Compare with selection") == "/images/compare/?" + urlencode(
        [("image", f"bj/{here['cimgUuid']}"), ("image", f"gz/{other['cimgUuid']}")]
    )
    assert href(page, "Close the image") == "/images/?sort=name"
    assert "Open image" not in titles(asked(listed, at=f"/images/bj/{'f' * 32}/"))


def test_accounts_narrow_the_list_and_only_ones_own_are_there(
    listed: Client, person: User, stranger: User, cloud: Sandbox, keep: Keep
) -> None:
    other = keep(person, cloud.other_token, "Account of mine")
    theirs = keep(stranger, cloud.other_token, "Account of theirs")
    page = asked(listed, "account")
    assert titles(page)["Accounts"] == ["Account of mine"]
    assert href(page, "Account of mine") == f"/images/?account={other.pk}"
    # The page's own accounts are the palette's; one that was never the person's is nobody's.
    for name in ("account", "token"):
        at = f"/images/?{name}={theirs.pk}"
        assert asked(listed, "cent", at).status == 200
        assert str(theirs.pk) not in asked(listed, "cent", at).html


def test_everyone_finds_what_they_may_see_and_nothing_else(
    client: Client, person: User, stranger: User, cloud: Sandbox, keep: Keep
) -> None:
    blue, red = teams.create("Team Blue", by=BY), teams.create("Team Red", by=BY)
    teams.set_role(blue, person, "console", by=BY)
    teams.set_role(red, stranger, "admin", by=BY)
    keep(stranger, cloud.token, team=red)
    saving.save(stranger, "Team view", "q=a", red, by=BY)

    client.force_login(person)
    assert titles(asked(client, "team")) == {"Go to": ["Teams", "Team Team Blue"]}
    for text in ("tokens", "api keys", "audit log", "administration", "display links"):
        assert "Go to" not in titles(asked(client, text)), text
    client.force_login(stranger)
    found = titles(asked(client, "team"))
    assert found["Go to"] == ["Teams", "Team Team Red", "Display links"]
    assert found["Views"] == ["Team view"]


def test_it_asks_the_cloud_nothing_and_the_database_no_more_than_the_list(
    viewer: Client, person: User, cloud: Sandbox
) -> None:
    blue = teams.create("Blue", by=BY)
    teams.set_role(blue, person, "admin", by=BY)
    for number in range(5):
        saving.save(person, f"view-{number}", "", blue, by=BY)
    assert titles(asked(viewer, "cent")) == {}
    assert not cloud.calls

    def queries(address: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert viewer.get(address, headers=FRAGMENT).status_code == 200
        return len(captured)

    viewer.get(LIST)
    viewer.get(LIST)
    calls = len(cloud.calls)
    assert queries(f"{URL}?q=e&at=/images/") <= queries(LIST)
    assert len(cloud.calls) == calls


def test_without_a_token_there_are_pages_all_the_same(browser: Client) -> None:
    assert titles(asked(browser, "tok")) == {"Go to": ["Tokens"]}


def test_a_visitors_palette_sends_the_whole_page_to_sign_in(anonymous: Client) -> None:
    headers = {**FRAGMENT, "HX-Current-URL": "http://testserver/images/?q=web"}
    response = anonymous.get(URL, headers=headers)
    assert response.status_code == 403
    assert response["HX-Redirect"] == "/accounts/login/?next=/images/%3Fq%3Dweb"
    assert anonymous.get(URL).status_code == 302


@pytest.mark.parametrize(
    "text", ["x" * 10_000, "<script>", "\u202eevil", "\0", "' OR 1=1", "%", "(", " " * 300]
)
def test_whatever_is_typed_is_only_text(listed: Client, text: str) -> None:
    page = asked(listed, text)
    assert page.status == 200
    assert not page.all("script")
    assert len(page.response.content) < 12_000


def test_hostile_names_are_only_names(listed: Client, person: User, cloud: Sandbox) -> None:
    name = "<b>golden</b>\u202e"
    saving.save(person, name, "q=x", None, by=BY)
    page = asked(listed, "<b>")
    assert titles(page)["Views"] == [name]
    assert groups(page)["Views"][0].one("bdi").text == name
    assert not page.all("b")


@pytest.mark.parametrize(
    "at",
    ["//evil.example/images/", "http://[", "/images/?" + "a=1&" * 2000, "/images/bj/x/", "\0", "…"],
)
def test_any_address_of_a_page_is_taken(listed: Client, at: str) -> None:
    page = asked(listed, "cent", at)
    assert page.status == 200
    assert not [each for each in page.all("a") if "evil" in each.attributes["href"]]


def test_in_chinese(listed: Client, settings: Settings) -> None:
    listed.cookies["django_language"] = "zh-hans"
    for text in ("概览", "overview"):
        assert titles(asked(listed, text))["前往"] == ["概览"]
    first: Any = titles(asked(listed, "centos 就绪"))["筛选条件"][0]
    assert first == "CentOS · 就绪"


def test_the_list_leads_to_what_changed_since_yesterday(listed: Client) -> None:
    way = Page(listed.get(LIST)).one("a", data_yesterday=True)
    address = way.attributes["href"]
    assert address.startswith("/changes/?after=2")
    assert Page(listed.get(address)).status == 200
