"""/views/: queries of the list under a name, one's own and those of a team."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from django.test import Client
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from dashboard.audit.models import AuditEntry
from dashboard.audit.trail import Actor
from dashboard.people import teams
from dashboard.people.models import Role, Team, User
from dashboard.saved_views.models import SavedView
from images.sandbox import Sandbox
from tests.integration.conftest import Keep, of
from tests.integration.images.pages import Page

pytestmark = pytest.mark.backend

BY = Actor("test")
QUERY = "status=error&columns=name&columns=size"


@pytest.fixture
def blue(person: User) -> Team:
    team = teams.create("Blue", by=BY)
    teams.set_role(team, person, Role.ADMIN, by=BY)
    return team


@pytest.fixture
def ann(blue: Team) -> User:
    user = User.objects.create_user("ann")
    teams.set_role(blue, user, Role.VIEWER, by=BY)
    return user


def saved_view(client: Client, name: str = "Failed", query: str = QUERY, **more: str) -> SavedView:
    response = client.post("/views/", {"name": name, "query": query, **more})
    assertRedirects(response, "/views/", fetch_redirect_response=False)
    return SavedView.objects.get(name=name.strip())


def test_a_view_is_kept_and_opened(browser: Client) -> None:
    assertContains(browser.get("/views/"), "No saved view yet")
    assertContains(browser.get("/views/", {"query": QUERY}), 'value="status=error&amp;columns=')

    saved_view(browser, query=f"{QUERY}&page=4")

    page = browser.get("/views/")
    assertContains(page, "“Failed” was saved.")
    assertContains(page, f'href="/images/?{QUERY.replace("&", "&amp;")}"')
    assertContains(page, "only you")


def test_a_name_is_needed(browser: Client) -> None:
    response = browser.post("/views/", {"name": " ", "query": QUERY})

    assertContains(response, "This field is required", status_code=422)
    assertContains(response, "error", status_code=422)
    assert not SavedView.objects.exists()


def test_the_same_name_again_takes_its_place_once_that_is_agreed_to(browser: Client) -> None:
    before = saved_view(browser)
    form = {"name": before.name, "query": "q=web"}
    page = browser.post("/views/", form)
    assertContains(page, "A view with this name already exists.", status_code=422)
    assertContains(page, "Replace the view of this name", status_code=422)
    assert SavedView.objects.get().query == before.query

    browser.post("/views/", form | {"replace": "on"})
    assert SavedView.objects.get().query == "q=web"


def test_deleting_a_view_asks_first(browser: Client) -> None:
    view = saved_view(browser)
    assertContains(browser.get(f"/views/{view.pk}/delete/"), f"Delete “{view}”?")
    assert SavedView.objects.exists()


def test_the_menu_marks_the_view_that_is_open(browser: Client) -> None:
    saved_view(browser)
    here = f"http://testserver/images/?{QUERY}"
    menu = {"hx-request": "true", "hx-current-url": here}

    assertContains(browser.get("/views/menu/", headers=menu), 'aria-current="true"')
    elsewhere = menu | {"hx-current-url": "http://testserver/images/"}
    assertNotContains(browser.get("/views/menu/", headers=elsewhere), "aria-current")


def test_a_view_is_renamed_and_deleted(browser: Client) -> None:
    view = saved_view(browser)
    other = saved_view(browser, "Other")
    url = f"/views/{view.pk}/"

    taken = browser.post(url, {"name": "Other", "query": QUERY})
    assertContains(taken, "A view with this name already exists.", status_code=422)
    assertRedirects(browser.post(url, {"name": "Broken", "query": QUERY}), "/views/")
    assertRedirects(browser.post(f"/views/{other.pk}/delete/"), "/views/")

    assert [each.name for each in SavedView.objects.all()] == ["Broken"]


def test_a_person_begins_with_a_view(browser: Client) -> None:
    assertRedirects(browser.get("/"), "/images/", fetch_redirect_response=False)

    view = saved_view(browser, begin="on")
    begins = f"/images/?{QUERY}"
    assertRedirects(browser.get("/"), begins, fetch_redirect_response=False)
    assertContains(browser.get("/views/"), "your start view")

    browser.post(f"/views/{view.pk}/begin/")
    assertRedirects(browser.get("/"), "/images/", fetch_redirect_response=False)
    browser.post(f"/views/{view.pk}/begin/")
    browser.post(f"/views/{view.pk}/delete/")
    assertRedirects(browser.get("/"), "/images/", fetch_redirect_response=False)


def test_a_view_is_shared_with_a_team(browser: Client, blue: Team, ann: User) -> None:
    view = saved_view(browser, team=str(blue.pk), begin="on")
    theirs = of(ann)

    page = theirs.get("/views/")
    assertContains(page, "Failed")
    assertContains(page, "shared by")
    assertNotContains(page, f"/views/{view.pk}/delete/")
    assert theirs.post(f"/views/{view.pk}/delete/").status_code == 404
    theirs.post(f"/views/{view.pk}/begin/")
    assertRedirects(theirs.get("/"), f"/images/?{QUERY}", fetch_redirect_response=False)

    teams.remove_member(blue, ann, by=BY)
    assertNotContains(theirs.get("/views/"), "shared by")
    assertRedirects(theirs.get("/"), "/images/", fetch_redirect_response=False)


def test_what_a_team_sees_is_in_its_audit_log(browser: Client, blue: Team) -> None:
    view = saved_view(browser, team=str(blue.pk))
    browser.post(f"/views/{view.pk}/", {"name": "Failed", "query": QUERY, "team": ""})
    browser.post(f"/views/{view.pk}/", {"name": "Failed", "query": QUERY, "team": str(blue.pk)})
    browser.post(f"/views/{view.pk}/delete/")

    noted = AuditEntry.objects.exclude(actor="test").order_by("pk")
    assert [(each.action, each.subject) for each in noted] == [
        ("view.share", "Failed"),
        ("view.unshare", "Failed"),
        ("view.share", "Failed"),
        ("view.delete", "Failed"),
    ]


def test_a_shared_view_names_no_token_of_ones_own(
    browser: Client, person: User, blue: Team, keep: Keep
) -> None:
    own = keep(person, "a-secret")
    view = saved_view(browser, query=f"q=web&token={own.pk}")
    assert view.query == f"q=web&token={own.pk}"

    view = saved_view(browser, "Ours", query=f"q=web&token={own.pk}", team=str(blue.pk))

    assert view.query == "q=web"


def test_a_console_begins_with_a_view_of_its_team_and_keeps_none(
    browser: Client, blue: Team, ann: User
) -> None:
    view = saved_view(browser, team=str(blue.pk))
    teams.set_role(blue, ann, Role.CONSOLE, by=BY)
    wall = of(ann)

    assertNotContains(wall.get("/views/", {"query": QUERY}), "Save this view")
    assert wall.post("/views/", {"name": "Mine", "query": QUERY}).status_code == 403
    wall.post(f"/views/{view.pk}/begin/")

    assertRedirects(wall.get("/"), f"/images/?{QUERY}", fetch_redirect_response=False)
    assert SavedView.objects.count() == 1


def test_an_endless_query_is_refused(browser: Client) -> None:
    response = browser.post("/views/", {"name": "Long", "query": "q=" + "x" * 5000})

    assert response.status_code == 422
    assert not SavedView.objects.exists()


def test_on_a_shared_view_the_role_counts_and_not_who_made_it(
    browser: Client, blue: Team, ann: User
) -> None:
    theirs = of(ann)
    shared = saved_view(theirs, "Ours", team=str(blue.pk))
    own = saved_view(theirs, "Mine")
    assertContains(theirs.get("/views/", {"query": QUERY}), "its admins can change and delete it")

    for page in ("", "delete/"):
        assert theirs.post(f"/views/{shared.pk}/{page}", {"name": "X"}).status_code == 404
    listed = theirs.get("/views/")
    assertNotContains(listed, f"/views/{shared.pk}/delete/")
    assertContains(listed, f"/views/{own.pk}/delete/")
    assertRedirects(browser.post(f"/views/{shared.pk}/delete/"), "/views/")
    assertRedirects(theirs.post(f"/views/{own.pk}/delete/"), "/views/")


def test_a_view_left_in_a_former_admins_name_is_not_theirs_to_change(
    browser: Client, person: User, blue: Team, ann: User
) -> None:
    teams.set_role(blue, ann, Role.ADMIN, by=BY)
    shared = saved_view(browser, team=str(blue.pk))
    of(ann).post(f"/teams/blue/people/{person.pk}/role/", {"role": "viewer", "views_heir": ""})

    assert SavedView.objects.get().owner == person
    assert browser.post(f"/views/{shared.pk}/", {"name": "X", "query": "q=x"}).status_code == 404
    assertContains(browser.get("/views/"), "Failed")


def test_the_views_lead_an_admin_to_a_wall_that_shows_the_same(
    browser: Client, blue: Team, ann: User, cloud: Sandbox, keep: Keep
) -> None:
    token = keep(ann, cloud.token, "Team’s", team=blue)
    asked = f"http://testserver/images/?token={token.pk}&os=CentOS&sort=name"
    menu = {"HX-Request": "true", "HX-Current-URL": asked}
    [way] = [each for each in Page(browser.get("/views/menu/", headers=menu)).links if "?" in each]
    assertNotContains(of(ann).get("/views/menu/", headers=menu), "displays")

    form = Page(browser.get(way)).one("form", _class="form")
    offered = {each.attributes["name"]: each.attributes["value"] for each in form.all("input")}
    assert offered["title"] == "CentOS"
    assert offered["query"] == "os=CentOS"
    chosen = form.one("select", name="token").one("option", selected=True)
    assert chosen.attributes["value"] == str(token.pk)


@pytest.mark.parametrize("query", ["a=%ZZ&=&&", "x" * 10_000, "os=" + "y" * 300, "token=no-uuid"])
def test_whatever_a_wall_is_offered_for_can_be_shown(
    browser: Client, blue: Team, query: str, cloud: Sandbox, person: User, keep: Keep
) -> None:
    keep(person, cloud.token, team=blue)
    page = Page(browser.get("/teams/blue/displays/", {"query": query}))
    assert page.status == 200
    assert 1 <= len(page.one("input", name="title").attributes["value"]) <= 80


def test_a_view_says_what_it_shows_in_words(browser: Client) -> None:
    view = saved_view(browser, query="q=web&os=unknown&min_size=20GiB&sort=-created&columns=name")
    for address in ("/views/", f"/views/{view.pk}/", f"/views/?query={quote(view.query)}"):
        english, chinese = (
            [node.text for node in Page(browser.get(address, headers=each)).all(_class="tag")]
            for each in ({}, {"Accept-Language": "zh-hans"})
        )
        assert english[:3] == ["Text web", "OS unknown", "Size from 20 GiB"]
        assert chinese[:3] == ["文本 web", "操作系统 未知", "大小至少 20 GiB"]
