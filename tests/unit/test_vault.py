from __future__ import annotations

import base64
import secrets
import uuid

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from dashboard.tokens import vault

SECRET = "5f0c" * 16
ROW = uuid.UUID(int=1)


def key(kid: str) -> str:
    return f"{kid}:{base64.b64encode(secrets.token_bytes(32)).decode()}"


def test_what_is_sealed_is_unsealed_for_its_row() -> None:
    sealed = vault.seal(SECRET, ROW)

    assert vault.unseal(sealed, ROW) == SECRET
    assert SECRET not in sealed


def test_sealing_twice_gives_two_different_texts() -> None:
    assert vault.seal(SECRET, ROW) != vault.seal(SECRET, ROW)


def test_it_does_not_open_in_another_row() -> None:
    sealed = vault.seal(SECRET, ROW)

    assert not vault.is_readable(sealed, uuid.UUID(int=2))
    with pytest.raises(vault.Unreadable, match="something else"):
        vault.unseal(sealed, uuid.UUID(int=2))


def test_it_does_not_open_after_any_change() -> None:
    kid, _, text = vault.seal(SECRET, ROW).partition(":")
    data = base64.urlsafe_b64decode(text)
    for place in range(len(data)):
        changed = bytes(byte ^ (index == place) for index, byte in enumerate(data))
        with pytest.raises(vault.Unreadable):
            vault.unseal(f"{kid}:{base64.urlsafe_b64encode(changed).decode()}", ROW)


@given(st.text(max_size=60))
def test_nothing_else_opens(text: str) -> None:
    kid = vault.seal(SECRET, ROW).partition(":")[0]
    for sealed in (text, f"{kid}:{text}"):
        with pytest.raises(vault.Unreadable):
            vault.unseal(sealed, ROW)


def test_what_was_sealed_for_another_purpose_does_not_open(settings: Settings) -> None:
    settings.TOKEN_KEYS = key("k1")
    cipher = AESGCM(base64.b64decode(settings.TOKEN_KEYS.partition(":")[2]))
    nonce = secrets.token_bytes(12)
    data = nonce + cipher.encrypt(nonce, SECRET.encode(), f"backup:{ROW}".encode())

    with pytest.raises(vault.Unreadable):
        vault.unseal(f"k1:{base64.urlsafe_b64encode(data).decode()}", ROW)


def test_the_first_key_seals_and_all_of_them_open(settings: Settings) -> None:
    old, new = key("old"), key("new")
    settings.TOKEN_KEYS = old
    sealed = vault.seal(SECRET, ROW)

    settings.TOKEN_KEYS = f"{new}, {old}"
    assert vault.unseal(sealed, ROW) == SECRET
    assert not vault.is_current(sealed)
    assert vault.is_current(vault.seal(SECRET, ROW))

    settings.TOKEN_KEYS = new
    with pytest.raises(vault.Unreadable, match="TOKEN_KEYS"):
        vault.unseal(sealed, ROW)


def test_another_key_under_the_same_kid_does_not_open_it(settings: Settings) -> None:
    settings.TOKEN_KEYS = key("k1")
    sealed = vault.seal(SECRET, ROW)
    settings.TOKEN_KEYS = key("k1")

    with pytest.raises(vault.Unreadable):
        vault.unseal(sealed, ROW)


# Always the same, and so the tests' names.
MATERIAL = base64.b64encode(bytes(range(32))).decode()
GOOD = f"k1:{MATERIAL}"
SHORT = base64.b64encode(bytes(range(16))).decode()


@pytest.mark.parametrize(
    ("setting", "why"),
    [
        ("", "entry 1 is not of the form"),
        (MATERIAL, "entry 1 is not of the form"),
        (f":{MATERIAL}", "entry 1 is not of the form"),
        (f"a b:{MATERIAL}", "entry 1 is not of the form"),
        (f"{GOOD},", "entry 2 is not of the form"),
        (f"{GOOD},{GOOD}", "entry 2 repeats"),
        (f"{GOOD},k2:{MATERIAL[:-4]}!!!!", "entry 2 is not base64"),
        (f"{GOOD},k2:钥匙", "entry 2 is not base64"),
        (f"{GOOD},k2:{SHORT}", "entry 2 has 16 bytes, not 32"),
        ("k1:", "entry 1 has 0 bytes"),
    ],
)
def test_keys_that_cannot_be_used_stop_the_start_without_being_quoted(
    settings: Settings, setting: str, why: str
) -> None:
    settings.TOKEN_KEYS = setting
    with pytest.raises(ImproperlyConfigured, match=why) as caught:
        apps.get_app_config("tokens").ready()

    assert MATERIAL[:12] not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_cache_key_stands_for_one_secret_and_does_not_lead_back(
    settings: Settings,
) -> None:
    name = vault.cache_key(SECRET)

    assert name == vault.cache_key(SECRET)
    assert name != vault.cache_key(SECRET[::-1])
    assert len(bytes.fromhex(name)) == 32
    settings.SECRET_KEY = "another"
    assert name != vault.cache_key(SECRET)
