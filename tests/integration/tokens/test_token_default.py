from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from pytest_django.asserts import assertContains, assertRedirects

from dashboard.people.models import User
from dashboard.tokens.models import Token

pytestmark = pytest.mark.django_db(databases="__all__")


def test_a_token_is_made_the_default(
    browser: Client, person: User, keep: Callable[..., Token]
) -> None:
    keep(person, "0" * 64, "Oldest")
    token = keep(person, "1" * 64)
    response = browser.post(f"/tokens/{token.pk}/default/")

    page = f"/tokens/{token.pk}/"
    assertRedirects(response, page, fetch_redirect_response=False)
    assertContains(browser.get(page), "is now your default token.")
    person.refresh_from_db()
    assert person.default_token == token


def test_a_link_changes_nothing(browser: Client, person: User, keep: Callable[..., Token]) -> None:
    token = keep(person, "1" * 64)

    assertRedirects(browser.get(f"/tokens/{token.pk}/default/"), f"/tokens/{token.pk}/")
    person.refresh_from_db()
    assert person.default_token is None


def test_someone_elses_is_like_one_that_never_was(
    person: User, is_no_more_than_nothing: Callable[[str], Token]
) -> None:
    is_no_more_than_nothing("token_default")

    person.refresh_from_db()
    assert person.default_token is None
