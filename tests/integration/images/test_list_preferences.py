"""/images/looks/: columns, their order and the density, chosen by buttons and remembered."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.utils.datastructures import MultiValueDict

from dashboard.people.models import User
from images.fields import DEFAULT_COLUMNS
from tests.integration.images.pages import FRAGMENT, Page, both, column_of

pytestmark = pytest.mark.backend

URL, LIST = "/images/looks/", "/images/"
STANDARD = list(DEFAULT_COLUMNS)


def columns_at(viewer: Client, address: str) -> list[str]:
    page = Page(viewer.get(address))
    assert not page.notices
    return [column_of(heading) for heading in page.all("th", scope="col")]


def press(viewer: Client, address: str, button: str, **headers: str) -> str:
    """Where a button of the menu of columns leads from that page; "" when there is no such."""
    page = Page(viewer.get(address))
    [query] = [
        node for node in page.all("input", form="looks") if node.attributes["name"] == "query"
    ]
    name, _, value = button.partition("=")
    buttons = page.all("button", form="looks", name=name, value=value)
    if not buttons:
        return ""
    fields = {"query": query.attributes["value"], name: value}
    response = viewer.post(URL, fields, headers={"Referer": f"http://testserver{address}"})
    assert response.status_code == 302
    return str(response["Location"])


def test_a_column_is_shown_hidden_and_moved(viewer: Client) -> None:
    there = press(viewer, LIST, "hide=platform")
    assert columns_at(viewer, there) == [name for name in STANDARD if name != "platform"]

    there = press(viewer, there, "show=tags")
    assert columns_at(viewer, there)[-1] == "tags"
    there = press(viewer, there, "earlier=tags")
    assert columns_at(viewer, there)[-2:] == ["tags", "created"]
    there = press(viewer, there, "later=tags")
    assert columns_at(viewer, there)[-2:] == ["created", "tags"]

    assert press(viewer, there, "standard=1") == LIST


def test_the_name_stays_and_nothing_goes_over_the_edge(viewer: Client) -> None:
    assert not press(viewer, LIST, "hide=name")
    assert not press(viewer, LIST, "earlier=name")
    assert not press(viewer, LIST, "later=created")


def test_what_is_as_by_default_is_not_in_the_address(viewer: Client) -> None:
    there = press(viewer, LIST, "later=id")
    assert "columns" in there
    assert press(viewer, there, "earlier=id") == LIST


def test_rows_stand_closer(viewer: Client) -> None:
    there = press(viewer, LIST, "density=compact")
    assert there == f"{LIST}?density=compact"
    for page in both(viewer, there):
        assert "is-compact" in page.one("table", _class=True).attributes["class"]
        pressed = [node.attributes["value"] for node in page.all("button", aria_pressed="true")]
        assert pressed == ["compact"]
    assert press(viewer, there, "density=comfortable") == LIST


def test_the_search_the_page_and_the_account_stay(viewer: Client, person: User) -> None:
    token = str(person.tokens.get().pk)
    there = press(viewer, f"{LIST}?token={token}&os=CentOS&q=%E5%8C%97&size=25", "hide=os")
    said = parse_qs(urlsplit(there).query)

    assert said.pop("columns") == [name for name in STANDARD if name != "os"]
    assert said == {"account": [token], "os": ["CentOS"], "q": ["北"], "size": ["25"]}


def test_an_open_panel_stays_open(viewer: Client) -> None:
    page = Page(viewer.get(LIST))
    panel = page.rows[0].one("a").attributes["href"]

    assert press(viewer, panel, "density=compact") == f"{panel}?density=compact"


def test_it_is_remembered_for_that_person_alone(
    viewer: Client, person: User, stranger: User
) -> None:
    press(viewer, f"{LIST}?os=CentOS", "density=compact")
    assert User.objects.get(pk=person.pk).list_preferences == "density=compact"
    press(viewer, f"{LIST}?os=CentOS&density=compact", "standard=1")
    assert User.objects.get(pk=person.pk).list_preferences == ""
    assert User.objects.get(pk=stranger.pk).list_preferences == ""


def test_htmx_swaps_the_list_and_no_menu(viewer: Client) -> None:
    fields = {"query": "os=CentOS", "density": "compact"}
    response = viewer.post(URL, fields, headers=FRAGMENT)

    assert response.status_code == 204
    assert not response.content
    assert '"path": "/images/?os=CentOS&density=compact"' in response["HX-Location"]
    assert '"target": "#images"' in response["HX-Location"]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"query": "%00=%ff&region=..%2f&page=x&token=secret"},
        {"query": "x" * 100_000},
        {"hide": "name", "show": "price", "earlier": "", "later": "tags"},
        {"show": "name"},
        {"density": "</form>"},
    ],
)
@pytest.mark.parametrize("back", ["", "//elsewhere.example/", "/tokens/", "/nowhere/", "\x00"])
def test_an_invalid_way_back_leads_to_the_list(
    viewer: Client, fields: dict[str, str], back: str
) -> None:
    response = viewer.post(
        URL, MultiValueDict({k: [v] for k, v in fields.items()}), headers={"Referer": back}
    )

    assert response.status_code == 302
    assert response["Location"] == LIST
