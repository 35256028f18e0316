from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from pytest_django.asserts import assertContains, assertRedirects

from dashboard.people.models import User
from dashboard.tokens.models import State, Token
from images.sandbox import Fault, Sandbox

pytestmark = [pytest.mark.backend, pytest.mark.django_db(databases="__all__")]


def checked(browser: Client, token: Token) -> str:
    """The page that is seen after checking."""
    response = browser.post(f"/tokens/{token.pk}/check/")
    page = f"/tokens/{token.pk}/"
    assertRedirects(response, page, fetch_redirect_response=False)
    token.refresh_from_db()
    return browser.get(page).content.decode()


def test_a_check_says_that_the_token_works_now(
    browser: Client, cloud: Sandbox, person: User, keep: Callable[..., Token]
) -> None:
    token = keep(person, cloud.token, state=State.UNVERIFIED, reason="Away.", last_ok_at=None)

    assert "“Main ····" in checked(browser, token)
    assert (token.state, token.reason) == (State.VALID, "")
    assert token.last_ok_at


def test_one_that_is_refused_by_now(
    browser: Client, cloud: Sandbox, person: User, keep: Callable[..., Token]
) -> None:
    token = keep(person, "f" * 64)
    worked = token.last_ok_at

    assert "does not work." in checked(browser, token)
    assert token.state == State.REFUSED
    assert token.last_ok_at == worked
    assert token.last_failed_at
    assert token.request_id


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (State.VALID, State.UNREACHABLE),
        (State.UNVERIFIED, State.UNREACHABLE),
        (State.REFUSED, State.REFUSED),
        (State.FORBIDDEN, State.FORBIDDEN),
    ],
)
def test_a_cloud_that_is_away_takes_nothing_back(
    browser: Client,
    cloud: Sandbox,
    person: User,
    keep: Callable[..., Token],
    before: State,
    after: State,
) -> None:
    token = keep(person, cloud.token, state=before)
    cloud.misbehave(Fault("html"))

    assert "could not be checked." in checked(browser, token)
    assert token.state == after


def test_one_that_cannot_be_decrypted(
    browser: Client, cloud: Sandbox, person: User, keep: Callable[..., Token]
) -> None:
    token = keep(person, cloud.token)
    Token.objects.update(sealed="gone:AAAA")

    assert "cannot be decrypted. Replace it." in checked(browser, token)
    assert not cloud.calls


def test_a_link_asks_nothing(
    browser: Client, cloud: Sandbox, person: User, keep: Callable[..., Token]
) -> None:
    token = keep(person, cloud.token)

    assertRedirects(browser.get(f"/tokens/{token.pk}/check/"), f"/tokens/{token.pk}/")
    assertContains(browser.get(f"/tokens/{token.pk}/"), "Check now")
    assert not cloud.calls


def test_someone_elses_is_like_one_that_never_was(
    cloud: Sandbox, is_no_more_than_nothing: Callable[[str], Token]
) -> None:
    is_no_more_than_nothing("token_check")

    assert not cloud.calls


def test_why_a_token_was_refused_is_told_in_the_language_of_whoever_reads_it(
    browser: Client, person: User, cloud: Sandbox, keep: Callable[..., Token]
) -> None:
    token = keep(person, "0" * 64)
    chinese = {"Accept-Language": "zh-hans"}
    checked = browser.post(f"/tokens/{token.pk}/check/", headers=chinese, follow=True)
    assert "云平台不接受" in checked.content.decode()

    said = browser.get("/tokens/", headers={"Accept-Language": "en"}).content.decode()
    assert "The cloud does not accept this token" in said
    assert "云平台不接受" not in said
