"""What people share of what was fetched: all of it with the same token, nothing with another."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from django.test import Client

from dashboard.audit.trail import Actor
from dashboard.people import teams
from dashboard.people.models import Role, User
from dashboard.tokens.models import Token
from images.sandbox import Sandbox

pytestmark = pytest.mark.backend

BY = Actor("test")


@pytest.fixture
def two(person: User, stranger: User, keep: Callable[..., Token]) -> Callable[..., list[Client]]:
    """Two people in teams of their own, each with a token of the team."""

    def make(secret: str, other: str) -> list[Client]:
        clients = []
        for user, name, each in ((person, "Blue", secret), (stranger, "Red", other)):
            team = teams.create(name, by=BY)
            teams.set_role(team, user, Role.VIEWER, by=BY)
            keep(user, each, name, team=team)
            client = Client()
            client.force_login(user)
            clients.append(client)
        return clients

    return make


def seen(client: Client) -> set[str]:
    response = client.get("/images/export.json")
    document = json.loads(b"".join(response.streaming_content))  # type: ignore[attr-defined]
    return {image["cimgUuid"] for image in document["images"]}


def test_two_with_the_same_token_cost_one_fetch(
    cloud: Sandbox, two: Callable[..., list[Client]]
) -> None:
    first, second = two(cloud.token, cloud.token)
    found = seen(first)
    calls = len(cloud.calls)

    assert found
    assert seen(second) == found
    for path in ("/images/", "/images/?q=web", "/images/export.csv"):
        second.get(path)
    assert len(cloud.calls) == calls


def test_two_with_different_tokens_share_nothing(
    cloud: Sandbox, two: Callable[..., list[Client]]
) -> None:
    """Not an image, not a page, not a key in the cache."""
    first, second = two(cloud.token, cloud.other_token)
    mine, theirs = seen(first), seen(second)
    assert mine
    assert theirs
    assert not mine & theirs

    pages = [client.get("/images/").content.decode() for client in (first, second)]
    for page, ids in zip(pages, (theirs, mine), strict=True):
        assert not [uuid for uuid in ids if uuid in page]
    assert "Red" not in pages[0]
    assert "Blue" not in pages[1]


def test_taking_the_token_away_takes_its_images_away_at_once(
    cloud: Sandbox, two: Callable[..., list[Client]], stranger: User
) -> None:
    first, second = two(cloud.token, cloud.other_token)
    assert seen(second)
    teams.remove_member(stranger.memberships.get().team, stranger, by=BY)
    Token.objects.filter(owner=stranger).delete()

    assert second.get("/images/export.json").status_code == 403
    assert seen(first)
