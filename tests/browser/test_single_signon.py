"""Single sign-on, from the sign-in page over a provider and back, in a browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from images.sandbox import Sandbox
from tests.browser.conftest import Site, serving
from tests.browser.provider import CLIENT_ID, CLIENT_SECRET, Provider

TEAMS = "from dashboard.people import teams; from dashboard.audit.trail import Actor; "


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with Provider() as provider:
        yield provider


@pytest.fixture(scope="module")
def company(
    provider: Provider, big_cloud: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """A dashboard that knows the provider, and two teams."""
    variables = {
        "OIDC_ISSUER": provider.url,
        "OIDC_CLIENT_ID": CLIENT_ID,
        "OIDC_CLIENT_SECRET": CLIENT_SECRET,
        "OIDC_NAME": "Example Corp",
        "OIDC_TEAMS": "ops=blue:viewer,chiefs=blue:admin,wall=red:console,heads=red:admin,"
        "lost=nowhere:viewer",
    }
    with serving(big_cloud, tmp_path_factory.mktemp("company"), variables) as site:
        names = "[teams.create(name, by=Actor('x')) for name in ('Blue', 'Red')]"
        site.run("shell", "-c", TEAMS + names)
        yield site


@pytest.fixture
def visitor(company: Site, browser: Browser, provider: Provider) -> Iterator[Page]:
    provider.lies, provider.discovery, provider.broken = {}, {}, False
    with browser.new_context(base_url=company.url, locale="en-GB") as context:
        page = context.new_page()
        page.set_default_timeout(10_000)
        yield page


def sign_in(page: Page) -> None:
    page.goto("/accounts/login/?next=/teams/")
    page.get_by_role("link", name="Sign in with Example Corp").click()


def test_groups_become_roles_each_time(visitor: Page, provider: Provider) -> None:
    provider.facts = {"sub": "1", "preferred_username": "grace", "groups": ["ops", "wall", "x"]}
    sign_in(visitor)

    visitor.wait_for_url("**/teams/")
    expect(visitor.locator(".masthead")).to_contain_text("grace")
    cards = visitor.locator(".cards li")
    expect(cards).to_contain_text(["Blue", "Red"])
    expect(cards).to_contain_text(["Viewer", "Console"])
    visitor.context.clear_cookies()
    provider.facts["groups"] = ["chiefs", "ops"]
    sign_in(visitor)
    expect(cards).to_have_count(1)
    expect(cards).to_contain_text(["Admin"])


def test_it_has_no_password_and_gets_none(visitor: Page, provider: Provider) -> None:
    provider.facts = {"sub": "2", "preferred_username": "alan", "groups": ["ops"]}
    sign_in(visitor)

    visitor.wait_for_url("**/teams/")
    expect(visitor.locator(".masthead")).not_to_contain_text("Change password")
    visitor.goto("/accounts/password/change/")
    expect(visitor.locator("h1")).to_have_text("There is no password to change")


def test_a_name_that_is_taken_here_is_not_taken_over(visitor: Page, provider: Provider) -> None:
    """Ann has an account and a token here."""
    provider.facts = {"sub": "3", "preferred_username": "ann", "groups": "ops"}
    provider.facts |= {"email": "ann@example.com", "email_verified": True}
    sign_in(visitor)

    visitor.wait_for_url("**/teams/")
    visitor.goto("/tokens/")
    expect(visitor.locator("main")).to_contain_text("You have no token yet")
    expect(visitor.locator(".masthead .menu summary").last).not_to_have_text("ann")


def test_the_audit_log_tells_who_came_and_who_was_kept_out(
    visitor: Page, provider: Provider, company: Site
) -> None:
    provider.facts = {"sub": "9", "preferred_username": "joan", "groups": ["ops"]}
    sign_in(visitor)
    visitor.wait_for_url("**/teams/")
    visitor.goto("/audit/mine/?action=sign-in")
    expect(visitor.locator("tbody tr")).to_contain_text(["single sign-on"])

    visitor.context.clear_cookies()
    provider.facts["groups"] = []
    sign_in(visitor)
    expect(visitor.locator("h1")).to_have_text("Your account has no access to this dashboard")
    tell = "e = AuditEntry.objects.filter(action='sign-in').first(); print(e.owner, e.result)"
    told = company.run("shell", "-c", f"from dashboard.audit.models import AuditEntry; {tell}")
    assert "joan in no group that may come in" in told


@pytest.mark.parametrize("groups", [None, [], ["others"], {"ops": 1}, [["ops"], 7, None], 5])
def test_who_is_in_no_group_that_may_stays_outside(
    visitor: Page, provider: Provider, groups: object
) -> None:
    provider.facts = {"sub": "4", "preferred_username": "eve", "groups": groups}
    sign_in(visitor)

    expect(visitor.locator("h1")).to_have_text("Your account has no access to this dashboard")
    visitor.goto("/teams/")
    expect(visitor.locator("h1")).to_have_text("Sign in")


MAKES = """
from django.utils import timezone
from dashboard.api_keys import keys
from dashboard.displays import links
from dashboard.people import teams
from dashboard.saved_views import saving
from dashboard.tokens import vault
from dashboard.audit.trail import Actor
from dashboard.people.models import Team, User
from dashboard.tokens.models import Token
import uuid
user, team = User.objects.named("ivan"), Team.objects.get(slug="blue")
by = Actor("ivan", id=user.pk)
green = teams.create("Green", by=by)
teams.set_role(green, user, "admin", by=by)
key = uuid.uuid4()
token = Token.objects.create(
    id=key, owner=user, label="T", sealed=vault.seal("x" * 40, key), team=team,
    changed_at=timezone.now(),
)
links = [
    links.make(team, token, "W", query="", days=9, language="en", by=by)[1],
    teams.invite(team, "admin", by=by)[1],
    teams.invite(green, "admin", by=by)[1],
    keys.make(user, "K", days=9, by=by)[1],
]
saving.save(user, "V", "q=x", team, by=by)
print("LINKS", *links)
"""
TELLS = """
from dashboard.audit.models import AuditEntry
from dashboard.people.models import Membership
theirs = Membership.objects.filter(user__username="ivan")
print("ROLES", *theirs.values_list("team__slug", flat=True))
noted = AuditEntry.objects.filter(actor="single sign-on")
print("ENTRIES", *noted.values_list("action", flat=True))
"""


def told(said: str, what: str) -> list[str]:
    [line] = [line for line in said.splitlines() if line.startswith(what)]
    return line.removeprefix(what).split()


def test_whom_the_provider_drops_loses_all_that_it_gave(
    visitor: Page, company: Site, browser: Browser, provider: Provider
) -> None:
    """Also as the only admin there is; and what was made elsewhere lets nobody back in."""
    provider.facts = {"sub": "7", "preferred_username": "ivan", "groups": ["chiefs", "heads"]}
    sign_in(visitor)
    visitor.wait_for_url("**/teams/")
    display, *invitations, key = told(company.run("shell", "-v0", "-c", MAKES), "LINKS")
    api = visitor.request.get
    asks = {"Authorization": f"Bearer {key}"}
    assert api("/api/v1/tokens", headers=asks).status == 200
    assert api(f"/display/{display}/").status == 200

    provider.facts["groups"] = ["others"]
    with browser.new_context(base_url=company.url, locale="en-GB") as context:
        elsewhere = context.new_page()
        sign_in(elsewhere)
        expect(elsewhere.locator("h1")).to_have_text("Your account has no access to this dashboard")
        for link in (f"/display/{display}/", *(f"/invitations/{each}/" for each in invitations)):
            assert elsewhere.request.get(link).status == 404
        assert elsewhere.request.get("/api/v1/tokens", headers=asks).status == 401
    visitor.goto("/teams/")
    expect(visitor.locator("h1")).to_have_text("Sign in")
    said = company.run("shell", "-v0", "-c", TELLS)
    assert told(said, "ROLES") == ["green"]  # which is not the provider's to take away
    entries = told(said, "ENTRIES")
    for action in (
        *("invitation.withdraw", "display.revoke", "token.leave-team"),
        *("member.remove", "key.revoke", "account.shut-out"),
    ):
        assert action in entries
    assert {"view.unshare", "view.hand-over"} & set(entries)


@pytest.mark.parametrize("sub", ["1", 5, None, ""])
def test_facts_about_someone_else_let_nobody_in_and_take_nothing_away(
    visitor: Page, company: Site, provider: Provider, sub: object
) -> None:
    """The id token is of one person, the facts behind it of another."""
    provider.facts = {"sub": sub, "preferred_username": "mallory", "groups": []}
    provider.lies = {"sub": "8"}
    sign_in(visitor)

    expect(visitor.locator("h1")).to_have_text("Sign-in failed")
    visitor.goto("/teams/")
    expect(visitor.locator("h1")).to_have_text("Sign in")


@pytest.mark.parametrize(
    "discovery",
    [
        {"issuer": "https://elsewhere.example"},
        {"issuer": None},
        {"issuer": ["a"]},
        {"token_endpoint": None},
        {"jwks_uri": 5},
    ],
)
def test_a_provider_that_says_it_is_another_is_not_asked(
    visitor: Page, company: Site, provider: Provider, discovery: dict[str, object]
) -> None:
    provider.facts, provider.discovery = {"sub": "9", "groups": ["ops"]}, discovery
    sign_in(visitor)

    expect(visitor.locator("h1")).to_have_text("Sign-in failed")
    assert "/accounts/sso/company/" in visitor.url
    assert "OIDC_ISSUER" in (Path(company.environment["VAR_DIR"]) / "log").read_text()


@pytest.mark.parametrize(
    "lies", [{"iss": "https://elsewhere.example"}, {"aud": "another"}, {"exp": 1}]
)
def test_an_id_token_that_is_not_for_us_lets_nobody_in(
    visitor: Page, provider: Provider, lies: dict[str, object]
) -> None:
    provider.facts, provider.lies = {"sub": "5", "groups": ["ops"]}, lies
    sign_in(visitor)

    expect(visitor.locator("h1")).to_have_text("Sign-in failed")


def test_a_provider_that_does_not_answer_is_explained(visitor: Page, provider: Provider) -> None:
    provider.facts, provider.broken = {"sub": "6", "groups": ["ops"]}, True
    sign_in(visitor)

    expect(visitor.locator("h1")).to_have_text("Sign-in failed")


def test_a_state_of_someone_else_is_refused(visitor: Page, company: Site) -> None:
    visitor.goto("/accounts/sso/company/back/?code=stolen&state=invented")

    expect(visitor.locator("h1")).to_have_text("Sign-in failed")


def test_without_a_provider_there_is_nothing_of_it(page: Page) -> None:
    page.goto("/accounts/login/")

    expect(page.locator("main")).not_to_contain_text("Sign in with")
