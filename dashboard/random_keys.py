"""Random keys of links and scripts: 256 bits, shown once, stored as a hash.

A plain hash is enough: nobody guesses 256 bits, however fast the hash is.
"""

from __future__ import annotations

import hashlib
import secrets

KEY_BYTES = 32
# The prefix by which people, scanners for leaked keys and our logs recognise an API key.
API_KEY_PREFIX = "idk_"


def new_key() -> str:
    return secrets.token_urlsafe(KEY_BYTES)


def hash_of(key: str) -> str:
    """Return 64 hex digits that lead to the row of the key, and not back to the key."""
    return hashlib.sha256(key.encode()).hexdigest()
