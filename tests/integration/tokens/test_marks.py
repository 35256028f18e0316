"""What fails is told where its admin looks: once a cause, and as a mark in the navigation."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from dashboard.audit.trail import Actor
from dashboard.people import teams
from dashboard.people.models import User
from dashboard.tokens.models import State, Token
from tests.integration.images.pages import Page

pytestmark = [pytest.mark.backend, pytest.mark.django_db(databases="__all__")]

BY = Actor("test")


def marks(page: Page) -> dict[str, str]:
    """Place -> what its mark says."""
    places = page.one("nav", _class="places").all("a")
    return {
        str(place.parts[0]).strip(): place.one(_class="mark").text
        for place in places
        if place.all(_class="mark")
    }


@pytest.fixture
def team(person: User, keep: Callable[..., Token]) -> Token:
    """A token of somebody else's, refused, in a team."""
    owner = User.objects.create_user("owner")
    blue = teams.create("Blue", by=BY)
    teams.set_role(blue, owner, "viewer", by=BY)
    return keep(owner, "7" * 64, "Shared", team=blue, state=State.REFUSED)


def test_a_token_that_fails_is_marked_for_who_may_do_something_about_it(
    client: Client, person: User, keep: Callable[..., Token], team: Token
) -> None:
    client.force_login(person)
    token = keep(person, "5" * 64, "Mine")
    assert team.team
    teams.set_role(team.team, person, "viewer", by=BY)
    assert marks(Page(client.get("/tokens/"))) == {}

    Token.objects.filter(pk=token.pk).update(state=State.FORBIDDEN)
    assert marks(Page(client.get("/teams/"))) == {"Tokens": "1 token needs attention"}

    teams.set_role(team.team, person, "admin", by=BY)
    page = Page(client.get("/teams/"))
    told = {"Tokens": "1 token needs attention", "Teams": "1 token needs attention"}
    assert marks(page) == told
    assert "1 token needs attention" in page.one("main").text


def test_a_mark_costs_the_list_no_query(viewer: Client) -> None:
    viewer.get("/images/")
    with CaptureQueriesContext(connection) as queries:
        viewer.get("/images/")
    asked = [each["sql"] for each in queries if "tokens_token" in each["sql"]]
    assert len(asked) == 1
