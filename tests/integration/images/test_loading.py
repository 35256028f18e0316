"""What a browser shows while the list of a token is read for the first time."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django.asserts import assertRedirects

from images.sandbox import Sandbox
from tests.integration.conftest import let_refreshes_finish
from tests.integration.images.pages import Page

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)  # it reads behind

DOCUMENT = {"Sec-Fetch-Dest": "document"}


@pytest.mark.parametrize("address", ["/images/?os=CentOS", "/overview/"])
def test_a_browser_is_told_what_is_under_way_and_comes_back(large: Client, address: str) -> None:
    answer = large.get(address, headers=DOCUMENT)
    page = Page(answer)

    assert "Loading the list of images from the cloud" in page.one(_class="notice notice-info").text
    assert "at most 20 seconds" in page.one(_class="notice notice-info").text
    assert '<meta http-equiv="refresh" content="0">' in answer.content.decode()
    assert "data-total" not in answer.content.decode()


def test_the_page_that_it_comes_back_for_waits_for_the_list(
    large: Client, large_cloud: Sandbox
) -> None:
    large_cloud.reset_calls()
    large.get("/images/", headers=DOCUMENT)

    page = Page(large.get("/images/", headers={**DOCUMENT, "Referer": "http://testserver/images/"}))

    assert page.total == 750
    listed = [call for call in large_cloud.calls if call.endpoint == "region/list"]
    assert len(listed) == 1


def test_a_browser_that_does_not_say_where_it_comes_from_gets_the_list_when_it_is_there(
    large: Client,
) -> None:
    large.get("/images/", headers=DOCUMENT)
    let_refreshes_finish()

    assert Page(large.get("/images/", headers=DOCUMENT)).total == 750


@pytest.mark.parametrize("address", ["/images/export.csv", "/images/export.json"])
def test_a_file_is_never_something_else(large: Client, address: str) -> None:
    answer = large.get(address, headers=DOCUMENT)

    assert b"Loading the list" not in b"".join(answer)
    assert answer["Content-Disposition"].startswith("attachment")


def test_fragments_and_scripts_wait(large: Client) -> None:
    assert Page(large.get("/images/", headers={"HX-Request": "true"})).total == 750


def test_the_first_token_leads_to_the_list_which_says_that_it_is_read(
    browser: Client, cloud: Sandbox
) -> None:
    assert "/tokens/#add-title" in browser.get("/images/").content.decode()
    added = browser.post("/tokens/", {"label": "Main", "secret": cloud.token})
    assertRedirects(added, "/images/", fetch_redirect_response=False)

    first = browser.get("/images/", headers=DOCUMENT).content.decode()
    assert "Loading the list of images" in first
    assert "appears automatically" in first
    again = {**DOCUMENT, "Referer": "http://testserver/images/"}
    then = browser.get("/images/", headers=again).content.decode()
    assert "was saved and works." in then
    assert "data-total" in then

    another = browser.post("/tokens/", {"label": "Other", "secret": cloud.other_token})
    assertRedirects(another, "/tokens/", fetch_redirect_response=False)
