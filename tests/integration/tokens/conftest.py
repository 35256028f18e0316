"""What the tests of tokens share beyond those of every page."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from dashboard.people.models import User
from dashboard.tokens.models import Token
from tests.integration.masking import masked


@pytest.fixture
def is_no_more_than_nothing(
    browser: Client, stranger: User, keep: Callable[..., Token]
) -> Callable[[str], Token]:
    """Asserts that a page about a stranger's token is the page about a token that never was."""

    def check(name: str) -> Token:
        theirs = keep(stranger, "0" * 64, "Theirs")
        for ask in (browser.get, browser.post):
            bodies = []
            for token_id in (theirs.pk, uuid.uuid4()):
                response = ask(reverse(name, args=[token_id]), {"secret": "1" * 64})
                assert response.status_code == 404
                bodies.append(masked(response).replace(str(token_id), ""))
            assert bodies[0] == bodies[1]
        theirs.refresh_from_db()
        return theirs

    return check
