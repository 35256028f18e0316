"""Entries of the caches as bytes: msgpack, signed under SECRET_KEY together with their name.

Whoever can write to a cache's server or file can write anything there. So an entry without our
signature, or signed under another name, is not decoded and counts as missing. An entry also holds
when it expires, so that one that was put back is valid no longer than it was.
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

# Created on import, for the reason in images.cloud.answers.
_decode = msgspec.msgpack.Decoder(tuple[float, Any]).decode


@dataclass(frozen=True)
class Entry:
    """A stored value, and when it expires (Unix seconds)."""

    value: Any
    ends_at: float

    @property
    def seconds_left(self) -> float:
        return max(0.0, self.ends_at - time.time())


def encode_entry(name: str, value: Any, ends_at: float) -> bytes:
    """Return the signed bytes; raise TypeError for a value that msgpack cannot encode."""
    content = msgspec.msgpack.encode((ends_at, value))
    return _signature(name, content) + content


def decode_entry(name: str, data: object, now: float = -math.inf) -> Entry | None:
    """Return the entry of that name, or None if the data is not intact or has expired at `now`.

    `now` is in Unix seconds; without it an entry never expires.
    """
    if not isinstance(data, bytes):
        return None
    signature, content = data[:SIGNATURE_BYTES], memoryview(data)[SIGNATURE_BYTES:]
    if not constant_time_compare(signature, _signature(name, content)):
        return None
    try:
        ends_at, value = _decode(content)
    except msgspec.MsgspecError:
        return None  # An earlier or later release used another layout.
    return Entry(value, ends_at) if now <= ends_at + CLOCKS_DIFFER_SECONDS else None


def _signature(name: str, content: bytes | memoryview) -> bytes:
    # Encoded by msgpack, a name has its length, and cannot be continued by what follows it.
    signed = salted_hmac(SALT, msgspec.msgpack.encode(name), algorithm="sha256")
    signed.update(content)
    return signed.digest()
