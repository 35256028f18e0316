from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.test import RequestFactory
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from dashboard.people.models import Team, User
from dashboard.tokens import access, vault
from dashboard.tokens.models import State, Token

pytestmark = [pytest.mark.backend, pytest.mark.django_db(databases="__all__")]

SECRET = "5f0c" * 16


def asking(person: User) -> HttpRequest:
    request = RequestFactory().get("/images/")
    request.user = person
    return request


def read_with(found: access.Access) -> list[str]:
    return [each.label for each in found.credentials]


def test_a_request_reads_with_the_persons_token(
    person: User, keep: Callable[..., Token], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    token = keep(person, SECRET)
    with django_assert_num_queries(2):
        found = access.access_of(asking(person))
        assert (str(found.tokens[0].owner), found.tokens[0].team) == ("person", None)

    key = vault.cache_key(SECRET)
    expected = access.Credential(
        *(token.pk, "Main", token.sealed, SECRET, key), "Main", ("Main", "person")
    )
    assert found == access.Access(
        (token,), (expected,), (), "person", frozenset({token.pk}), keeps=True
    )
    assert SECRET not in repr(found)


def test_a_person_without_tokens_reads_with_none(person: User) -> None:
    assert access.access_of(asking(person)) == access.Access((), reader="person", keeps=True)


def test_a_request_reads_with_all_that_the_person_may_read(
    person: User, stranger: User, keep: Callable[..., Token]
) -> None:
    """Their own first, then their teams'; each called by its team, if it has one."""
    theirs, others = Team.objects.create(name="Web", slug="web"), Team.objects.create(slug="x")
    theirs.memberships.create(user=person, role="viewer")
    keep(stranger, SECRET, "Shared", team=theirs)
    keep(stranger, SECRET, "Private")
    keep(stranger, SECRET, "Elsewhere", team=others)
    keep(person, SECRET, "Mine")
    found = access.access_of(asking(person))

    assert [each.title for each in found.credentials] == ["Mine", "Shared · Web"]
    assert found.credentials[1].names == ("Shared", "Web", "stranger")
    assert found.manages == {found.credentials[0].token_id}


def broken(token: Token) -> None:
    Token.objects.filter(pk=token.pk).update(sealed="gone:AAAA")


@pytest.mark.parametrize("state", [State.UNREACHABLE, State.UNVERIFIED, State.REFUSED])
def test_what_the_cloud_said_of_a_token_keeps_nobody_from_reading_with_it(
    person: User, keep: Callable[..., Token], state: str
) -> None:
    keep(person, SECRET, "First", state=state, last_ok_at=None)
    keep(person, SECRET, "Good")
    assert read_with(access.access_of(asking(person))) == ["First", "Good"]


@pytest.mark.parametrize(
    ("why", "fields"),
    [
        (access.EXPIRED, {"expires_on": date(2020, 1, 1)}),
        (access.DISABLED, {"disabled_at": timezone.now()}),
        (access.UNREADABLE, {}),
    ],
)
def test_what_cannot_be_read_with_leaves_the_others_whole_and_is_named(
    person: User, keep: Callable[..., Token], why: str, fields: dict[str, object]
) -> None:
    first, _good = keep(person, SECRET, "First", **fields), keep(person, SECRET, "Good")
    if why == access.UNREADABLE:
        broken(first)
    found = access.access_of(asking(person))

    assert read_with(found) == ["Good"]
    assert found.unusable == ((first, why),)


def test_nobody_reads_with_nothing() -> None:
    request = RequestFactory().get("/images/")
    request.user = AnonymousUser()

    with pytest.raises(PermissionDenied):
        access.access_of(request)
