"""/teams/ and what is under it: teams, their people, invitations."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from dashboard.audit.models import Action, AuditEntry
from dashboard.audit.trail import Actor
from dashboard.people import teams
from dashboard.people.models import Invitation, Membership, Role, Team, User
from dashboard.tokens.models import Token
from images.sandbox import Sandbox
from tests.integration.masking import masked

pytestmark = pytest.mark.backend

BY = Actor("test")
PASSWORD = "a sentence nobody guesses"


@pytest.fixture
def blue(person: User) -> Team:
    """A team whose admin is the person in front of the browser."""
    team = teams.create("Blue", by=BY)
    teams.set_role(team, person, Role.ADMIN, by=BY)
    return team


def role_of(user: User) -> str:
    return Membership.objects.get(user=user).role


def noted() -> list[tuple[str, str, str]]:
    return list(
        AuditEntry.objects.exclude(actor="test")
        .exclude(action=Action.SIGN_IN)
        .values_list("actor", "action", "subject")[::-1]
    )


def test_a_superuser_makes_a_team_and_invites_its_first_admin(
    browser: Client, person: User, anonymous: Client
) -> None:
    person.is_superuser = True
    person.save()
    assertContains(browser.get("/teams/"), "There is no team yet")

    response = browser.post("/teams/", {"name": "  Duty   team "})
    assertRedirects(response, "/teams/duty-team/people/")
    page = browser.post(
        "/teams/duty-team/invitations/", {"role": "admin"}, follow=True
    ).content.decode()
    link = re.search(r'value="http://testserver(/invitations/[\w-]{43}/)"', page)
    assert link
    assertContains(anonymous.get(link[1]), "You are invited to “Duty team”")
    form = {"username": "ann", "password1": PASSWORD, "password2": PASSWORD}
    response = anonymous.post(link[1], form)
    assertRedirects(response, "/images/", fetch_redirect_response=False)
    assertContains(anonymous.get("/images/"), "Welcome to “Duty team”.")
    assert role_of(User.objects.get(username="ann")) == Role.ADMIN
    assert [action for _, action, _ in noted()] == [
        *("team.create", "invitation.make"),
        *("account.make", "invitation.accept", "member.add"),
    ]


@pytest.mark.parametrize("name", ["", "   ", "x" * 81])
def test_a_team_has_a_name(browser: Client, person: User, name: str) -> None:
    person.is_superuser = True
    person.save()

    assert browser.post("/teams/", {"name": name}).status_code == 422
    assert not Team.objects.exists()


def test_teams_of_one_name_or_a_chinese_one_have_addresses_of_their_own() -> None:
    slugs = {teams.create(name, by=BY).slug for name in ("Blue", "blue", "蓝队", "红队")}

    assert len(slugs) == 4
    assert all(re.fullmatch(r"[a-z0-9-]+", slug) for slug in slugs)


def test_a_person_sees_the_teams_they_are_in(browser: Client, blue: Team) -> None:
    teams.create("Red", by=BY)
    page = browser.get("/teams/")

    assertContains(page, "Blue")
    assertContains(page, "1 person")
    assertNotContains(page, "Red")
    assertNotContains(page, "Create a team")


def test_a_person_in_no_team_is_told_how_to_get_into_one(browser: Client) -> None:
    assertContains(browser.get("/teams/"), "You are in no team yet")


def test_an_admin_changes_a_role(browser: Client, blue: Team, stranger: User) -> None:
    teams.set_role(blue, stranger, Role.VIEWER, by=BY)
    url = f"/teams/blue/people/{stranger.pk}/role/"

    page = browser.post(url, {"role": "console"}, follow=True)
    assertContains(page, "stranger’s role is now “Console”.")
    assert role_of(stranger) == Role.CONSOLE
    page = browser.post(url, {"role": "emperor"}, follow=True)
    assertContains(page, "emperor is not one of the available choices")
    assert role_of(stranger) == Role.CONSOLE
    assert noted() == [("person", "member.change", "stranger: console")]


def test_an_invitation_with_a_role_that_there_is_not_is_refused_with_words(
    browser: Client, blue: Team
) -> None:
    page = browser.post("/teams/blue/invitations/", {"role": "emperor"}, follow=True)
    assertContains(page, "emperor is not one of the available choices")
    assert not Invitation.objects.exists()


@pytest.mark.parametrize("todo", ["role", "remove"])
def test_the_last_admin_stays(browser: Client, blue: Team, person: User, todo: str) -> None:
    page = browser.post(f"/teams/blue/people/{person.pk}/{todo}/", {"role": "viewer"}, follow=True)

    assertContains(page, "is the team’s last admin")
    assert role_of(person) == Role.ADMIN


def test_an_admin_who_is_switched_off_does_not_count(
    browser: Client, blue: Team, person: User, stranger: User
) -> None:
    teams.set_role(blue, stranger, Role.ADMIN, by=BY)
    User.objects.filter(pk=stranger.pk).update(is_active=False)

    assertContains(browser.post("/teams/blue/leave/", follow=True), "last admin")
    assert role_of(person) == Role.ADMIN


def test_the_last_admin_cannot_be_deleted_either(client: Client, blue: Team, person: User) -> None:
    client.force_login(User.objects.create_superuser("boss", password="x"))
    url = f"/admin/people/user/{person.pk}/delete/"

    assertContains(client.get(url), "the last admin of the team “Blue”")
    client.post(url, {"post": "yes"})
    assert User.objects.filter(pk=person.pk).exists()


def test_whoever_leaves_is_out_at_once(
    browser: Client, blue: Team, person: User, stranger: User
) -> None:
    teams.set_role(blue, stranger, Role.ADMIN, by=BY)
    assertContains(browser.get("/teams/blue/leave/"), "Leave “Blue”?")

    assertRedirects(browser.post("/teams/blue/leave/"), "/teams/")
    assert browser.get("/teams/blue/").status_code == 404


def test_tokens_leave_with_their_owner_or_become_an_admins(
    browser: Client, blue: Team, person: User, stranger: User, keep: Callable[..., Token]
) -> None:
    other = User.objects.create_user("other")
    for user, label in ((stranger, "Main"), (other, "Main"), (person, "main")):
        teams.set_role(blue, user, Role.VIEWER if user != person else Role.ADMIN, by=BY)
        keep(user, "0" * 64, label, team=blue)
    page = browser.get(f"/teams/blue/people/{stranger.pk}/remove/")
    assertContains(page, "are transferred to person")
    assertContains(page, "Main ····0000")

    browser.post(f"/teams/blue/people/{stranger.pk}/remove/", {"heir": person.pk})
    browser.post(f"/teams/blue/people/{other.pk}/remove/", {"heir": ""})
    mine = Token.objects.filter(owner=person, team=blue).values_list("label", flat=True)
    assert sorted(mine) == ["Main (2)", "main"]
    assert Token.objects.get(owner=other).team is None
    assert not Token.objects.filter(owner=stranger).exists()
    assert [action for _, action, _ in noted()] == [
        *("token.hand-over", "member.remove", "token.leave-team", "member.remove"),
    ]


def test_nobody_outside_the_team_inherits(
    browser: Client, blue: Team, person: User, stranger: User, keep: Callable[..., Token]
) -> None:
    leaving = User.objects.create_user("leaving")
    teams.set_role(blue, leaving, Role.VIEWER, by=BY)
    keep(leaving, "0" * 64, team=blue)

    response = browser.post(f"/teams/blue/people/{leaving.pk}/remove/", {"heir": stranger.pk})
    assert response.status_code == 422
    assert Membership.objects.filter(user=leaving).exists()


def test_someone_of_another_team_is_nobody_here(
    browser: Client, blue: Team, stranger: User
) -> None:
    teams.set_role(teams.create("Red", by=BY), stranger, Role.VIEWER, by=BY)

    for todo in ("role", "remove"):
        url = f"/teams/blue/people/{stranger.pk}/{todo}/"
        assert browser.post(url, {"role": "viewer"}).status_code == 404
    assert role_of(stranger) == Role.VIEWER


def invited(team: Team, role: str = Role.VIEWER) -> str:
    return f"/invitations/{teams.invite(team, role, by=BY)[1]}/"


def test_an_invitation_is_for_one_person(blue: Team, client: Client, stranger: User) -> None:
    link = invited(blue)
    client.force_login(stranger)
    assertContains(client.get(link), "Join “Blue”?")
    assertRedirects(client.post(link), "/images/")
    assert role_of(stranger) == Role.VIEWER

    client.force_login(User.objects.create_user("late"))
    assertContains(client.post(link), "This invitation does not work", status_code=404)
    assert not Membership.objects.filter(user__username="late").exists()


def test_a_member_keeps_role_and_invitation(browser: Client, blue: Team, person: User) -> None:
    assertRedirects(browser.get(invited(blue)), "/teams/blue/")

    assert role_of(person) == Role.ADMIN
    assert Invitation.objects.exists()


def test_an_invitation_ends_after_seven_days(blue: Team, anonymous: Client) -> None:
    link = invited(blue)
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    pages = [anonymous.get(url) for url in (link, f"/invitations/{'x' * 43}/", "/invitations/x/")]
    assert {page.status_code for page in pages} == {404}
    assert len({masked(page) for page in pages}) == 1


def test_a_withdrawn_invitation_is_gone(browser: Client, blue: Team, anonymous: Client) -> None:
    link = invited(blue)
    invitation = Invitation.objects.get()
    address = f"/teams/blue/invitations/{invitation.pk}/withdraw/"
    assertContains(browser.get(address), "Withdraw the invitation?")
    assert anonymous.get(link).status_code == 200
    browser.post(address)

    assert anonymous.get(link).status_code == 404


def test_the_key_of_an_invitation_is_stored_nowhere(browser: Client, blue: Team) -> None:
    page = browser.post(
        "/teams/blue/invitations/", {"role": "viewer"}, follow=True
    ).content.decode()
    key = re.search(r"/invitations/([\w-]{43})/", page)
    assert key

    assert key[1] not in browser.get("/teams/blue/people/").content.decode()
    assert key[1] not in repr(list(Invitation.objects.values())) + repr(noted())


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"username": "ann", "password1": "short", "password2": "short"},
        {"username": "ann", "password1": PASSWORD, "password2": "other"},
        {"username": "person", "password1": PASSWORD, "password2": PASSWORD},
        {"username": "a b", "password1": PASSWORD, "password2": PASSWORD},
    ],
)
def test_a_bad_account_is_not_made_and_the_invitation_stays(
    blue: Team, anonymous: Client, form: dict[str, str]
) -> None:
    before = User.objects.count()
    page = anonymous.post(invited(blue), form)

    assert page.status_code == 422
    assertContains(page, 'class="error"', status_code=422)
    assert User.objects.count() == before
    assert Invitation.objects.exists()


def test_a_viewer_sees_the_people_and_may_change_nothing(
    blue: Team, client: Client, stranger: User
) -> None:
    teams.set_role(blue, stranger, Role.VIEWER, by=BY)
    client.force_login(stranger)
    page = client.get("/teams/blue/people/")

    assertContains(page, "person")
    assertContains(page, "Leave the team")
    for control in ("<select", "Remove", "Invite", "Display links", "Audit log", "Settings"):
        assertNotContains(page, control)


def test_a_console_only_watches(
    blue: Team, client: Client, stranger: User, keep: Callable[..., Token], cloud: Sandbox
) -> None:
    keep(stranger, cloud.token, team=blue)
    teams.set_role(blue, stranger, Role.CONSOLE, by=BY)
    client.force_login(stranger)

    page = client.get("/images/")
    assertContains(page, 'data-image="')
    assertNotContains(page, 'href="/tokens/"')
    assert client.get("/tokens/").status_code == 403
    assertNotContains(client.get("/teams/blue/people/"), "Leave the team")


def test_a_team_is_renamed_and_its_address_stays(browser: Client, blue: Team) -> None:
    assertContains(browser.post("/teams/blue/settings/", {"name": "Azure"}, follow=True), "Azure")

    assertContains(browser.get("/teams/blue/"), "Azure")
    assert browser.post("/teams/blue/settings/", {"name": ""}).status_code == 422


def test_deleting_a_team_leaves_the_tokens_to_their_owners(
    browser: Client, blue: Team, person: User, keep: Callable[..., Token]
) -> None:
    token = keep(person, "0" * 64, team=blue)
    assert browser.get("/teams/blue/delete/").status_code == 404
    person.is_superuser = True
    person.save()

    assertContains(browser.get("/teams/blue/delete/"), "Delete the team “Blue”?")
    assertRedirects(browser.post("/teams/blue/delete/"), "/teams/")
    token.refresh_from_db()
    assert (token.owner, token.team) == (person, None)
