"""What is noted about a token while it is used: lifecycle.record_outcome and stamp."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from dashboard.people.models import User
from dashboard.stamps import stamp
from dashboard.tokens import lifecycle
from dashboard.tokens.models import State, Token
from images.services.verification import Verdict

pytestmark = [pytest.mark.backend, pytest.mark.django_db(databases="__all__")]

SECRET = "5f0c" * 16
GOOD = Verdict("valid", "", "")
BAD = Verdict("refused", "The cloud does not accept this token.", "r1")


def ago(**time: int) -> datetime:
    return timezone.now() - timedelta(**time)


def test_a_refusal_is_noted_with_one_query(
    person: User, keep: Callable[..., Token], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    token = keep(person, SECRET)
    with django_assert_num_queries(1):
        lifecycle.record_outcome(token.pk, token.sealed, BAD)

    token.refresh_from_db()
    assert (token.state, token.reason, token.request_id) == (State.REFUSED, BAD.reason, "r1")
    assert token.last_failed_at


def test_nothing_said_is_nothing_noted(
    person: User, keep: Callable[..., Token], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    token = keep(person, SECRET)
    with django_assert_num_queries(0):
        lifecycle.note_verdict(token, None)


def test_good_news_clears_what_was_wrong(person: User, keep: Callable[..., Token]) -> None:
    token = keep(person, SECRET, state=State.REFUSED, reason="Gone.", request_id="r1")
    lifecycle.record_outcome(token.pk, token.sealed, GOOD)

    token.refresh_from_db()
    assert (token.state, token.reason, token.request_id) == (State.VALID, "", "")


@pytest.mark.parametrize(("age", "written"), [(50, False), (70, True)])
def test_the_same_news_is_written_once_a_minute(
    person: User, keep: Callable[..., Token], age: int, written: bool
) -> None:
    before = ago(seconds=age)
    token = keep(person, SECRET, last_ok_at=before)
    lifecycle.record_outcome(token.pk, token.sealed, GOOD)

    token.refresh_from_db()
    assert (token.last_ok_at != before) is written


def test_other_news_is_written_at_once(person: User, keep: Callable[..., Token]) -> None:
    token = keep(person, SECRET, state=State.REFUSED, reason="Gone.", last_failed_at=ago(seconds=1))
    lifecycle.record_outcome(token.pk, token.sealed, BAD)

    token.refresh_from_db()
    assert token.reason == BAD.reason


def test_news_of_a_secret_that_was_replaced_is_dropped(
    person: User, keep: Callable[..., Token]
) -> None:
    token = keep(person, SECRET)
    old = token.sealed
    # It ends as the old one did.
    lifecycle.set_secret(token, f"{'ab' * 30}{SECRET[-4:]}", GOOD)
    token.save()
    lifecycle.record_outcome(token.pk, old, BAD)

    token.refresh_from_db()
    assert token.state == State.VALID


def test_a_long_reason_is_cut(person: User, keep: Callable[..., Token]) -> None:
    token = keep(person, SECRET)
    lifecycle.record_outcome(token.pk, token.sealed, Verdict("refused", "x" * 5000, "y" * 5000))

    token.refresh_from_db()
    assert (len(token.reason), len(token.request_id)) == (500, 100)


@pytest.mark.parametrize(
    ("before", "written"),
    [(None, True), (timedelta(seconds=50), False), (timedelta(seconds=70), True)],
)
def test_a_use_is_noted_once_a_minute(
    person: User,
    keep: Callable[..., Token],
    before: timedelta | None,
    written: bool,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    used = before and timezone.now() - before
    token = keep(person, SECRET, last_used_at=used)
    with django_assert_num_queries(int(written)):
        stamp(token, "last_used_at", last_used_by="ann")

    token.refresh_from_db()
    assert (token.last_used_at != used) is written
