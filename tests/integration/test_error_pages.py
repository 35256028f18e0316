"""Whatever goes wrong, a person sees a page of the dashboard, in their language, with a way on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client, RequestFactory

from dashboard.web import problems
from tests.integration.images.pages import Page
from tests.integration.test_language import CHINESE, compiled

__all__ = ["compiled"]

ENGLISH = {"Accept-Language": "en"}
ELSEWHERE = {"Host": "evil.example"}
Ask = Callable[..., Any]


def form(**fields: str) -> Ask:
    return lambda client, headers: client.post("/language/", fields, headers=headers)


def get(address: str, **more: str) -> Ask:
    return lambda client, headers: client.get(address, headers=headers | more, follow=True)


MANY = {f"field{place}": "x" for place in range(1_001)}
ERRORS: dict[str, tuple[int, Ask, str]] = {
    "too many fields": (400, form(**MANY), "This request is malformed"),
    "unknown host": (400, get("/", **ELSEWHERE), "Unknown host name"),
    "not theirs": (403, get("/audit/"), "No access"),
    "administration": (403, get("/admin/"), "No access"),
    "nothing there": (404, get("/nothing/"), "Not found"),
    "only for a form": (405, get("/images/refresh/"), "Nothing to show here"),
    "another method": (
        405,
        lambda client, headers: client.put("/images/", headers=headers),
        "Nothing to show here",
    ),
    "too large": (413, form(text="x" * 3_000_000), "The form is too large"),
    "display gone": (404, get("/display/no-such-key/"), "This display link does not work"),
    "invitation gone": (404, get("/invitations/no-such-key/"), "This invitation does not work"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_is_a_page_with_a_way_on_in_both_languages(viewer: Client, name: str) -> None:
    _is_a_page(viewer, name)


@pytest.mark.parametrize("name", ["nothing there", "another method"])
def test_an_error_is_a_page_for_whoever_is_not_signed_in(client: Client, name: str) -> None:
    _is_a_page(client, name)


def _is_a_page(client: Client, name: str) -> None:
    status, ask, title = ERRORS[name]
    english, chinese = Page(ask(client, ENGLISH)), Page(ask(client, CHINESE))

    assert english.one("h1").text == title != chinese.one("h1").text
    for page, language in ((english, "en"), (chinese, "zh-hans")):
        assert page.status == status
        assert page.one("html").attributes["lang"] == language
        assert page.all("link", rel="stylesheet")
        if name != "unknown host":  # where no address is known that would do
            assert page.one("main").one("a", class_=True).attributes["href"] == "/"


def test_the_page_of_our_own_fault_has_its_style_and_depends_on_nothing() -> None:
    page = Page(problems.server_error(RequestFactory().get("/images/")))

    assert page.one("h1").text == "Something went wrong · 出错了"
    styles = [each.attributes["href"] for each in page.all("link", rel="stylesheet")]
    assert len(styles) == 2
    assert all(finders.find(each.removeprefix(settings.STATIC_URL)) for each in styles)
    assert page.one("main").one("a").attributes["href"] == "/"
