"""Encryption of API tokens and of second factors' secrets. Nothing else sees key material.

A sealed secret is "kid:base64url(nonce + ciphertext)" under AES-256-GCM. It opens only with the key
named `kid` and for what it was sealed for, an API token for its very row: a ciphertext that was
moved to another place, or altered, does not open.

The keys come from the setting TOKEN_KEYS, "kid:base64,kid:base64,…" with 32 bytes each. The first
one seals, all of them open.
"""

from __future__ import annotations

import base64
import re
import secrets
from functools import lru_cache
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.crypto import salted_hmac

API_TOKEN = "api-token"  # noqa: S105
# Not bound to a row: allauth has these encrypted before their row exists.
SECOND_FACTOR = "second-factor"
KEY_BYTES = 32
NONCE_BYTES = 12
KID = re.compile(r"[A-Za-z0-9_-]{1,32}")


class Unreadable(Exception):
    """Raised if a secret does not open: its key is gone, or it is damaged or of another row."""


def check() -> None:
    """Raise ImproperlyConfigured, without quoting the setting, if TOKEN_KEYS cannot be used."""
    _ring(settings.TOKEN_KEYS)


def seal(secret: str, row_id: UUID) -> str:
    """Return the API token encrypted under the first key, for the row `row_id` alone."""
    return _seal(secret, f"{API_TOKEN}:{row_id}")


def unseal(sealed: str, row_id: UUID) -> str:
    """Return the API token of the row `row_id` decrypted; raise Unreadable."""
    return _unseal(sealed, f"{API_TOKEN}:{row_id}")


def seal_second_factor(secret: str) -> str:
    """Return the secret of an authenticator app or of recovery codes encrypted."""
    return _seal(secret, SECOND_FACTOR)


def unseal_second_factor(sealed: str) -> str:
    """Return what `seal_second_factor` encrypted; raise Unreadable."""
    return _unseal(sealed, SECOND_FACTOR)


def _seal(secret: str, bound_to: str) -> str:
    kid, cipher = next(iter(_ring(settings.TOKEN_KEYS).items()))
    nonce = secrets.token_bytes(NONCE_BYTES)
    ciphertext = cipher.encrypt(nonce, secret.encode(), bound_to.encode())
    return f"{kid}:{base64.urlsafe_b64encode(nonce + ciphertext).decode()}"


def _unseal(sealed: str, bound_to: str) -> str:
    kid, _, text = sealed.partition(":")
    cipher = _ring(settings.TOKEN_KEYS).get(kid)
    if cipher is None:
        raise Unreadable("sealed under a key that TOKEN_KEYS does not hold")
    try:
        data = base64.urlsafe_b64decode(text)
        nonce, ciphertext = data[:NONCE_BYTES], data[NONCE_BYTES:]
        return cipher.decrypt(nonce, ciphertext, bound_to.encode()).decode()
    except (InvalidTag, ValueError):
        raise Unreadable("damaged, or sealed for something else") from None


def is_readable(sealed: str, row_id: UUID) -> bool:
    """Return whether `unseal` would succeed."""
    try:
        unseal(sealed, row_id)
    except Unreadable:
        return False
    return True


def is_current(sealed: str) -> bool:
    """Return whether the secret is encrypted under the first key, as new ones are."""
    return sealed.partition(":")[0] == next(iter(_ring(settings.TOKEN_KEYS)))


def cache_key(secret: str) -> str:
    """Return 64 hex digits that stand for the secret in cache keys and do not lead back to it."""
    return salted_hmac("dashboard.tokens.vault", secret, algorithm="sha256").hexdigest()


@lru_cache(maxsize=4)
def _ring(setting: str) -> dict[str, AESGCM]:
    ring: dict[str, AESGCM] = {}
    for place, entry in enumerate(setting.split(","), start=1):
        kid, colon, text = entry.strip().partition(":")
        # Errors name only the place: what looks like a bad kid may be a key whose kid was
        # forgotten.
        if not colon or not KID.fullmatch(kid):
            raise ImproperlyConfigured(f"TOKEN_KEYS: entry {place} is not of the form kid:base64")
        if kid in ring:
            raise ImproperlyConfigured(f"TOKEN_KEYS: entry {place} repeats an earlier kid")
        ring[kid] = AESGCM(_key(text, place))
    return ring


def _key(text: str, place: int) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except ValueError:
        raise ImproperlyConfigured(f"TOKEN_KEYS: the key of entry {place} is not base64") from None
    if len(key) != KEY_BYTES:
        raise ImproperlyConfigured(
            f"TOKEN_KEYS: the key of entry {place} has {len(key)} bytes, not {KEY_BYTES}"
        )
    return key
