"""Entries of the caches as bytes: msgpack, signed under SECRET_KEY together with their name.

Whoever can write to a cache's server or file can write anything there. What is not signed, or was
signed as another entry, is not read at all: an entry that is not one of ours is none. An entry also
holds when it ends, so that one that was put back is good for no longer than it was.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Any

import msgspec
from django.utils.crypto import constant_time_compare, salted_hmac

SALT = "dashboard.cache_entries"
SIGNATURE_BYTES = 32
# The clocks of machines that share a cache may differ by so much.
CLOCKS_DIFFER_SECONDS = 5.0

# Made on import: see images.cloud.answers.
_decode = msgspec.msgpack.Decoder(tuple[float, Any]).decode


@dataclass(frozen=True)
class Entry:
    """What was stored, and when it ends (Unix seconds)."""

    value: Any
    ends_at: float

    @property
    def seconds_left(self) -> float:
        return max(0.0, self.ends_at - time.time())


def encode_entry(name: str, value: Any, ends_at: float) -> bytes:
    """Raise TypeError for what msgpack has no bytes for."""
    content = msgspec.msgpack.encode((ends_at, value))
    return _signature(name, content) + content


def decode_entry(name: str, data: object, now: float = -math.inf) -> Entry | None:
    """None for anything but an entry of that name, whole and as it was signed, that has not ended
    at `now` (Unix seconds)."""
    if not isinstance(data, bytes):
        return None
    signature, content = data[:SIGNATURE_BYTES], memoryview(data)[SIGNATURE_BYTES:]
    if not constant_time_compare(signature, _signature(name, content)):
        return None
    try:
        ends_at, value = _decode(content)
    except msgspec.MsgspecError:
        return None  # A release before, or after, had another layout.
    return Entry(value, ends_at) if now <= ends_at + CLOCKS_DIFFER_SECONDS else None


def _signature(name: str, content: bytes | memoryview) -> bytes:
    # As msgpack a name says how long it is, and cannot be continued by what follows it.
    signed = salted_hmac(SALT, msgspec.msgpack.encode(name), algorithm="sha256")
    signed.update(content)
    return signed.digest()
