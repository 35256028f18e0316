"""The README's picture: `make screenshot`. The list, narrowed, with the panel of one image."""

from __future__ import annotations

import sys

from playwright.sync_api import sync_playwright

from tests.bench.stack import stack
from tests.browser.conftest import FLAGS, chromium

SAMPLE = "/images/bj/4a48f88391134a01befe88ff98b68a88/?os=CentOS&os=Ubuntu"


def main(path: str) -> None:
    with stack(750) as running, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        page = browser.new_page(
            base_url=running.url,
            viewport={"width": 1680, "height": 900},
            extra_http_headers={"Cookie": running.cookie},
            locale="en-GB",
        )
        page.goto(SAMPLE)
        page.locator("#detail time").first.wait_for()
        page.screenshot(path=path)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1])
