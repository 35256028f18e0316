"""The envelope around every answer: {"errno", "errmsg", "requestId", "data"}.

Source: the vendor's open API documents. `errno` 0 is success; anything else is failure whatever the
HTTP status says. Without a readable errno the status decides.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from images.cloud.errors import (
    ERRORS_BY_ERRNO,
    PASSING_ERRNOS,
    CloudError,
    Unavailable,
    Unreadable,
)

PASSING_STATUSES = frozenset({429, 502, 503, 504})
MAX_ERRMSG = 300
T = TypeVar("T")


class Answer(msgspec.Struct, frozen=True):
    """The envelope of every answer. `data` is still JSON: each reader decodes what it expects."""

    errno: int
    errmsg: Any = ""
    request_id: Any = msgspec.field(name="requestId", default="")
    data: msgspec.Raw = msgspec.Raw(b"null")


# Decoders are made on import: of two threads that decode a type for the first time at once, msgspec
# crashes the process.
_decode = msgspec.json.Decoder(Answer).decode


def read_answer(status: int, retry_after: str | None, body: bytes) -> Answer:
    """The answer, when it says success; else the CloudError it stands for."""
    try:
        answer = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise _error_of_status(status, retry_after) from None
    if answer.errno == 0:
        return answer
    error = ERRORS_BY_ERRNO.get(answer.errno, Unavailable)
    raise error(
        _clipped(answer.errmsg),
        errno=answer.errno,
        request_id=_clipped(answer.request_id),
        http_status=status,
        passing=answer.errno in PASSING_ERRNOS,
        retry_after=_seconds(retry_after),
    )


decode_list = msgspec.json.Decoder(list[Any]).decode


def decoded(answer: Answer, decode: Callable[[bytes], T]) -> T:
    """The data of an answer, by a decoder of msgspec's."""
    try:
        return decode(bytes(answer.data))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Unreadable(
            "not the data that the documents describe", request_id=request_id(answer)
        ) from None


def request_id(answer: Answer) -> str:
    return answer.request_id if isinstance(answer.request_id, str) else ""


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


def _clipped(value: Any) -> str:
    return value[:MAX_ERRMSG] if isinstance(value, str) else ""
