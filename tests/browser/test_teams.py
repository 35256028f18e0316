"""Teams, tokens and second steps in a real browser, with and without its scripts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from images.sandbox import Sandbox
from tests.browser.conftest import Site, serving, sign_in, watch
from tests.dashboards import PASSWORD, USER

MAKE = """
from dashboard.people import teams
from dashboard.audit.trail import Actor
from dashboard.people.models import User
from dashboard.tokens.models import Token
by, ann = Actor("x"), User.objects.get(username="ann")
team = teams.create("Blue", by=by)
teams.set_role(team, ann, "admin", by=by)
"""


@pytest.fixture(scope="module")
def site(big_cloud: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serving(big_cloud, tmp_path_factory.mktemp("teams")) as site:
        site.run("shell", "-c", MAKE)
        yield site


@pytest.fixture(params=[True, False], ids=["scripts", "no scripts"])
def admin(request: pytest.FixtureRequest, site: Site, browser: Browser) -> Iterator[Page]:
    """Ann's page; the test fails when the browser complained."""
    with browser.new_context(
        base_url=site.url, locale="en-GB", java_script_enabled=request.param
    ) as context:
        watched = watch(context)
        watched.page.set_default_timeout(10_000)
        sign_in(watched.page, anew=True)
        yield watched.page
        assert watched.complaints == []


def test_an_admin_invites_someone_who_joins(
    admin: Page, site: Site, browser: Browser, request: pytest.FixtureRequest
) -> None:
    name = "bob" if "no" in request.node.callspec.id else "carla"
    admin.goto("/teams/")
    admin.get_by_role("link", name="Blue").click()
    admin.get_by_role("link", name="People").click()
    admin.get_by_role("button", name="Create invitation link").click()
    link = admin.locator("[data-link]").input_value()

    with browser.new_context(base_url=site.url, locale="en-GB") as context:
        guest = context.new_page()
        guest.goto(link)
        guest.get_by_label("Username").fill(name)
        guest.get_by_label("Password", exact=True).fill(PASSWORD)
        guest.get_by_label("Password confirmation").fill(PASSWORD)
        guest.get_by_role("button", name="Create account and join").click()
        expect(guest.locator(".messages")).to_contain_text("Welcome to “Blue”.")
        expect(guest.locator(".places")).to_contain_text("Teams")
    admin.goto("/teams/blue/people/")
    expect(admin.locator("tr", has_text=name)).to_contain_text("Viewer")


def test_a_token_is_shared_replaced_and_taken_back(
    admin: Page, big_cloud: Sandbox, request: pytest.FixtureRequest
) -> None:
    admin.goto("/tokens/")
    admin.get_by_role("link", name="Main").click()
    admin.get_by_label("Visible to").select_option("Everyone in “Blue”")
    admin.get_by_role("button", name="Save").click()
    expect(admin.locator(".messages")).to_contain_text("was saved")
    admin.get_by_role("link", name="Replace …").click()
    admin.get_by_label("New token").fill(big_cloud.other_token)
    admin.get_by_role("button", name="Check and compare").click()
    expect(admin.locator("[data-pair]").first).to_contain_text("would disappear")
    expect(admin.get_by_role("alert")).to_contain_text("Another account")
    admin.get_by_label("Switch anyway.").check()
    admin.get_by_role("button", name="Switch to the new token").click()
    expect(admin.locator("h1")).to_contain_text(big_cloud.other_token[-4:])
    admin.get_by_role("button", name="Restore previous token").click()
    admin.get_by_label("Switch anyway.").check()
    admin.get_by_role("button", name="Restore previous token").click()
    expect(admin.locator("h1")).to_contain_text(big_cloud.token[-4:])


def test_a_display_link_is_made_and_revoked(admin: Page) -> None:
    admin.goto("/teams/blue/displays/")
    admin.get_by_label("Title").fill("Hall")
    admin.get_by_role("button", name="Create link").click()
    address = admin.locator("[data-link]").input_value()
    admin.goto(address)
    expect(admin.locator("h1")).to_have_text("Hall")
    admin.goto("/teams/blue/displays/")
    admin.get_by_role("link", name="Revoke").first.click()
    expect(admin.locator("h1")).to_have_text("Revoke “Hall”?")
    admin.get_by_role("button", name="Revoke").click()
    expect(admin.locator(".messages")).to_contain_text("was revoked")
    admin.goto("/teams/blue/audit/?action=display.revoke")
    expect(admin.locator("tbody tr").first).to_contain_text("Display link revoked")
    expect(admin.locator("tbody tr").first).to_contain_text("127.0.0.1")


MAKES = """
from dashboard.displays import links
from dashboard.people import teams
from dashboard.saved_views import saving
from dashboard.audit.trail import Actor
from dashboard.people.models import Team, User
from dashboard.tokens.models import Token
team, token = Team.objects.get(slug="blue"), Token.objects.get(label="Main")
user = User.objects.create_user("{name}")
by = Actor("{name}", id=user.pk)
Token.objects.filter(pk=token.pk).update(team=team)
teams.set_role(team, user, "admin", by=by)
links.make(team, token, "Roof of {name}", query="", days=9, language="en", by=by)
teams.invite(team, "admin", by=by)
"""


def test_an_admin_is_made_a_viewer_and_somebody_takes_over(
    admin: Page, site: Site, request: pytest.FixtureRequest
) -> None:
    name = "dora" if "no" in request.node.callspec.id else "dave"
    site.run("shell", "-c", MAKES.format(name=name))
    admin.goto("/teams/blue/people/")
    row = admin.locator("tr", has_text=name)
    row.get_by_role("combobox").select_option("Viewer")
    row.get_by_role("button", name="Change").click()

    expect(admin.locator("h1")).to_have_text(f"Change {name}’s role in “Blue” to “Viewer”?")
    expect(admin.locator("main")).to_contain_text("1 open invitation is withdrawn")
    expect(admin.locator("main")).to_contain_text(f"Roof of {name}")
    admin.get_by_label("Display links").select_option("are transferred to ann")
    admin.get_by_role("button", name="Change role").click()
    expect(admin.locator("tr", has_text=name)).to_contain_text("Viewer")
    admin.goto("/teams/blue/displays/")
    expect(admin.locator("tr", has_text=f"Roof of {name}")).to_contain_text("ann")


@pytest.mark.thorough
@pytest.mark.parametrize("width", [320, 768, 1280])
def test_no_page_is_wider_than_the_screen(admin: Page, width: int) -> None:
    admin.set_viewport_size({"width": width, "height": 800})
    team = [f"/teams/blue/{part}" for part in ("", "people/", "displays/", "audit/", "settings/")]
    for address in ["/tokens/", "/teams/", "/accounts/2fa/", *team]:
        admin.goto(address)
        wide = admin.locator("html").evaluate("page => page.scrollWidth")
        assert wide <= width, address


def test_the_second_step_is_offered_with_a_picture(admin: Page) -> None:
    admin.goto("/accounts/2fa/")
    admin.get_by_role("link", name="Turn on …").click()
    admin.get_by_label("Password").fill(PASSWORD)
    admin.get_by_role("button", name="Continue").click()
    expect(admin.locator("img.qr")).to_be_visible()
    assert USER not in admin.locator("[data-totp]").inner_text()
