"""What a person made for a team, after their right to it has ended: each way by each thing."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.contrib.auth import SESSION_KEY
from django.test import Client
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from dashboard.api_keys.models import ApiKey
from dashboard.audit.models import AuditEntry
from dashboard.audit.trail import Actor
from dashboard.displays.models import Display
from dashboard.people import teams
from dashboard.people.models import Invitation, Membership, Role, Team, User
from dashboard.saved_views.models import SavedView
from dashboard.tokens.models import Token
from images.sandbox import Sandbox
from tests.dashboards import ON_SERVERS
from tests.integration.conftest import of
from tests.marks import some

pytestmark = pytest.mark.backend

BY = Actor("test")
PASSWORD = "a sentence nobody guesses"
KEY = r"/%s/([\w-]{43})/"


@dataclass
class Scene:
    """Ann is an admin of Blue, and made one of everything for it, through the site's own pages. Bea
    is its other admin, vic a viewer, root a superuser."""

    blue: Team
    people: dict[str, User]
    ann: Client
    invitation: str
    display: str
    key: str
    token: Token
    view: SavedView

    def of(self, name: str) -> Client:
        return of(self.people[name])

    def path(self, todo: str) -> str:
        return f"/teams/blue/people/{self.people['ann'].pk}/{todo}/"

    def account(self, todo: str) -> str:
        return f"/people/{self.people['ann'].pk}/{todo}/"

    def in_admin(self, todo: str) -> str:
        return f"/admin/people/user/{self.people['ann'].pk}/{todo}/"

    def reads(self) -> int:
        """What a script with the key is answered."""
        return (
            Client()
            .get("/api/v1/tokens", headers={"Authorization": f"Bearer {self.key}"})
            .status_code
        )


@pytest.fixture
def scene(cloud: Sandbox, keep: Callable[..., Token]) -> Scene:
    people = {
        name: User.objects.create_user(name, password=PASSWORD) for name in ("ann", "bea", "vic")
    }
    people["root"] = User.objects.create_superuser("root", password=PASSWORD)
    blue = teams.create("Blue", by=BY)
    for name, role in (("ann", Role.ADMIN), ("bea", Role.ADMIN), ("vic", Role.VIEWER)):
        teams.set_role(blue, people[name], role, by=BY)
    token = keep(people["ann"], cloud.token, team=blue)
    ann = of(people["ann"])
    invited = ann.post("/teams/blue/invitations/", {"role": "admin"}, follow=True).content.decode()
    form = {"title": "Hall", "token": token.pk, "days": 365, "language": "en"}
    shown = ann.post("/teams/blue/displays/", form, follow=True).content.decode()
    ann.post("/views/", {"name": "Golden", "query": "q=golden", "team": blue.pk})
    wanted = {"label": "Nightly", "scope": f"team:{blue.pk}", "days": 90}
    made = ann.post("/api-keys/", wanted, follow=True)
    found = [
        re.search(pattern, page)
        for pattern, page in (
            (KEY % "invitations", invited),
            (KEY % "display", shown),
            (r"(idk_[\w-]+)", made.content.decode()),
        )
    ]
    invitation, display, key = (each[1] for each in found if each)
    scene = Scene(
        blue=blue,
        people=people,
        ann=ann,
        invitation=f"/invitations/{invitation}/",
        display=f"/display/{display}/",
        key=key,
        token=token,
        view=SavedView.objects.get(),
    )
    assert Client().get(scene.invitation).status_code == 200
    assert Client().get(scene.display).status_code == 200
    assert scene.reads() == 200
    return scene


def removed(scene: Scene, **heirs: object) -> None:
    scene.of("bea").post(scene.path("remove"), heirs)


def left(scene: Scene, **heirs: object) -> None:
    scene.ann.post("/teams/blue/leave/", heirs)


def made_viewer(scene: Scene, **heirs: object) -> None:
    scene.of("bea").post(scene.path("role"), {"role": "viewer", **heirs})


def made_console(scene: Scene, **heirs: object) -> None:
    scene.of("bea").post(scene.path("role"), {"role": "console", **heirs})


def of_team(scene: Scene, heirs: dict[str, object]) -> dict[str, object]:
    return {f"team-{scene.blue.pk}-{name}": heir for name, heir in heirs.items()}


def switched_off(scene: Scene, **heirs: object) -> None:
    scene.of("root").post(scene.account("switch-off"), of_team(scene, heirs))


def deleted(scene: Scene, **heirs: object) -> None:
    scene.of("root").post(scene.account("delete"), of_team(scene, heirs))


def unticked(scene: Scene) -> None:
    form = {"username": "ann", "date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}
    response = scene.of("root").post(scene.in_admin("change"), form)
    assert response.status_code == 302


def deleted_in_admin(scene: Scene) -> None:
    scene.of("root").post(scene.in_admin("delete"), {"post": "yes"})


def deleted_in_bulk(scene: Scene) -> None:
    form = {"action": "delete_selected", "_selected_action": scene.people["ann"].pk, "post": "yes"}
    scene.of("root").post("/admin/people/user/", form)


def with_team(scene: Scene) -> None:
    scene.of("root").post("/teams/blue/delete/")


ASKED = (removed, left, made_viewer, made_console, switched_off, deleted)
UNASKED = (unticked, deleted_in_admin, deleted_in_bulk, with_team)
WAYS = (*ASKED, *UNASKED)
DELETED = (deleted, deleted_in_admin, deleted_in_bulk)
OFF = (switched_off, unticked)

# All end in the same few functions: on servers the gate tries those two that end the most.
GATE = (deleted, with_team) if ON_SERVERS else WAYS

way_of_all = pytest.mark.parametrize("way", some(WAYS, GATE), ids=lambda way: way.__name__)
way_that_asks = pytest.mark.parametrize("way", some(ASKED, GATE), ids=lambda way: way.__name__)


def noted(action: str) -> list[str]:
    return list(AuditEntry.objects.filter(action=action).values_list("team", flat=True))


@way_of_all
def test_their_open_invitations_let_nobody_in(scene: Scene, way: Callable[..., None]) -> None:
    way(scene)

    assert Client().get(scene.invitation).status_code == 404
    form = {"username": "ann2", "password1": PASSWORD, "password2": PASSWORD}
    assert Client().post(scene.invitation, form).status_code == 404
    assert not User.objects.filter(username="ann2").exists()
    assert not Invitation.objects.exists()
    assert noted("invitation.withdraw") == ["Blue"]


@way_of_all
def test_their_display_links_show_nothing(scene: Scene, way: Callable[..., None]) -> None:
    way(scene)

    assert Client().get(scene.display).status_code == 404
    assert not Display.objects.working().exists()
    assert noted("display.revoke") == ["Blue"]


@way_of_all
def test_the_teams_views_are_theirs_no_more(scene: Scene, way: Callable[..., None]) -> None:
    way(scene)
    url = f"/views/{scene.view.pk}/"
    form = {"name": "Mine", "query": "q=mine", "team": scene.blue.pk}

    if way is with_team:  # where there is no team, the view is whose it was
        assert scene.ann.get(url).status_code == 200
        assert SavedView.objects.get().team is None
        return
    for response in (scene.ann.post(url, form), scene.ann.post(f"{url}delete/")):
        assert response.status_code == 404 or "/accounts/login/" in response["Location"]
    assert SavedView.objects.get().name == "Golden"
    assert SavedView.objects.get().owner == scene.people["bea"]
    assertContains(scene.of("vic").get("/views/"), "Golden")


@way_of_all
def test_their_tokens_leave_stay_or_pass_on(scene: Scene, way: Callable[..., None]) -> None:
    way(scene)

    token = Token.objects.filter(pk=scene.token.pk).first()
    assert token
    if way in DELETED:
        assert (token.owner, token.team) == (scene.people["bea"], scene.blue)
        assert noted("token.hand-over") == ["Blue"]
    elif way in (removed, left, with_team):
        assert (token.owner, token.team) == (scene.people["ann"], None)
        assert noted("token.leave-team") == ["Blue"]
        assertNotContains(scene.of("vic").get("/images/"), "Main ····")
    else:
        assert (token.owner, token.team) == (scene.people["ann"], scene.blue)
        assertContains(scene.of("vic").get("/images/"), 'data-image="')


@way_of_all
def test_their_scripts_read_no_more_than_they_may(scene: Scene, way: Callable[..., None]) -> None:
    way(scene)

    if way is made_viewer:
        assert scene.reads() == 200
        return
    assert scene.reads() == 401
    assert not ApiKey.objects.working().exists()
    assert noted("key.revoke") == ["Blue"]


@pytest.mark.parametrize("way", [*OFF, *DELETED], ids=lambda way: way.__name__)
def test_they_are_out_at_once(scene: Scene, way: Callable[..., None]) -> None:
    way(scene)

    assertRedirects(scene.ann.get("/teams/"), "/accounts/login/?next=/teams/")


@pytest.mark.parametrize("way", OFF, ids=lambda way: way.__name__)
def test_switching_on_again_brings_nothing_back(scene: Scene, way: Callable[..., None]) -> None:
    session = scene.ann.cookies["sessionid"].value
    way(scene)
    form = {"username": "ann", "date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}
    scene.of("root").post(scene.in_admin("change"), {**form, "is_active": "on"})
    assert User.objects.get(username="ann").is_active

    again = Client()
    again.cookies["sessionid"] = session
    assert again.get("/teams/").status_code == 302
    assert Client().get(scene.invitation).status_code == 404
    assert Client().get(scene.display).status_code == 404
    assert scene.reads() == 401
    again.post("/accounts/login/", {"login": "ann", "password": PASSWORD})
    assert again.session[SESSION_KEY] == str(scene.people["ann"].pk)


@way_that_asks
def test_an_heir_takes_over_what_they_are_given(scene: Scene, way: Callable[..., None]) -> None:
    bea = scene.people["bea"]
    stays_theirs = way is made_viewer  # a viewer keeps tokens in a team
    heirs = {"displays_heir": bea.pk, "views_heir": bea.pk}
    way(scene, **heirs, **({} if stays_theirs else {"heir": bea.pk}))

    assert Client().get(scene.display).status_code == 200
    assert Display.objects.get().maker == bea
    assertContains(scene.of("bea").get("/teams/blue/displays/"), "bea")
    view, token = SavedView.objects.get(), Token.objects.get()
    assert (view.owner, view.team) == (bea, scene.blue)
    assert token.team == scene.blue
    assert token.owner == (scene.people["ann"] if stays_theirs else bea)
    assert noted("display.hand-over") == noted("view.hand-over") == ["Blue"]
    assert not Invitation.objects.exists()


@way_that_asks
def test_what_nobody_takes_over_is_theirs_or_goes(scene: Scene, way: Callable[..., None]) -> None:
    way(scene, heir="", displays_heir="", views_heir="")

    assert not Display.objects.working().exists()
    things: list[SavedView | Token] = [*SavedView.objects.all(), *Token.objects.all()]
    if way is deleted:
        assert not things
        assert noted("view.delete") == noted("token.delete") == ["Blue"]
        return
    assert [each.owner for each in things] == [scene.people["ann"]] * 2
    leave = way in (removed, left)
    assert {each.team for each in things} == {None if leave else scene.blue}
    assert noted("view.unshare") == (["Blue"] if leave else [])


@way_that_asks
def test_the_page_says_what_will_happen_to_each(scene: Scene, way: Callable[..., None]) -> None:
    pages = {
        removed: (scene.of("bea"), scene.path("remove")),
        left: (scene.ann, "/teams/blue/leave/"),
        made_viewer: (scene.of("bea"), scene.path("role") + "?role=viewer"),
        made_console: (scene.of("bea"), scene.path("role") + "?role=console"),
        switched_off: (scene.of("root"), scene.account("switch-off")),
        deleted: (scene.of("root"), scene.account("delete")),
    }
    client, url = pages[way]
    page = client.get(url)

    assertContains(page, "1 open invitation is withdrawn")
    for thing in ("Hall", "Golden", "are revoked", "are transferred to bea"):
        assertContains(page, thing)
    assertNotContains(page, "are transferred to vic")
    assertNotContains(page, "are transferred to ann")
    if way is made_viewer:
        assertNotContains(page, "API key is revoked")
    else:
        assertContains(page, "1 API key is revoked")
        assertContains(page, "Nightly")
        assertContains(page, "Main ····")
    assert Invitation.objects.exists()
    assert Membership.objects.filter(user=scene.people["ann"], role="admin").exists()


@way_that_asks
@pytest.mark.parametrize("heir", ["vic", "root", "ann"])
def test_nobody_inherits_who_may_not_look_after_it(
    scene: Scene, way: Callable[..., None], heir: str
) -> None:
    way(scene, displays_heir=scene.people[heir].pk)

    assert Membership.objects.filter(user__username="ann", role="admin").exists()
    assert User.objects.get(username="ann").is_active
    assert Display.objects.get().maker == scene.people["ann"]


def test_deleting_a_team_says_what_goes_with_it(scene: Scene) -> None:
    page = scene.of("root").get("/teams/blue/delete/")

    for text in (
        "1 token becomes visible only to its owner",
        "1 shared view becomes visible only to its owner",
        "1 display link is revoked",
        "1 open invitation is withdrawn",
        "1 API key is revoked",
        *("Main ····", "Golden", "Hall", "Nightly"),
    ):
        assertContains(page, text)


def test_people_who_made_nothing_change_role_without_a_question(scene: Scene) -> None:
    page = scene.of("bea").get("/teams/blue/people/").content.decode()
    methods = dict(re.findall(r'people/(\d+)/role/" method="(\w+)"', page))

    assert methods[str(scene.people["ann"].pk)] == "get"
    assert methods[str(scene.people["vic"].pk)] == "post"


def test_a_role_that_takes_nothing_away_ends_nothing(scene: Scene) -> None:
    teams.set_role(scene.blue, scene.people["vic"], Role.CONSOLE, by=BY)
    teams.set_role(scene.blue, scene.people["vic"], Role.ADMIN, by=BY)

    page = scene.of("bea").get(scene.path("role") + "?role=admin")
    assertContains(page, "Nothing they created for the team is affected.")
    assert Client().get(scene.display).status_code == 200
    assert Client().get(scene.invitation).status_code == 200


def test_a_superuser_who_is_one_no_more_leaves_no_way_back(
    scene: Scene, keep: Callable[..., Token]
) -> None:
    """Root is in no team: the right to everything was all that the links hung on."""
    root = scene.of("root")
    page = root.post("/teams/blue/invitations/", {"role": "admin"}, follow=True).content.decode()
    invitation = re.search(KEY % "invitations", page)
    form = {"title": "Roof", "token": scene.token.pk, "days": 365, "language": "en"}
    display = re.search(
        KEY % "display", root.post("/teams/blue/displays/", form, follow=True).content.decode()
    )
    assert invitation
    assert display
    other = User.objects.create_superuser("other", password=PASSWORD)
    url = reverse("admin:people_user_change", args=[scene.people["root"].pk])
    joined = {"date_joined_0": "2026-01-01", "date_joined_1": "00:00:00", "is_active": "on"}
    of(other).post(url, {"username": "root", **joined})

    assert not User.objects.get(username="root").is_superuser
    assert Client().get(f"/invitations/{invitation[1]}/").status_code == 404
    assert Client().get(f"/display/{display[1]}/").status_code == 404
    assert Client().get(scene.invitation).status_code == 200  # Ann's
    assert Client().get(scene.display).status_code == 200


@pytest.mark.parametrize("behind", ["role", "membership", "active"])
def test_links_of_who_lost_the_right_behind_our_back_open_nothing(
    scene: Scene, behind: str
) -> None:
    ann = scene.people["ann"]
    if behind == "role":
        Membership.objects.filter(user=ann).update(role="viewer")
    elif behind == "membership":
        Membership.objects.filter(user=ann).delete()
    else:
        User.objects.filter(pk=ann.pk).update(is_active=False)

    assert Client().get(scene.display).status_code == 404
    assert Client().get(scene.invitation).status_code == 404
    vic = of(User.objects.create_user("visitor"))
    assert vic.post(scene.invitation).status_code == 404
    assert not Membership.objects.filter(user__username="visitor").exists()


def test_what_others_read_with_a_token_that_leaves_ends_too(
    scene: Scene, keep: Callable[..., Token]
) -> None:
    vic = scene.of("vic")
    made = vic.post(
        "/api-keys/",
        {"label": "Theirs", "scope": f"token:{scene.token.pk}", "days": 90},
        follow=True,
    )
    key = re.search(r"(idk_[\w-]+)", made.content.decode())
    assert key
    form = {"title": "Other", "token": scene.token.pk, "days": 365, "language": "en"}
    shown = scene.of("bea").post("/teams/blue/displays/", form, follow=True).content.decode()
    display = re.search(KEY % "display", shown)
    assert display
    removed(scene)

    asks = {"Authorization": f"Bearer {key[1]}"}
    assert Client().get("/api/v1/tokens", headers=asks).status_code == 401
    assert Client().get(f"/display/{display[1]}/").status_code == 404
    assert not ApiKey.objects.working().exists()
    assert not Display.objects.working().exists()
    assert len(noted("key.revoke")) == len(noted("display.revoke")) == 2


def test_what_they_have_elsewhere_stays(scene: Scene, keep: Callable[..., Token]) -> None:
    red = teams.create("Red", by=BY)
    teams.set_role(red, scene.people["ann"], Role.VIEWER, by=BY)
    keep(scene.people["ann"], "1" * 64, "Own")
    keep(scene.people["ann"], "2" * 64, "Of red", team=red)
    scene.ann.post("/views/", {"name": "Ours", "query": "q=red", "team": red.pk})
    scene.ann.post("/api-keys/", {"label": "All", "scope": "", "days": 90})
    removed(scene)

    assert SavedView.objects.get(name="Ours").team == red
    assert Token.objects.get(label="Of red").team == red
    assert ApiKey.objects.working().get().label == "All"
    assert scene.ann.get("/tokens/").status_code == 200


def test_the_last_admin_is_not_deleted_and_said_when_switched_off(scene: Scene) -> None:
    teams.set_role(scene.blue, scene.people["bea"], Role.VIEWER, by=BY)
    root = scene.of("root")

    assertContains(root.get(scene.account("delete")), "the last admin")
    root.post(scene.account("delete"))
    assert User.objects.filter(username="ann").exists()
    assertContains(root.get(scene.account("switch-off")), "which then have none")


@pytest.mark.parametrize("todo", ["switch-off", "delete"])
def test_nobody_ends_their_own_account(scene: Scene, todo: str) -> None:
    root = scene.people["root"]
    url = f"/people/{root.pk}/{todo}/"

    assertContains(scene.of("root").get(url), "your own account")
    scene.of("root").post(url)
    root.refresh_from_db()
    assert root.is_active


def test_the_administration_leads_to_the_question(scene: Scene) -> None:
    root = scene.of("root")

    assertContains(root.get(scene.in_admin("change")), scene.account("switch-off"))
    assertContains(root.get(scene.in_admin("delete")), scene.account("delete"))
