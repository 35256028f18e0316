"""What a page costs on the wire, and whom it asks."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Response, expect

from tests.browser.conftest import Site, sign_in

MOST_BYTES = 45_000  # of styles and scripts, packed, when nothing is kept from a page before


@pytest.mark.parametrize("address", ["/images/", "/overview/", "/changes/", "/tokens/", "/api/v1/"])
def test_styles_and_scripts_weigh_little_and_come_from_here(
    site: Site, browser: Browser, address: str
) -> None:
    with browser.new_context(base_url=site.url, locale="en-GB") as context:
        page = context.new_page()
        sign_in(page)
        state = context.storage_state()
    with browser.new_context(base_url=site.url, locale="en-GB", storage_state=state) as context:
        page = context.new_page()
        answers: list[Response] = []
        page.on("response", lambda answer: answers.append(answer))
        page.goto(address, wait_until="networkidle")
        expect(page.locator("h1").first).to_be_attached()

        assert {urlsplit(answer.url).netloc for answer in answers} == {urlsplit(site.url).netloc}
        weighed = [answer for answer in answers if answer.url.endswith((".css", ".js"))]
        assert {answer.headers.get("content-encoding") for answer in weighed} == {"br"}
        sizes = [answer.request.sizes()["responseBodySize"] for answer in weighed]
        assert 0 < sum(sizes) <= MOST_BYTES
