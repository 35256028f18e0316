"""The envelope around every answer: {"errno", "errmsg", "requestId", "data"}.

Source: the vendor's open API documents. `errno` 0 is success; anything else is failure whatever the
HTTP status says. Without a readable errno the status decides.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from images.cloud.cleaning import MAX_ERRMSG, MAX_NAME, clipped
from images.cloud.errors import (
    ERRORS_BY_ERRNO,
    PASSING_ERRNOS,
    CloudError,
    TooLarge,
    Unavailable,
    Unreadable,
)

PASSING_STATUSES = frozenset({429, 502, 503, 504})
MAX_ERRNO = 2**63 - 1  # more cannot be stored
SHORT_NUMBER = re.compile(r"-?[0-9]{1,19}")
T = TypeVar("T")


class Answer(msgspec.Struct, frozen=True):
    """The envelope of every answer.

    Its fields are still JSON: each reader decodes what it expects, and one that is damaged spoils
    no other.
    """

    errno: msgspec.Raw
    errmsg: msgspec.Raw = msgspec.Raw(b'""')
    request_id: msgspec.Raw = msgspec.field(name="requestId", default=msgspec.Raw(b'""'))
    data: msgspec.Raw = msgspec.Raw(b"null")


# Decoders are made on import: of two threads that decode a type for the first time at once, msgspec
# crashes the process.
_decode = msgspec.json.Decoder(Answer).decode
_decode_number = msgspec.json.Decoder(int | float | str).decode
_decode_text = msgspec.json.Decoder(str).decode
_decode_items = msgspec.json.Decoder(list[msgspec.Raw]).decode
_decode_item = msgspec.json.Decoder(Any).decode
# What a decoder raises for anything but what it expects.
NOT_AS_EXPECTED = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


def read_answer(status: int, retry_after: str | None, body: bytes) -> Answer:
    """Return the answer, when it says success; else raise the CloudError it stands for."""
    try:
        answer = _decode(body)
        errno = _whole(_decode_number(answer.errno))
    except NOT_AS_EXPECTED:
        raise _error_of_status(status, retry_after) from None
    if errno == 0:
        return answer
    raise ERRORS_BY_ERRNO.get(errno or 0, Unavailable)(
        _text(answer.errmsg, MAX_ERRMSG),
        errno=errno,
        request_id=request_id(answer),
        http_status=status,
        passing=errno in PASSING_ERRNOS,
        retry_after=_seconds(retry_after),
    )


def _whole(number: float | str) -> int | None:
    """Return the number that an errno is, also as text; None for what no errno can be."""
    if isinstance(number, str):
        number = int(number) if SHORT_NUMBER.fullmatch(number) else MAX_ERRNO + 1
    return int(number) if abs(number) <= MAX_ERRNO and number == int(number) else None


def decoded(answer: Answer, decode: Callable[[bytes], T]) -> T:
    """Return the data of an answer, by a decoder of msgspec's."""
    try:
        return decode(bytes(answer.data))
    except NOT_AS_EXPECTED:
        raise Unreadable(
            "not the data that the documents describe", request_id=request_id(answer)
        ) from None


def items(answer: Answer, at_most: int) -> list[Any]:
    """Return the members of data that is a list, None for each that cannot be read."""
    found = decoded(answer, _decode_items)
    if len(found) > at_most:
        raise TooLarge(f"a list of more than {at_most}", request_id=request_id(answer))
    return [_item(raw) for raw in found]


def _item(raw: msgspec.Raw) -> Any:
    try:
        return _decode_item(raw)
    except NOT_AS_EXPECTED:
        return None


def request_id(answer: Answer) -> str:
    return _text(answer.request_id, MAX_NAME)


def _text(raw: msgspec.Raw, most: int) -> str:
    try:
        return clipped(_decode_text(raw), most)
    except NOT_AS_EXPECTED:
        return ""


def _error_of_status(status: int, retry_after: str | None) -> CloudError:
    if 300 <= status < 400:
        return Unreadable("a redirect, which is never followed", http_status=status)
    if status >= 400:
        return Unavailable(
            "an error without a reason",
            http_status=status,
            passing=status in PASSING_STATUSES,
            retry_after=_seconds(retry_after),
        )
    return Unreadable("not the JSON that the documents describe", http_status=status)


def _seconds(retry_after: str | None) -> float | None:
    # The date form of the header is left aside: our own pause serves as well.
    return float(retry_after) if retry_after and retry_after.strip().isdecimal() else None
