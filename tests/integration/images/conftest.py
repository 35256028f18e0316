"""What the tests of the inventory's pages share: a large cloud, and no pauses."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client
from pytest_django import Settings

from dashboard.people.models import User
from images.sandbox import Sandbox
from tests.integration.conftest import Keep


@pytest.fixture(scope="session")
def large_cloud() -> Iterator[Sandbox]:
    """250 images a region. Nobody changes it."""
    with Sandbox(images=250, seed=1, clock=lambda: 1_700_000_000.0) as sandbox:
        yield sandbox


@pytest.fixture
def large(
    large_cloud: Sandbox, settings: Settings, browser: Client, person: User, keep: Keep
) -> Client:
    """A person in front of the large cloud."""
    settings.DIDIYUN_API_URL = large_cloud.url
    keep(person, large_cloud.token)
    return browser


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pauses between attempts are counted elsewhere, with the client."""
    monkeypatch.setattr("images.cloud.client.FIRST_PAUSE_SECONDS", 0.0)
