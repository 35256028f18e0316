"""What the tests of pages share: people, tokens, a browser, and a process that just started."""

from __future__ import annotations

import socket
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from dashboard.api_keys import reads
from dashboard.people import sign_in_log
from dashboard.people.models import User
from dashboard.tokens import vault
from dashboard.tokens.models import State, Token
from images import services
from images.sandbox import Sandbox
from images.services import freshness, lease, refresh, single_flight, store
from images.services.gathered import Account
from images.services.snapshots import Head
from tests.integration import cached

HERE = Path(__file__).parent
PASSWORD = "a sentence nobody guesses"
PATIENCE = 10.0  # seconds
PATIENCE_OF_REDIS = ("socket_connect_timeout", "socket_timeout")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test of this folder has both databases; one that says more keeps its own mark."""
    for item in items:
        if HERE in item.path.parents and not item.get_closest_marker("django_db"):
            item.add_marker(pytest.mark.django_db(databases="__all__"))


@pytest.fixture(autouse=True)
def quick(settings: Settings) -> None:
    """Cheap passwords; static files under their own names, and not looked up for every browser."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    static = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": static}
    settings.STATIC_ROOT = None


@pytest.fixture(autouse=True)
def late(settings: Settings) -> None:
    """A one-time code may arrive in the half minute after its own: tests take their time."""
    settings.MFA_TOTP_TOLERANCE = 1


@pytest.fixture(autouse=True)
def a_process_that_just_started(db: None) -> Iterator[None]:
    """Nothing in the caches, in memory or under way, whatever ran before."""
    cached.clear()
    store.forget()
    sign_in_log.forget()
    reads.forget()
    yield
    let_refreshes_finish()
    lease.forget()


@pytest.fixture(autouse=True)
def a_cache_that_is_locked(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The transaction around most tests locks the cache for every other thread, so that none could
    renew a lease there, or publish what it read: none tries to."""
    mark = request.node.get_closest_marker("django_db")
    if not mark.kwargs.get("transaction"):
        monkeypatch.setattr(lease, "RENEWAL_INTERVAL_SECONDS", PATIENCE)
        monkeypatch.setattr(services, "_read_all", one_after_another)


def one_after_another(accounts: Sequence[Account]) -> list[Head]:
    """Read accounts as the service module does, but not side by side."""
    return [single_flight.refresh_or_wait(each, freshness.clock()) for each in accounts]


def let_refreshes_finish() -> None:
    """Until nothing is fetched or loaded in the background any more."""
    for thread in threading.enumerate():
        if thread.name in ("refresh", "load"):
            thread.join(PATIENCE)
            assert not thread.is_alive()


@pytest.fixture
def no_cache(settings: Settings) -> Iterator[None]:
    """The caches are a Redis that is gone: nobody listens on its port, and nobody else gets it."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        use_redis(settings, taken.getsockname()[1])
        yield


def use_redis(settings: Settings, port: int) -> None:
    """Both its databases."""
    backend, patience = "dashboard.caching.backends.Redis", dict.fromkeys(PATIENCE_OF_REDIS, 0.6)
    settings.CACHES = {
        alias: {"BACKEND": backend, "LOCATION": f"redis://127.0.0.1:{port}/{number}"}
        | {"OPTIONS": patience, "DATED": alias == "default"}
        for number, alias in enumerate(cached.ALIASES)
    }


class Clock:
    """Our seconds: they stand still until a test moves them."""

    now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(freshness, "clock", clock)
    return clock


@dataclass(frozen=True)
class Credential:
    """What the service module needs to know of a token."""

    secret: str
    cache_key: str


def read_again(secret: str, *, everything: bool = False) -> None:
    """What a refresh in the background does when it is due, done here and now."""
    credential = Credential(secret, vault.cache_key(secret))
    refresh.refresh(credential, everything=everything)


@pytest.fixture
def cloud(cloud: Sandbox, settings: Settings) -> Sandbox:
    """The cloud that the site asks."""
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
    return Client()


def of(user: User) -> Client:
    """The browser of a person who is signed in."""
    client = Client()
    client.force_login(user)
    return client


Keep = Callable[..., Token]


@pytest.fixture
def keep(db: None) -> Keep:
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
def viewer(browser: Client, person: User, cloud: Sandbox, keep: Keep) -> Client:
    """A person in front of the cloud, with a token that works."""
    keep(person, cloud.token)
    return browser
