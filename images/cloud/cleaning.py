"""The door through which every text of the cloud's comes in.

What a database, a log line or a page would choke on stays outside, and so does the token that the
cloud was asked with. An answer is cleaned as a whole, before anything is read from it, so whatever
is kept, stored, logged or shown of it is clean. Texts are clipped where they are read.
"""

from __future__ import annotations

import json
import re

import msgspec

# Characters of one text; what is longer ends in "…".
MAX_NAME = 300  # a name, an id, a state, a member of a list
MAX_DESCRIPTION = 4_000
MAX_ERRMSG = 300  # also the reason of a job

IN_PLACE_OF_TOKEN = "[token]"  # noqa: S105 - it is what is written instead of one

# Control characters other than tab and line ends, and halves of surrogate pairs. PostgreSQL stores
# no NUL, UTF-8 has no half of a pair, and terminals take the others for commands.
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
# The same as UTF-8, where no escape hides it.
_BARE_CONTROLS = bytes([*range(9), 11, 12, *range(14, 32), 127])
_BARE_C1 = re.compile(rb"\xc2[\x80-\x9f]")

# A text of a JSON document. Possessive, so that a text of many megabytes takes no memory.
_TEXT = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)

_decode = json.JSONDecoder(strict=False).decode  # msgspec reads no half of a surrogate pair


def clean(text: str, token: str = "") -> str:
    """Return the text without what is unfit to be stored, and without the token."""
    text = _UNFIT.sub("", text)
    return text.replace(token, IN_PLACE_OF_TOKEN) if token else text


def clean_json(document: bytes, token: str) -> bytes:
    """Return the JSON document with every text in it clean, names of members included.

    Texts are compared as they read, so it does not matter how they are escaped. Whatever is clean
    already stays as it is, to the byte; in most answers that is everything.
    """
    if _has_bare(document, token):
        starts = _text_start
    elif b"\\" in document:
        starts = _escaped_text_start
    else:
        return document
    cleaned, kept, position = bytearray(), 0, 0
    # A text without an end is the end of what can be read, here or later.
    while found := _TEXT.match(document, starts(document, position)):
        position = found.end()
        literal = _clean_literal(found[0], token)
        if literal is not None:
            cleaned += document[kept : found.start()] + literal
            kept = position
    return bytes(cleaned + document[kept:]) if kept else document


def clipped(text: str, most: int) -> str:
    """Return the text, or its beginning and "…", in at most so many characters."""
    return text if len(text) <= most else text[: most - 1] + "…"


def _has_bare(document: bytes, token: str) -> bool:
    return (
        (bool(token) and token.encode() in document)
        or len(document.translate(None, _BARE_CONTROLS)) != len(document)
        or _BARE_C1.search(document) is not None
    )


def _text_start(document: bytes, position: int) -> int:
    start = document.find(b'"', position)
    return len(document) if start < 0 else start


def _escaped_text_start(document: bytes, position: int) -> int:
    # Outside of texts there is no backslash: the quote before one begins the text that it is in.
    backslash = document.find(b"\\", position)
    start = document.rfind(b'"', position, backslash) if backslash >= 0 else -1
    return len(document) if start < 0 else start


def _clean_literal(literal: bytes, token: str) -> bytes | None:
    """Return None where it is clean, or cannot be read, here or later."""
    try:
        text = _decode(literal.decode())
    except ValueError:
        return None
    fit = clean(text, token)
    return None if fit == text else msgspec.json.encode(fit)
