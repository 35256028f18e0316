"""Names that nobody can see are shown in words, wherever a name is a link."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from dashboard.api_keys.forms import ApiKeyForm
from dashboard.audit.trail import Actor
from dashboard.displays.forms import DisplayForm
from dashboard.people import teams
from dashboard.people.forms import TeamForm
from dashboard.people.models import Team, User
from dashboard.saved_views.forms import SavedViewForm
from dashboard.tokens.forms import AddTokenForm
from dashboard.tokens.models import Token
from dashboard.visible import has_visible
from images.sandbox import Sandbox
from tests.integration.conftest import Clock, read_again
from tests.integration.images.pages import FRAGMENT, Page
from tests.unit.test_visible import BLANK

pytestmark = pytest.mark.backend

LIST = "/images/"
WORDS = "(no visible name)"
NAMES = [name for name in BLANK.values() if name and "\ud800" not in name]


def add(cloud: Sandbox, name: str, region: str = "bj", **fields: Any) -> str:
    """The address of an image of that name."""
    image = cloud.add_image(region, name=name, status="Failed", osFamily="CentOS", **fields)
    return f"{LIST}{region}/{image['cimgUuid']}/"


def ways(page: Page) -> dict[str, str]:
    """Where links to images lead -> what can be seen of them."""
    return {
        link.attributes["href"].partition("?")[0]: link.text
        for link in page.all("a", href=True)
        if link.attributes["href"].startswith(f"{LIST}bj/") and "icon-button" not in str(link)
    }


def test_every_link_to_an_image_can_be_seen(viewer: Client, cloud: Sandbox) -> None:
    added = {add(cloud, name): name for name in NAMES}
    added |= {add(cloud, name): name for name in NAMES}  # so that they repeat

    shown = ways(Page(viewer.get(f"{LIST}?size=200")))
    assert set(added) <= set(shown)
    for address in added:
        assert WORDS in shown[address] or "(no name)" in shown[address]
        assert "cimg-" in shown[address]
    overview = Page(viewer.get("/overview/"))
    for page in (overview, Page(viewer.get("/overview/coverage/?size=200"))):
        for link in page.one("main").all("a", href=True):
            hidden = link.attributes.get("aria-hidden") == "true"
            assert hidden or has_visible(link.text) or "aria-label" in link.attributes


@pytest.mark.parametrize("name", ["   ", "\u200b", "\u3000", "\u3164"])
def test_the_pages_of_one_image_say_what_it_is(viewer: Client, cloud: Sandbox, name: str) -> None:
    address = add(cloud, name)
    uuid = address.split("/")[-2]
    other = add(cloud, name, region="gz").removeprefix(LIST).strip("/")

    panel = Page(viewer.get(address))
    assert panel.one(id="detail-title").text.startswith(f"{WORDS} cimg-")
    assert panel.one("title").text.startswith(f"{WORDS} cimg-")
    assert panel.facts["Name"].startswith(WORDS)
    look = Page(viewer.get(f"{address}look/", headers=FRAGMENT))
    assert look.one(_class="look-head").text.startswith(f"{WORDS} cimg-")
    comparison = Page(viewer.get(f"{LIST}compare/?image=bj/{uuid}&image={other}"))
    assert [link.text[:17] for link in comparison.one("thead").all("a")] == [WORDS, WORDS]
    wall = Page(viewer.get(f"/overview/display?image=bj/{uuid}"))
    assert wall.one(_class="worry-name").text.startswith(f"{WORDS} cimg-")


def test_changes_of_an_image_lead_to_it(viewer: Client, cloud: Sandbox, clock: Clock) -> None:
    viewer.get(LIST)
    address = add(cloud, "\u200b\u200b")
    clock.now += 61
    read_again(cloud.token)

    assert ways(Page(viewer.get("/changes/")))[address].startswith(f"{WORDS} cimg-")


def test_exports_have_the_name_as_it_is(viewer: Client, cloud: Sandbox) -> None:
    address = add(cloud, "\u3000\u200b")
    uuid = address.split("/")[-2]

    answer = viewer.get(f"/api/v1/images/bj/{uuid}").json()
    assert answer["image"]["name"] == "\u3000\u200b"


@pytest.mark.parametrize("name", ["\u200b", "\u3164 \u2800", "\u2060"])
def test_nobody_can_give_such_a_name(person: User, name: str) -> None:
    team = teams.create("Blue", by=Actor("test"))
    forms: list[tuple[Any, str]] = [
        (AddTokenForm({"label": name, "secret": "x" * 20}, owner=person, by=person), "label"),
        (ApiKeyForm({"label": name, "days": "7"}, owner=person), "label"),
        (TeamForm({"name": name}), "name"),
        (DisplayForm({"title": name}, team=team, tokens=Token.objects.none()), "title"),
        (SavedViewForm({"name": name}, by=person), "name"),
    ]

    for form, field in forms:
        assert form.errors[field] == ["Use at least one letter or digit."]
    assert Team.objects.count() == 1
