from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from dashboard.accounts import vault
from dashboard.accounts.models import State, Token, User
from images.sandbox import Sandbox, Weather

pytestmark = pytest.mark.django_db(databases="__all__")

OLD = "0" * 64


def url(token: Token) -> str:
    return f"/tokens/{token.pk}/replace/"


def secret_of(token: Token) -> str:
    token.refresh_from_db()
    return vault.unseal(token.sealed, token.pk)


def test_it_works(
    browser: Client, cloud: Sandbox, person: User, keep: Callable[..., Token]
) -> None:
    token = keep(person, OLD, state=State.REFUSED, reason="It was deleted.", last_ok_at=None)
    assertContains(browser.get(url(token)), "Replace “Main”")

    assertRedirects(
        browser.post(url(token), {"secret": cloud.token}), "/tokens/", fetch_redirect_response=False
    )
    assertContains(browser.get("/tokens/"), "is replaced, and it works.")
    assert secret_of(token) == cloud.token
    assert (token.state, token.reason, token.last_four) == (State.VALID, "", cloud.token[-4:])
    assert token.last_ok_at


@pytest.mark.parametrize("state", State.values)
def test_a_refused_token_replaces_nothing(
    browser: Client, cloud: Sandbox, person: User, keep: Callable[..., Token], state: str
) -> None:
    token = keep(person, OLD, state=state)
    page = browser.post(url(token), {"secret": "f" * 64})

    assertContains(page, "the token you have stays", status_code=422)
    assertContains(page, "requestId", status_code=422)
    assertNotContains(page, "f" * 64, status_code=422)
    assert secret_of(token) == OLD
    assert token.state == state


@pytest.mark.parametrize("state", [State.VALID, State.UNREACHABLE, State.UNVERIFIED])
@pytest.mark.parametrize("trouble", ["away", "forbidden", "arrears"])
def test_a_token_that_worked_gives_way_only_to_one_that_works(
    browser: Client,
    cloud: Sandbox,
    person: User,
    keep: Callable[..., Token],
    state: State,
    trouble: str,
) -> None:
    token = keep(person, OLD, state=state, last_ok_at=timezone.now())
    if trouble == "away":
        cloud.misbehave(Weather("html"))
    secrets = {"forbidden": cloud.forbidden_token, "arrears": cloud.arrears_token}
    page = browser.post(url(token), {"secret": secrets.get(trouble, cloud.token)})

    assertContains(page, "the token you have stays", status_code=422)
    assert secret_of(token) == OLD


@pytest.mark.parametrize("state", [State.REFUSED, State.FORBIDDEN, State.UNVERIFIED])
def test_a_token_that_does_not_work_gives_way_to_an_unchecked_one(
    browser: Client, cloud: Sandbox, person: User, keep: Callable[..., Token], state: State
) -> None:
    token = keep(person, OLD, state=state, last_ok_at=None)
    cloud.misbehave(Weather("html"))
    browser.post(url(token), {"secret": cloud.token})

    assertContains(browser.get("/tokens/"), "replaced without having been checked")
    assert secret_of(token) == cloud.token
    assert (token.state, token.last_ok_at) == (State.UNVERIFIED, None)


@pytest.mark.parametrize("away", [False, True])
def test_one_that_cannot_be_decrypted_is_not_held_on_to(
    browser: Client, cloud: Sandbox, person: User, keep: Callable[..., Token], away: bool
) -> None:
    token = keep(person, OLD)
    Token.objects.update(sealed="gone:AAAA")
    if away:
        cloud.misbehave(Weather("html"))
    browser.post(url(token), {"secret": cloud.token})

    assert secret_of(token) == cloud.token


def test_nonsense_is_not_asked_about(
    browser: Client, cloud: Sandbox, person: User, keep: Callable[..., Token]
) -> None:
    token = keep(person, OLD)

    for secret in ("", "a b", "x" * 513):
        assert browser.post(url(token), {"secret": secret}).status_code == 422
    assert not cloud.calls
    assert secret_of(token) == OLD


def test_someone_elses_is_like_one_that_never_was(
    cloud: Sandbox, is_no_more_than_nothing: Callable[[str], Token]
) -> None:
    theirs = is_no_more_than_nothing("token_replace")

    assert secret_of(theirs) == OLD
    assert not cloud.calls
