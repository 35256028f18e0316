"""/tokens/<id>/: what is known of a token, who may read with it and for how long."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from dashboard.audit.models import AuditEntry
from dashboard.audit.trail import Actor
from dashboard.displays import links
from dashboard.displays.models import Display
from dashboard.people import teams
from dashboard.people.models import Role, Team, User
from dashboard.tokens.models import State, Token
from images.sandbox import Fault, Sandbox
from images.sandbox.inventory import REGION_IDS
from tests.integration.images.pages import Page
from tests.integration.masking import masked

pytestmark = pytest.mark.backend

BY = Actor("test")


@pytest.fixture
def blue(person: User, stranger: User) -> Team:
    """A team: the person is its admin, the stranger a viewer in it."""
    team = teams.create("Blue", by=BY)
    teams.set_role(team, person, Role.ADMIN, by=BY)
    teams.set_role(team, stranger, Role.VIEWER, by=BY)
    return team


def page_of(token: Token, todo: str = "") -> str:
    return f"/tokens/{token.pk}/{todo}"


def today() -> date:
    return timezone.now().date()


def said(token: Token, **changes: object) -> dict[str, object]:
    """What the form sends."""
    fields = {"label": token.label, "team": token.team_id, "expires_on": token.expires_on}
    return {name: value for name, value in {**fields, **changes}.items() if value is not None}


def actions() -> list[str]:
    return list(AuditEntry.objects.exclude(actor="test").values_list("action", flat=True)[::-1])


def test_it_tells_everything_known(browser: Client, viewer: Client, person: User) -> None:
    browser.get("/images/")
    token = Token.objects.get()
    browser.post(page_of(token, "check/"))

    page = browser.get(page_of(token))
    for text in (
        "Works",
        'class="tag">Beijing bj',
        "by</span> <bdi>person",
        "Last checked",
        "Main",
    ):
        assertContains(page, text)


def test_a_region_it_may_not_list_is_told_apart(
    browser: Client, person: User, cloud: Sandbox, keep: Callable[..., Token]
) -> None:
    token = keep(person, cloud.token)
    cloud.misbehave(Fault("errno", endpoint="cimg/list", region="bj", errno=10000001))
    cloud.misbehave(Fault("html", endpoint="cimg/list", region="gz"))
    page = browser.post(page_of(token, "check/"), follow=True)

    token.refresh_from_db()
    assert token.state == State.VALID
    assert {each["id"]: each["ok"] for each in token.regions} == {
        "bj": False,
        "gz": None,
        **dict.fromkeys([region for region in REGION_IDS if region not in ("bj", "gz")], True),
    }
    assertContains(page, "not allowed: </span>Beijing bj")
    assertContains(page, "Guangzhou gz ?")


def test_one_that_may_list_somewhere_works_also_by_what_the_list_shows(
    browser: Client, person: User, cloud: Sandbox, keep: Callable[..., Token]
) -> None:
    token = keep(person, cloud.token)
    cloud.misbehave(Fault("errno", endpoint="cimg/list", region="bj", errno=10000001))
    browser.get("/images/")

    token.refresh_from_db()
    assert token.state == State.VALID


@pytest.mark.parametrize(
    ("trouble", "state"),
    [
        ([], State.FORBIDDEN),
        ([Fault("html", endpoint="cimg/list", region="gz")], State.UNREACHABLE),
        ([Fault("errno", endpoint="cimg/list", region="gz", errno=4)], State.REFUSED),
    ],
)
def test_one_is_forbidden_only_where_every_region_says_so(
    browser: Client,
    person: User,
    cloud: Sandbox,
    keep: Callable[..., Token],
    trouble: list[Fault],
    state: State,
) -> None:
    token = keep(person, cloud.token)
    for fault in (*trouble, Fault("errno", endpoint="cimg/list", errno=10000001)):
        cloud.misbehave(fault)
    browser.post(page_of(token, "check/"))

    token.refresh_from_db()
    assert token.state == state


def test_a_disabled_token_is_kept_and_reads_nothing(
    browser: Client, viewer: Client, cloud: Sandbox
) -> None:
    token = Token.objects.get()
    assertContains(browser.post(page_of(token, "disable/"), follow=True), "was disabled")

    page = browser.get("/images/")
    assertContains(page, "This token is disabled", status_code=403)
    assertContains(page, page_of(token), status_code=403)
    assert browser.get("/images/export.json").status_code == 403
    assert not cloud.calls
    assertContains(browser.post(page_of(token, "enable/"), follow=True), "was enabled")
    assertContains(browser.get("/images/"), 'data-image="')
    assert actions() == ["token.disable", "token.enable"]


def test_a_disabled_token_hides_nothing_of_the_others_and_the_page_says_so(
    browser: Client, person: User, cloud: Sandbox, keep: Callable[..., Token]
) -> None:
    off = keep(person, cloud.other_token, "Off", disabled_at=timezone.now())
    on = keep(person, cloud.token, "On")

    page = Page(browser.get("/images/"))
    assert {row.attributes["data-account"] for row in page.rows} == {str(on.pk)}
    [notice] = page.all(data_unusable=True)
    assert notice.text == "Without “Off”: its token is disabled. Manage the token"
    assert notice.one("a").attributes["href"] == page_of(off)
    assert {call.token_last4 for call in cloud.calls} == {cloud.token[-4:]}
    # Named with another it is left out as well; alone there is nothing that could be shown.
    both = Page(browser.get(f"/images/?account={off.pk}&account={on.pk}"))
    assert both.uuids == page.uuids
    for url in ("/images/", "/images/export.csv", "/images/export.json", "/overview/", "/changes/"):
        alone = browser.get(f"{url}?account={off.pk}")
        assertContains(alone, "This token is disabled", status_code=403)
        assertContains(alone, page_of(off), status_code=403)


def test_after_its_last_day_nobody_reads_with_it(
    browser: Client, person: User, cloud: Sandbox, keep: Callable[..., Token]
) -> None:
    token = keep(person, cloud.token, expires_on=today())
    assertContains(browser.get("/images/"), 'data-image="')

    token.expires_on = today() - timedelta(days=1)
    token.save()
    assertContains(browser.get("/images/"), "This token has expired", status_code=403)
    assertContains(browser.get(page_of(token)), "It has expired")
    assertContains(browser.get("/tokens/"), "Expired")


@pytest.mark.parametrize(("days", "warned"), [(15, False), (14, True), (0, True)])
def test_two_weeks_before_the_last_day_a_banner_says_so(
    browser: Client,
    person: User,
    cloud: Sandbox,
    keep: Callable[..., Token],
    days: int,
    warned: bool,
) -> None:
    token = keep(person, cloud.token, expires_on=today() + timedelta(days=days))
    for url, text in (("/images/", "data-ends"), (page_of(token), "It expires on")):
        assert (text in browser.get(url).content.decode()) is warned
    fragment = browser.get("/images/", headers={"hx-request": "true"})
    assert ("data-ends" in fragment.content.decode()) is warned


def test_the_banner_tells_another_last_day_at_once(
    browser: Client, person: User, cloud: Sandbox, keep: Callable[..., Token]
) -> None:
    keep(person, cloud.token)
    for days in (3, 5):
        Token.objects.update(expires_on=today() + timedelta(days=days))
        page = browser.get("/images/")
        assertContains(page, f'data-ends="{today() + timedelta(days=days)}"')


def test_a_token_stays_in_a_team_in_which_its_owner_may_not_add_one(
    browser: Client, person: User, blue: Team, keep: Callable[..., Token]
) -> None:
    red = teams.create("Red", by=BY)
    teams.set_role(red, person, Role.CONSOLE, by=BY)
    token = keep(person, "0" * 64, team=red)
    page = browser.get(page_of(token)).content.decode()

    assert f'<option value="{red.pk}" selected>' in page
    assertRedirects(browser.post(page_of(token), said(token, label="New")), page_of(token))
    token.refresh_from_db()
    assert (token.label, token.team) == ("New", red)


def test_another_team_is_like_one_that_never_was(
    browser: Client, person: User, blue: Team, keep: Callable[..., Token]
) -> None:
    red = teams.create("Red", by=BY)
    pages = []
    for team in (red.pk, 999_999):
        page = browser.post("/tokens/", {"label": "Main", "secret": "0" * 64, "team": team})
        assert page.status_code == 422
        told = masked(page)
        assert "Red" not in told
        pages.append(told)
    assert pages[0] == pages[1]
    assert not Token.objects.exists()


def test_deleting_says_which_screens_go_with_it(
    browser: Client, person: User, blue: Team, keep: Callable[..., Token]
) -> None:
    token = keep(person, "0" * 64, team=blue)
    links.make(blue, token, "Wall", query="", days=7, language="en", by=BY)

    page = browser.get(page_of(token, "delete/"))
    assertContains(page, "1 display link that shows its images is deleted with it.")
    assertContains(page, f'href="{page_of(token)}">Cancel')


def test_label_team_and_last_day_are_edited(
    browser: Client, person: User, blue: Team, keep: Callable[..., Token]
) -> None:
    token = keep(person, "0" * 64)
    day = today() + timedelta(days=30)
    form = said(token, label=" New  name ", team=blue.pk, expires_on=day)

    assertRedirects(browser.post(page_of(token), form), page_of(token))
    token.refresh_from_db()
    assert (token.label, token.team, token.expires_on) == ("New name", blue, day)
    assert actions() == ["token.edit"]


@pytest.mark.parametrize(
    "changes",
    [
        {"label": ""},
        {"label": "other"},
        {"label": "5f0c" * 16},
        {"team": 999_999},
        {"expires_on": "2020-01-01"},
        {"expires_on": "invalid"},
    ],
)
def test_what_makes_no_sense_changes_nothing(
    browser: Client, person: User, keep: Callable[..., Token], blue: Team, changes: dict[str, str]
) -> None:
    token = keep(person, "0" * 64)
    keep(person, "1" * 64, "Other")

    page = browser.post(page_of(token), said(token, **changes))
    assertContains(page, 'class="error"', status_code=422)
    assertNotContains(page, "5f0c" * 16, status_code=422)
    token.refresh_from_db()
    assert (token.label, token.team, token.expires_on) == ("Main", None, None)


def test_a_team_of_others_is_like_one_that_never_was(
    browser: Client, person: User, blue: Team, keep: Callable[..., Token]
) -> None:
    token = keep(person, "0" * 64)
    red = teams.create("Red", by=BY)

    pages = [browser.post(page_of(token), said(token, team=pk)) for pk in (red.pk, 999_999)]
    assert [page.status_code for page in pages] == [422, 422]
    assert "Red" not in pages[0].content.decode()


def test_a_token_that_leaves_its_team_takes_its_screens_along(
    browser: Client, person: User, blue: Team, keep: Callable[..., Token]
) -> None:
    token = keep(person, "0" * 64, team=blue)
    links.make(blue, token, "Wall", query="", days=7, language="en", by=BY)
    assertContains(browser.get(page_of(token)), "1 display link that shows its images")

    page = browser.post(page_of(token), said(token, team=""))
    assertContains(page, "Its display links would be revoked", status_code=422)
    assert Display.objects.working().exists()
    browser.post(page_of(token), said(token, label="Renamed", team=blue.pk))
    assert Display.objects.working().exists()
    browser.post(page_of(token), said(token, team="", end_screens="on"))
    assert not Display.objects.working().exists()
    assert actions() == ["token.edit", "token.leave-team", "display.revoke", "token.edit"]


def test_an_admin_looks_after_a_members_token_and_cannot_take_it_elsewhere(
    browser: Client, person: User, stranger: User, blue: Team, keep: Callable[..., Token]
) -> None:
    token = keep(stranger, "0" * 64, "Theirs", team=blue)
    red = teams.create("Red", by=BY)
    teams.set_role(red, person, Role.ADMIN, by=BY)

    assertContains(browser.get("/teams/blue/"), page_of(token))
    assertContains(browser.post(page_of(token, "disable/"), follow=True), "was disabled")
    assert browser.post(page_of(token), said(token, team=red.pk)).status_code == 422
    assertRedirects(browser.post(page_of(token), said(token, team="")), "/teams/")
    assert browser.get(page_of(token)).status_code == 404


def test_a_viewer_reads_with_a_teams_token_and_looks_after_none(
    client: Client,
    stranger: User,
    person: User,
    blue: Team,
    cloud: Sandbox,
    keep: Callable[..., Token],
) -> None:
    token = keep(person, cloud.token, team=blue)
    client.force_login(stranger)

    assertContains(client.get("/images/"), 'data-image="')
    token.refresh_from_db()
    assert token.last_used_by == "stranger"
    page = client.get("/teams/blue/")
    assertContains(page, "Main")
    assertNotContains(page, page_of(token))
    assertContains(client.get("/tokens/"), "Your teams’ tokens")
    assert client.post(page_of(token, "disable/")).status_code == 404


def test_who_cannot_put_a_token_right_is_told_who_can(
    client: Client, stranger: User, person: User, blue: Team, keep: Callable[..., Token]
) -> None:
    token = keep(person, "0" * 64, team=blue, disabled_at=timezone.now())
    client.force_login(stranger)

    page = client.get("/images/")
    assertContains(page, "Its team’s admins can fix this.", status_code=403)
    assertNotContains(page, page_of(token), status_code=403)


def test_the_team_has_its_tokens_by_trouble(
    browser: Client, person: User, blue: Team, keep: Callable[..., Token]
) -> None:
    day = today()
    keep(person, "0" * 64, "fine", team=blue)
    keep(person, "0" * 64, "off", team=blue, disabled_at=timezone.now())
    keep(person, "0" * 64, "soon", team=blue, expires_on=day + timedelta(days=3))
    keep(person, "0" * 64, "over", team=blue, expires_on=day - timedelta(days=3))
    for state in ("refused", "forbidden", "unreachable", "unverified"):
        keep(person, "0" * 64, state, team=blue, state=state)
    broken = keep(person, "0" * 64, "broken", team=blue)
    Token.objects.filter(pk=broken.pk).update(sealed="gone:AAAA")

    page = browser.get("/teams/blue/").content.decode()
    labels = ["broken", "refused", "forbidden", "over", "unreachable", "soon"]
    labels += ["unverified", "fine", "off"]
    places = [page.index(f"<bdi>{label}</bdi>") for label in labels]
    assert places == sorted(places)
    assert page.count("Cannot be read: replace it") == 1
