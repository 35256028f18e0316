"""Choosing one account among very many, from the list."""

from __future__ import annotations

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


def test_by_keyboard_alone_one_account_is_chosen_among_many(page: Page, fleet: None) -> None:
    enter(page)
    expect(page.locator(".source summary")).to_contain_text("30 accounts")
    page.keyboard.press("/")

    page.keyboard.type('account:"account 27"')
    page.keyboard.press("Enter")

    expect(page.locator(".source summary")).to_contain_text("Account 27")
    expect(page.locator(".chips .chip")).to_contain_text("Account 27")


def test_one_is_chosen_from_the_menu_without_scripts_too(
    site: Site, browser: Browser, fleet: None
) -> None:
    with browser.new_context(base_url=site.url, java_script_enabled=False) as context:
        page = context.new_page()
        enter(page)
        page.locator(".source summary").click()
        expect(page.locator(".source .account")).to_have_count(12)

        page.locator(".source .account", has_text="Account 3").click()

        expect(page.locator(".source summary")).to_contain_text("Account 3")
        page.locator(".source summary").click()
        page.locator(".source").get_by_role("link", name="All accounts").click()
        expect(page.locator(".source summary")).to_contain_text("30 accounts")
