"""One value of the cloud's as what a field holds, in the spellings that clouds really use.

64-bit integers come as text from whatever writes protobuf's JSON, and as floats from whatever has
no integers; flags come as text, tags as keys with values, percents with their sign. Anything else
of another type is unreadable: nothing is guessed.
"""

from __future__ import annotations

import re
from typing import Any

from images.cloud.cleaning import MAX_DESCRIPTION, MAX_ERRMSG, MAX_NAME, clipped

# Nobody had an image here before 2010; whoever says so means seconds, or nothing.
FIRST_MILLISECOND = 1_262_304_000_000
MAX_MILLISECONDS = 253_402_300_799_999  # the end of year 9999, where datetime ends
MAX_INTEGER = 2**63 - 1
MAX_MEMBERS = 100  # of one list of an image; more are counted as what cannot be read
SLUG = re.compile(r"[A-Za-z0-9_-]{1,64}")
DIGITS = re.compile(r"[0-9]{1,19}")
PERCENT = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,20})?) ?%?")
FLAGS = {"true": True, "false": False}


class UnreadableValueError(Exception):
    """The value has a type or range that its field cannot have."""


def text(value: Any, most: int = MAX_NAME) -> str:
    if isinstance(value, str):
        return clipped(value, most)
    raise UnreadableValueError


def description(value: Any) -> str:
    return text(value, MAX_DESCRIPTION)


def reason(value: Any) -> str:
    return text(value, MAX_ERRMSG)


def slug(value: Any) -> str:
    # These ids become parts of URLs: one path segment, nothing that moves around in a path.
    if isinstance(value, str) and SLUG.fullmatch(value):
        return value
    raise UnreadableValueError


def integer(value: Any) -> int:
    digits = isinstance(value, str) and DIGITS.fullmatch(value)
    if digits or (type(value) is float and value.is_integer()):
        value = int(value)
    if type(value) is int and 0 <= value <= MAX_INTEGER:
        return value
    raise UnreadableValueError


def moment(value: Any) -> int:
    milliseconds = integer(value)
    if FIRST_MILLISECOND <= milliseconds <= MAX_MILLISECONDS:
        return milliseconds
    raise UnreadableValueError


def percent(value: Any) -> float:
    if isinstance(value, str) and (written := PERCENT.fullmatch(value)):
        value = float(written[1])
    # Some sum up the parts of a job and come out a little above the whole.
    if type(value) in (int, float) and 0 <= value < 101:
        return min(float(value), 100.0)
    raise UnreadableValueError


def flag(value: Any) -> bool:
    if isinstance(value, str):
        value = FLAGS.get(value.lower())
    if isinstance(value, bool):
        return value
    raise UnreadableValueError


def tag(value: Any) -> str:
    """Return a tag as text: {"key": "env", "value": "prod"} is "env=prod"."""
    if not isinstance(value, dict):
        return text(value)
    if "key" not in value or not value.keys() <= {"key", "value"}:
        raise UnreadableValueError
    key, content = text(value["key"]), value.get("value")
    return text(f"{key}={text(content)}" if content not in (None, "") else key)


def members(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    raise UnreadableValueError


def mapping(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    raise UnreadableValueError
