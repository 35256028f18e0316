"""/api/v1/tokens: filters, pages and cursors."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dashboard.audit.trail import Actor
from dashboard.people import teams
from dashboard.people.models import Role, User
from dashboard.tokens.models import Token
from tests.integration.api.conftest import Script
from tests.integration.conftest import Keep

pytestmark = pytest.mark.backend

BY = Actor("test")
MakeScript = Callable[..., Script]


@pytest.fixture
def script(script_of: MakeScript, person: User, stranger: User, keep: Keep) -> Script:
    """In front of 30 tokens of one's own and 30 of a colleague's, of which two are refused."""
    blue = teams.create("Blue", by=BY)
    teams.set_role(blue, person, Role.VIEWER, by=BY)
    for number in range(30):
        keep(person, f"{number:064d}", f"Mine {number}")
        state = "refused" if number < 2 else "valid"
        keep(stranger, f"{number:064d}", f"Ours {number}", team=blue, state=state)
    return script_of(person)


def labels(script: Script, path: str) -> list[str]:
    return [token["label"] for token in script.follow(path)]


def test_next_leads_to_each_of_them_once_by_cursor_and_by_page(script: Script) -> None:
    everything = [f"Mine {number}" for number in range(30)]
    everything += [f"Ours {number}" for number in range(30)]

    for path in ("tokens", "tokens?size=25", "tokens?size=25&page=1"):
        assert labels(script, path) == everything
    first = script.get("tokens?size=25")
    assert (first.json()["total"], first.json()["pages"], first.json()["page"]) == (60, 3, 1)
    assert first.headers["Link"] == f'<{first.json()["next"]}>; rel="next"'


def test_what_goes_meanwhile_shifts_nothing(script: Script) -> None:
    found = [
        token["label"]
        for token in script.follow(
            "tokens?size=25", lambda: Token.objects.filter(label="Mine 3").delete()
        )
    ]

    assert len(found) == len(set(found)) == 60


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("state=refused", ["Ours 0", "Ours 1"]),
        ("state=refused&state=valid&q=29", ["Mine 29", "Ours 29"]),
        ("team=blue&q=ours+7", ["Ours 7", "Ours 17", "Ours 27"]),
        ("owner=PERSON&q=mine+29", ["Mine 29"]),
        ("owner=stranger&owner=person&q=29", ["Mine 29", "Ours 29"]),
        ("team=red", []),
    ],
)
def test_filters_narrow_it(script: Script, query: str, found: list[str]) -> None:
    # A four-digit end is part of what words find.
    assert [each for each in labels(script, f"tokens?{query}") if each in found] == found
    document = script.get(f"tokens?{query}&size=25").json()
    assert document["total"] == len(labels(script, f"tokens?{query}"))


def test_each_names_its_owner(script: Script) -> None:
    [token] = script.get("tokens?q=ours+0&state=refused").json()["tokens"][:1]

    assert (token["owner"], token["team"]["slug"]) == ("stranger", "blue")


@pytest.mark.parametrize(
    "query",
    ["state=odd", "size=7", "page=0", "team=a%20b", "cursor=7", "label=x", "q=", "page=1&page=2"],
)
def test_what_it_does_not_know_is_refused(script: Script, query: str) -> None:
    answer = script.get(f"tokens?{query}")

    assert (answer.status, answer.kind) == (422, "bad-parameters")
    assert answer.json()["parameters"][0]["parameter"] == query.partition("=")[0]


def test_a_cursor_whose_token_is_gone_says_so(script: Script) -> None:
    cursor = script.get("tokens?size=25").json()["next_cursor"]
    Token.objects.filter(pk=cursor).delete()

    answer = script.get(f"tokens?size=25&cursor={cursor}")

    assert (answer.status, answer.kind) == (409, "cursor-gone")
