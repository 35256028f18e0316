from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from pytest_django.asserts import assertContains, assertRedirects

from dashboard.people.models import User
from dashboard.tokens.models import Token

pytestmark = [pytest.mark.backend, pytest.mark.django_db(databases="__all__")]


def test_a_token_is_deleted_after_a_question(
    browser: Client, person: User, keep: Callable[..., Token]
) -> None:
    token, other = keep(person, "0" * 64), keep(person, "1" * 64, "Other")
    assertContains(browser.get(f"/tokens/{token.pk}/delete/"), "Delete “Main”?")
    assert Token.objects.count() == 2

    response = browser.post(f"/tokens/{token.pk}/delete/")
    assertRedirects(response, "/tokens/", fetch_redirect_response=False)
    assertContains(browser.get("/tokens/"), "was deleted.")
    assert list(Token.objects.all()) == [other]


def test_twice_is_not_found(browser: Client, person: User, keep: Callable[..., Token]) -> None:
    token = keep(person, "0" * 64)
    browser.post(f"/tokens/{token.pk}/delete/")

    assert browser.post(f"/tokens/{token.pk}/delete/").status_code == 404


def test_someone_elses_is_like_one_that_never_was(
    is_no_more_than_nothing: Callable[[str], Token],
) -> None:
    theirs = is_no_more_than_nothing("token_delete")

    assert Token.objects.get() == theirs
