"""Whoever can write to the caches' server or file takes entries away, and can do nothing else."""

from __future__ import annotations

import base64
import json
import os
import pickle
import random
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends import cached_db
from django.core.cache import cache, caches
from django.db import connections
from django.test import Client, override_settings
from django.utils import timezone

from dashboard import maintenance
from dashboard.caching.entries import SIGNATURE_BYTES, encode_entry
from dashboard.people.models import User
from dashboard.tokens import vault
from dashboard.web import limits
from images.sandbox import Sandbox
from images.sandbox.faults import Fault
from images.services import store
from images.services.store import LAYOUT
from tests.dashboards import ON_SERVERS
from tests.integration import cached
from tests.integration.conftest import PASSWORD, Clock, let_refreshes_finish
from tests.integration.images.pages import Page

pytestmark = pytest.mark.backend

LIST = "/images/"
LOGIN = "/accounts/login/"
SECRET = "a-token-of-someone-else"
EVERYTHING = 36
MUTATIONS = 1000
LATER = 4_000_000_000.0  # Unix seconds

Entries = dict[tuple[str, str], bytes]
"""What is stored, by cache and name."""
Mutation = Callable[[random.Random, str, bytes, list[bytes]], Any]


class Canary:
    """Makes a folder when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.makedirs, (str(self.path), 0o700, True)


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    return tmp_path / "unpickled"


def flipped(chance: random.Random, name: str, data: bytes, others: list[bytes]) -> bytes:
    position = chance.randrange(len(data))
    changed = data[position] ^ (1 << chance.randrange(8))
    return data[:position] + bytes([changed]) + data[position + 1 :]


def cut(chance: random.Random, name: str, data: bytes, others: list[bytes]) -> bytes:
    return data[: chance.randrange(len(data))]


def longer(chance: random.Random, name: str, data: bytes, others: list[bytes]) -> bytes:
    return data + chance.randbytes(chance.randrange(1, 40))


def of_another_name(chance: random.Random, name: str, data: bytes, others: list[bytes]) -> bytes:
    return chance.choice(others)


def of_another_key(chance: random.Random, name: str, data: bytes, others: list[bytes]) -> bytes:
    """The same under the SECRET_KEY of another installation."""
    ends_at, value = msgspec.msgpack.decode(data[SIGNATURE_BYTES:])
    with override_settings(SECRET_KEY=chance.randbytes(32).hex()):
        return encode_entry(cached.PREFIX + name, value, ends_at)


def lasting_longer(chance: random.Random, name: str, data: bytes, others: list[bytes]) -> bytes:
    _ends_at, value = msgspec.msgpack.decode(data[SIGNATURE_BYTES:])
    return data[:SIGNATURE_BYTES] + msgspec.msgpack.encode((LATER, value))


def unsigned(chance: random.Random, name: str, data: bytes, others: list[bytes]) -> bytes:
    return data[SIGNATURE_BYTES:]


def of_a_name_that_goes_on(
    chance: random.Random, name: str, data: bytes, others: list[bytes]
) -> bytes:
    ends_at, value = msgspec.msgpack.decode(data[SIGNATURE_BYTES:])
    return encode_entry(cached.PREFIX + name[:-1], value, ends_at)


def a_number(chance: random.Random, name: str, data: bytes, others: list[bytes]) -> int:
    return chance.choice((0, 1, -1, 10**9))


def text(chance: random.Random, name: str, data: bytes, others: list[bytes]) -> str:
    return base64.b64encode(data).decode()


def nothing(chance: random.Random, name: str, data: bytes, others: list[bytes]) -> bytes:
    return b""


ALL: list[Mutation] = [flipped, cut, longer, of_another_name, of_another_key, lasting_longer]
ALL += [unsigned, of_a_name_that_goes_on, a_number, text, nothing]


def pickles(canary: Path) -> list[Mutation]:
    """As Django's backends had them: in Redis bytes, in a table text."""

    def pickled(chance: random.Random, name: str, data: bytes, others: list[bytes]) -> bytes:
        return pickle.dumps(Canary(canary), chance.randrange(pickle.HIGHEST_PROTOCOL + 1))

    def as_text(chance: random.Random, name: str, data: bytes, others: list[bytes]) -> str:
        return base64.b64encode(pickled(chance, name, data, others)).decode()

    return [pickled, as_text]


def all_entries() -> Entries:
    return {
        (alias, name): cached.get_raw(name)
        for alias in cached.ALIASES
        for name in cached.names(aliases=(alias,))
    }


def lock_of(key: str) -> str:
    return f"images:{LAYOUT}:{key}:lock"


@pytest.fixture
def full(viewer: Client, cloud: Sandbox) -> Entries:
    """One entry or more of each kind that there is, of two accounts with lists of their own."""
    limits.forget()  # as a process that has just started
    viewer.get(LIST)
    viewer.get("/api/v1/images")
    Client().post(LOGIN, {"login": "person", "password": "a wrong one"})
    key = vault.cache_key(SECRET)
    mine = store.load_head(vault.cache_key(cloud.token))
    assert mine
    store.save_head(key, mine)
    for region in ("gz", "bj"):
        store.save_body(key, region, "some-version", b"a body of another account")
    cache.set(lock_of(key), "someone", 3600)
    maintenance.note_round()
    entries = all_entries()
    parts = ("head", "body:", "jobs:", "lock", "allauth:", "api-requests:", "last_r")
    for part in parts:
        assert [name for _alias, name in entries if part in name], part
    # A count of a minute would end while a slow machine still forges.
    in_an_hour = timezone.now().timestamp() + 3600
    return {key: ending(in_an_hour, key[1], data) for key, data in entries.items()}


def ending(at: float, name: str, data: bytes) -> bytes:
    """The entry as one of ours that ends then."""
    _ends_at, value = msgspec.msgpack.decode(data[SIGNATURE_BYTES:])
    return encode_entry(cached.PREFIX + name, value, at)


def test_a_thousand_forged_entries_are_all_misses(
    viewer: Client, full: Entries, cloud: Sandbox, canary: Path
) -> None:
    chance, mutations = random.Random(17), [*ALL, *pickles(canary)]
    before, done = Page(viewer.get(LIST)).uuids, 0
    assert len(before) == EVERYTHING
    while done < MUTATIONS:
        for number, ((alias, name), data) in enumerate(full.items()):
            others = [each for key, each in full.items() if key != (alias, name)]
            mutation = mutations[(done + number) % len(mutations)]
            cached.put_raw(name, mutation(chance, name, data, others), alias)
        for alias, name in full:
            assert caches[alias].get(name) is None, name
            assert caches[alias].get_many([name]) == {}
            assert not caches[alias].has_key(name)
            assert caches["default"].incr(name) is None
        done += len(full)
        store.forget()
        page = Page(viewer.get(LIST))
        assert (page.status, page.uuids) == (200, before)
        let_refreshes_finish()
        assert viewer.get("/api/v1/images").status_code == 200
        assert Client().get(LIST).status_code == 302
        put_back(full)
    assert not canary.exists()


def put_back(full: Entries) -> None:
    for (alias, name), data in full.items():
        cached.put_raw(name, data, alias)
    for alias, name in full:
        assert caches[alias].get(name) is not None, name


def test_a_forged_entry_is_written_over(full: Entries, cloud: Sandbox) -> None:
    for alias, name in full:
        cached.put_raw(name, b"forged", alias)

    assert store.take_lock(vault.cache_key(SECRET))
    assert cache.add("images:1:a-lock", "mine", 60)
    assert not cache.add("images:1:a-lock", "another's", 60)
    for alias, name in full:
        caches[alias].set(name, "new", 60)
        assert caches[alias].get(name) == "new"


def test_what_has_ended_does_not_come_back(full: Entries) -> None:
    """A lock or a count that was put back, and told to stay for ever."""
    for (alias, name), data in full.items():
        ended = ending(timezone.now().timestamp() - 6, name, data)
        cached.put_raw(name, ended, alias)

    assert all(cache.get(name) is None for alias, name in full if alias == "default")
    assert store.take_lock(vault.cache_key(SECRET))


@pytest.mark.parametrize("knows_the_newest", [True, False])
def test_an_older_list_that_was_put_back_is_not_taken_for_the_newest(
    viewer: Client, cloud: Sandbox, clock: Clock, knows_the_newest: bool
) -> None:
    viewer.get(LIST)
    old = heads()
    cloud.add_image("bj", name="new")
    clock.now += 10
    viewer.post("/images/refresh/")
    put_back(old)
    if not knows_the_newest:
        store.forget()

    file: Any = viewer.get(f"{LIST}export.json")
    assert json.loads(file.getvalue())["total"] == EVERYTHING + 1


def test_what_was_known_before_a_refusal_does_not_come_back_with_an_older_list(
    viewer: Client, cloud: Sandbox, clock: Clock
) -> None:
    viewer.get(LIST)
    old = heads()
    clock.now += 10
    cloud.misbehave(Fault("errno", errno=10000001))
    viewer.post("/images/refresh/")
    put_back(old)
    store.forget()

    assert 'data-region-state="fresh"' not in viewer.get(LIST).text


def heads() -> Entries:
    return {key: data for key, data in all_entries().items() if ":head" in key[1]}


def test_nobody_is_signed_in_by_what_lies_in_the_cache(anonymous: Client, person: User) -> None:
    """Not even by a session that was one of ours, and was signed out."""
    kept = cached_db.SessionStore()
    kept[SESSION_KEY] = str(person.pk)
    kept[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    kept[HASH_SESSION_KEY] = person.get_session_auth_hash()
    kept.save()
    anonymous.cookies[settings.SESSION_COOKIE_NAME] = str(kept.session_key)
    assert anonymous.get("/tokens/").status_code == 200, "it is a session"
    replayed = all_entries()
    assert [name for _alias, name in replayed if kept.session_key and kept.session_key in name]
    anonymous.post("/accounts/logout/")
    put_back(replayed)
    anonymous.cookies[settings.SESSION_COOKIE_NAME] = str(kept.session_key)

    assert anonymous.get("/tokens/").status_code == 302


def test_a_session_leaves_nothing_in_the_cache(client: Client, person: User) -> None:
    client.post(LOGIN, {"login": "person", "password": PASSWORD})
    assert client.get("/tokens/").status_code == 200

    key = client.cookies[settings.SESSION_COOKIE_NAME].value
    assert not [name for name in cached.names() if key in name]


@pytest.mark.skipif(not ON_SERVERS, reason="a table has rows of one kind")
def test_an_entry_of_redis_that_is_no_text_is_a_miss(viewer: Client, full: Entries) -> None:
    for alias, name in full:
        client = caches[alias]._cache.get_client(write=True)  # type: ignore[attr-defined]
        client.delete(cached.PREFIX + name)
        client.rpush(cached.PREFIX + name, "of another kind")
    store.forget()

    assert Page(viewer.get(LIST)).total == EVERYTHING
    assert all(caches[alias].get(name) is None for alias, name in full if ":lock" in name)


@pytest.mark.skipif(ON_SERVERS, reason="of the file")
def test_what_a_cache_file_says_of_itself_is_not_followed() -> None:
    with connections["cache"].cursor() as cursor:
        [(trusted,)] = cursor.execute("PRAGMA trusted_schema").fetchall()

    assert trusted == 0


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_counts_of_many_at_once_are_all_counted() -> None:
    cache.set("a-count", 0, 60)

    def count() -> None:
        for _ in range(10):
            cache.incr("a-count", 2)
        connections.close_all()

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert cache.get("a-count") == 80
    assert 50 < cached.seconds_left("a-count") <= 60
