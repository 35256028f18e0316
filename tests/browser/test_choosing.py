"""Choosing another account among very many, from the list."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from images.sandbox import Sandbox
from tests.browser.conftest import Site
from tests.dashboards import PASSWORD

MAKE = """
import sys, uuid
from django.utils import timezone
from dashboard.people.models import User
from dashboard.tokens import vault
from dashboard.tokens.models import Token
fleet = User.objects.filter(username="fleet").first()
for number in range(0 if fleet else 30):
    fleet = fleet or User.objects.create_user("fleet", password={password!r})
    row = uuid.uuid4()
    now = timezone.now()
    Token.objects.create(
        id=row, owner=fleet, label=f"Account {{number}}", sealed=vault.seal({secret!r}, row),
        last_four="0000", state="valid", changed_at=now, last_ok_at=now, checked_at=now,
    )
"""


@pytest.fixture(scope="module")
def fleet(site: Site, big_cloud: Sandbox) -> None:
    """A person with thirty tokens, all of the one account."""
    site.run("shell", "-c", MAKE.format(password=PASSWORD, secret=big_cloud.token))


def enter(page: Page) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("Username").fill("fleet")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/images/**")
    expect(page.locator("tr[data-image]").first).to_be_visible()


def test_by_keyboard_alone_one_that_the_menu_does_not_show_is_found(
    page: Page, fleet: None
) -> None:
    enter(page)
    expect(page.locator("#account-choices a")).to_have_count(10)
    page.locator(".source summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")

    page.keyboard.type("account 27")

    expect(page.locator("#account-choices a")).to_have_count(1)
    expect(page).not_to_have_url(re.compile("account"))
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".source summary")).to_contain_text("Account 27")


def test_without_scripts_the_search_is_a_page(site: Site, browser: Browser, fleet: None) -> None:
    with browser.new_context(base_url=site.url, java_script_enabled=False) as context:
        page = context.new_page()
        enter(page)
        page.locator(".source summary").click()
        page.locator(".menu-search [name=q]").fill("account 27")
        page.locator(".menu-search button").click()

        page.get_by_role("link", name="Account 27").click()

        expect(page.locator(".source summary")).to_contain_text("Account 27")
