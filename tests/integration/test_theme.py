"""Light and dark: chosen on the page, remembered before and after signing in."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.integration.images.pages import Page

URL, LIST = "/theme/", "/images/"


def theme(page: Page) -> str | None:
    return page.one("html").attributes.get("data-theme")


@pytest.mark.parametrize("choice", ["light", "dark"])
def test_a_choice_is_remembered_and_can_be_taken_back(viewer: Client, choice: str) -> None:
    back = {"Referer": f"http://testserver{LIST}?os=CentOS"}
    assert theme(Page(viewer.get(LIST))) is None

    response = viewer.post(URL, {"theme": choice}, headers=back)

    assert response["Location"] == back["Referer"]
    page = Page(viewer.get(LIST))
    assert theme(page) == choice
    assert page.one("meta", name="color-scheme").attributes["content"] == choice
    chosen = page.one("form", action=URL).all("button", aria_current="true")
    assert [button.attributes["value"] for button in chosen] == [choice]

    viewer.post(URL, {"theme": ""}, headers=back)
    assert theme(Page(viewer.get(LIST))) is None


@pytest.mark.django_db(databases="__all__")
def test_it_is_chosen_before_signing_in_too(client: Client) -> None:
    client.post(URL, {"theme": "dark"})

    assert theme(Page(client.get("/accounts/login/"))) == "dark"


@pytest.mark.parametrize("invalid", ["sepia", '"><script>', ""])
def test_a_theme_there_is_not_is_what_the_browser_prefers(viewer: Client, invalid: str) -> None:
    viewer.post(URL, {"theme": invalid})
    assert theme(Page(viewer.get(LIST))) is None

    viewer.cookies["theme"] = invalid
    assert theme(Page(viewer.get(LIST))) is None


def test_a_page_made_for_one_theme_is_not_shown_in_another(viewer: Client) -> None:
    viewer.post(URL, {"theme": "dark"})
    assert theme(Page(viewer.get(LIST))) == "dark"
    viewer.cookies.pop("theme")

    assert theme(Page(viewer.get(LIST))) is None


def test_it_goes_back_to_no_other_site(viewer: Client) -> None:
    response = viewer.post(URL, {"theme": "dark"}, headers={"Referer": "https://evil.example/"})

    assert response["Location"] == "/"
