from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.test import RequestFactory
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from dashboard.people.models import User
from dashboard.tokens import access, vault
from dashboard.tokens.models import State, Token

pytestmark = [pytest.mark.backend, pytest.mark.django_db(databases="__all__")]

SECRET = "5f0c" * 16


def asking(person: User, **query: str) -> HttpRequest:
    request = RequestFactory().get("/images/", query)
    request.user = person
    return request


def chosen(person: User, **query: str) -> str:
    credential = access.access_of(asking(person, **query)).credential
    assert credential
    return credential.label


def test_a_request_reads_with_the_persons_token(
    person: User, keep: Callable[..., Token], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    token = keep(person, SECRET)
    with django_assert_num_queries(2):
        found = access.access_of(asking(person))

    assert found.credential == access.Credential(
        token.pk, "Main", token.sealed, SECRET, vault.cache_key(SECRET)
    )
    assert found.tokens == (token,)
    assert found.unusable is None
    assert SECRET not in repr(access)


def test_a_person_without_tokens_reads_with_none(person: User) -> None:
    assert access.access_of(asking(person)) == access.Access(None, (), "person", keeps=True)


def test_the_one_named_comes_before_the_default_and_that_before_the_oldest(
    person: User, keep: Callable[..., Token]
) -> None:
    keep(person, SECRET, "Oldest")
    preferred = keep(person, SECRET, "Preferred")
    named = keep(person, SECRET, "Named")

    assert chosen(person) == "Oldest"
    person.default_token = preferred
    assert chosen(person) == "Preferred"
    assert chosen(person, token=str(named.pk)) == "Named"


@pytest.mark.parametrize("invalid", ["", "x", "5f0c" * 16, "\0", "-1", "{}", "１" * 32 + "x"])
def test_what_is_no_id_is_left_to_the_form_of_the_query(
    person: User, keep: Callable[..., Token], invalid: str
) -> None:
    keep(person, SECRET)

    assert chosen(person, token=invalid) == "Main"


def test_someone_elses_is_like_one_that_never_was(
    person: User, stranger: User, keep: Callable[..., Token]
) -> None:
    keep(person, SECRET)
    theirs = keep(stranger, SECRET)

    for token_id in (theirs.pk, uuid.uuid4()):
        with pytest.raises(Http404) as caught:
            access.access_of(asking(person, token=str(token_id)))
        assert not caught.value.args


def test_someone_elses_as_the_default_is_passed_over(
    person: User, stranger: User, keep: Callable[..., Token]
) -> None:
    keep(person, SECRET)
    person.default_token = keep(stranger, SECRET, "Theirs")

    assert chosen(person) == "Main"


def broken(token: Token) -> None:
    Token.objects.filter(pk=token.pk).update(sealed="gone:AAAA")


# What can be known against a token, the least first.
NEVER: dict[str, object] = {"last_ok_at": None}
TROUBLES: dict[str, dict[str, object]] = {
    "silent": {"state": State.UNREACHABLE},
    "in arrears": {"state": State.UNVERIFIED},
    "never checked": {"state": State.UNVERIFIED, **NEVER},
    "never reached": {"state": State.UNREACHABLE, **NEVER},
    "forbidden": {"state": State.FORBIDDEN},
    "refused": {"state": State.REFUSED},
    "expired": {"expires_on": date(2020, 1, 1)},
    "disabled": {"disabled_at": timezone.now()},
    "not to be decrypted": {},
}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_the_default_is_one_that_works_whatever_fails_of_those_before_it(
    person: User, keep: Callable[..., Token], trouble: str
) -> None:
    first = keep(person, SECRET, "First", **TROUBLES[trouble])
    if trouble == "not to be decrypted":
        broken(first)
    found = access.access_of(asking(person))
    assert found.chosen == first.pk
    good = keep(person, SECRET, "Good")

    assert chosen(person) == "Good"
    found = access.access_of(asking(person, token=str(first.pk)))
    assert found.chosen == first.pk
    assert found.others == (good,)


@pytest.mark.parametrize("trouble", TROUBLES)
def test_the_default_that_a_person_chose_is_not_changed_for_them_and_others_are_offered(
    person: User, keep: Callable[..., Token], trouble: str
) -> None:
    good, first = keep(person, SECRET, "Good"), keep(person, SECRET, "First", **TROUBLES[trouble])
    keep(person, SECRET, "Dead", state=State.REFUSED)
    broken(keep(person, SECRET, "Broken"))
    if trouble == "not to be decrypted":
        broken(first)
    person.default_token = first
    found = access.access_of(asking(person))

    assert found.chosen == first.pk
    assert found.others == (good,)


def test_of_tokens_that_do_not_work_the_least_hopeless_is_the_default(
    person: User, keep: Callable[..., Token]
) -> None:
    keep(person, SECRET, "Off", disabled_at=timezone.now())
    keep(person, SECRET, "Refused", state=State.REFUSED)
    assert chosen(person) == "Refused"
    keep(person, SECRET, "New", state=State.UNVERIFIED, last_ok_at=None)
    assert chosen(person) == "New"
    keep(person, SECRET, "Silent", state=State.UNREACHABLE)
    assert chosen(person) == "Silent"


def test_nobody_reads_with_nothing() -> None:
    request = RequestFactory().get("/images/")
    request.user = AnonymousUser()

    with pytest.raises(PermissionDenied):
        access.access_of(request)
