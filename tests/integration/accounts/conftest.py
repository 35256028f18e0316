from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from dashboard.accounts import vault
from dashboard.accounts.models import State, Token, User
from images.sandbox import Sandbox

PASSWORD = "a sentence nobody guesses"

# What differs between two answers to one question: the id asked about, and the form's own token.
CHANGING = r'%s|name="csrfmiddlewaretoken" value="\w+"'


@pytest.fixture
def cloud(cloud: Sandbox, settings: Settings) -> Sandbox:
    settings.DIDIYUN_API_URL = cloud.url
    return cloud


@pytest.fixture
def person(db: None) -> User:
    return User.objects.create_user("person", password=PASSWORD)


@pytest.fixture
def stranger(db: None) -> User:
    return User.objects.create_user("stranger", password=PASSWORD)


@pytest.fixture
def browser(client: Client, person: User) -> Client:
    client.force_login(person)
    return client


@pytest.fixture
def anonymous() -> Client:
    # Throttling counts in the cache, which a database rollback does not always reach.
    cache.clear()
    return Client()


@pytest.fixture
def keep() -> Callable[..., Token]:
    """Stores a token without asking the cloud."""

    def keep(owner: User, secret: str, label: str = "Main", **fields: Any) -> Token:
        row_id = uuid.uuid4()
        fields = {"state": State.VALID, "last_ok_at": timezone.now(), **fields}
        return Token.objects.create(
            id=row_id,
            owner=owner,
            label=label,
            sealed=vault.seal(secret, row_id),
            last_four=secret[-4:],
            changed_at=timezone.now(),
            **fields,
        )

    return keep


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
                bodies.append(re.sub(CHANGING % str(token_id), "", response.content.decode()))
            assert bodies[0] == bodies[1]
        theirs.refresh_from_db()
        return theirs

    return check
