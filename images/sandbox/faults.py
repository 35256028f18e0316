"""Fault injection: every way the cloud can misbehave, as data.

A `Fault` says what goes wrong, for which requests, and how often. It touches only the four
reading endpoints. What it does to the answer is in SPOILERS below, in `odd_items.py` and in
`odd_answers.py`; what it does to the connection is in `wire.py`; `moving` is done by the cloud,
which owns the images.
"""

import functools
import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from images.sandbox.inventory import encode
from images.sandbox.messages import JSON_TYPE, READS, Answer, Request, failure, html
from images.sandbox.odd_answers import ANSWERS, SPELLINGS, UNFIT, encoded, items_of
from images.sandbox.odd_items import ITEMS

MIB = 2**20
HUGE_BYTES = 64 * MIB
BOMB_BYTES = 200 * MIB
DEPTH = 100_000

# Kinds that spoil the connection, not the answer.
WIRE_KINDS = ("reset", "reset_in_body", "hang", "drip", "slow", "short_body")
WHERES = ("front", "random", "remove", "both")


@dataclass(frozen=True)
class Fault:
    """One fault: its `kind`, the requests it meets (None: any), and its own details.

    Besides the kinds of `odd_items` and `odd_answers` there is

    status         HTTP `status`, with the vendor's JSON for `errno`, or a page if `html`
    errno          `errno` at HTTP 200
    errno_status   `errno` at HTTP `status`
    reset          the connection is reset before any answer
    reset_in_body  reset after the headers and half of the body
    hang           no answer until the faults are cleared or the cloud stops
    drip           the headers, then a byte every `seconds`
    slow           a good answer after `seconds`
    truncated      half of the body, under an honest Content-Length
    short_body     half of the body, under the Content-Length of all of it
    html           HTTP 200 with a page
    not_json       HTTP 200 with words
    data_null, items_null, items_wrong_type, answer_array
                   good JSON of the wrong form
    redirect       302 to `location`
    huge           64 MiB of good JSON
    deep           JSON nested 100,000 deep
    gzip_bomb      gzip, small on the wire, 200 MiB of good JSON inflated
    bad_encoding   invalid UTF-8
    echo_token     errno 3, whose text repeats the Authorization header, the token spelled as
                   `spelling` says
    huge_errno     an `errno` that 64 bits do not hold
    unfit_failure  `errno`, and texts that no database stores
    moving         before each `cimg/list`, an image comes at the `front` or at a `random` place,
                   or one goes from the front (`remove`), or it comes and goes by turns (`both`)
    """

    kind: str
    endpoint: str | None = None
    region: str | None = None
    token: str | None = None
    from_start: int | None = None  # only requests for items from here on
    times: int | None = None  # how many requests it meets; None: until cleared
    status: int = 503
    errno: int = 3
    html: bool = False
    retry_after: str | None = None
    seconds: float = 1.0
    location: str = "/elsewhere"
    where: str = "front"
    spelling: str = "plain"

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"unknown fault {self.kind!r}; there is {', '.join(KINDS)}")
        if self.endpoint not in (None, *READS):
            raise ValueError(f"unknown endpoint {self.endpoint!r}; there is {', '.join(READS)}")
        if self.where not in WHERES:
            raise ValueError(f"unknown place {self.where!r}; there is {', '.join(WHERES)}")
        if self.spelling not in SPELLINGS:
            raise ValueError(f"unknown {self.spelling!r}; there is {', '.join(SPELLINGS)}")

    def meets(self, request: Request) -> bool:
        endpoint = "cimg/list" if self.kind == "moving" else self.endpoint
        start = request.whole("start")
        return (
            request.endpoint in READS
            and endpoint in (None, request.endpoint)
            and self.region in (None, request.region)
            and self.token in (None, request.token)
            and (self.from_start is None or (start is not None and start >= self.from_start))
        )


def spoil(fault: Fault, good: Answer, request: Request) -> Answer:
    """Return the answer as `fault` leaves it."""
    spoiler = SPOILERS.get(fault.kind)
    if spoiler:
        return spoiler(fault, good, request)
    if fault.kind in ITEMS or fault.kind in ANSWERS:
        return odd(fault, good, request)
    return good


def odd(fault: Fault, good: Answer, request: Request) -> Answer:
    """Return the answer with odd values; an error stays as it is."""
    answer = json.loads(b"".join(good.chunks))
    if answer["errno"]:
        return good
    if change := ITEMS.get(fault.kind):
        items = items_of(answer)
        items[:] = [change(place, item) for place, item in enumerate(items)]
    else:
        answer = ANSWERS[fault.kind](answer, request)
    return replace(good, chunks=(encoded(answer, request.token, fault.spelling),))


def said(body: bytes, status: int = 200, *headers: tuple[str, str]) -> Answer:
    return Answer(status, (JSON_TYPE, *headers), (body,))


def headers_of(fault: Fault) -> tuple[tuple[str, str], ...]:
    return () if fault.retry_after is None else (("Retry-After", fault.retry_after),)


def bad_status(fault: Fault, good: Answer, request: Request) -> Answer:
    if fault.html:
        return html(fault.status, f"HTTP {fault.status}", headers_of(fault))
    return failure(fault.errno, status=fault.status, headers=headers_of(fault))


def rewritten(good: Answer, change: Callable[[Any], object]) -> Answer:
    """Return the answer with its JSON changed."""
    return replace(good, chunks=(encode(change(json.loads(b"".join(good.chunks)))).encode(),))


def with_data(data: object) -> Callable[[Fault, Answer, Request], Answer]:
    return lambda fault, good, request: rewritten(good, lambda answer: answer | {"data": data})


def unfit_failure(fault: Fault, good: Answer, request: Request) -> Answer:
    text = f"out of order{UNFIT}"
    answer = {"errno": fault.errno, "errmsg": text, "requestId": text, "data": None}
    return said(encoded(answer, "", fault.spelling))


def echo_token(fault: Fault, good: Answer, request: Request) -> Answer:
    text = f"upstream refused Authorization: {request.authorization}"
    answer = {"errno": 3, "errmsg": text, "requestId": request.token, "data": None}
    return said(encoded(answer, request.token, fault.spelling))


# Good JSON around a long description, to be filled with as many bytes as wanted.
LONG_BODY = (
    b'{"data":{"count":1,"items":[{"cimgUuid":"%s","description":"' % (b"f" * 32),
    b'"}]},"errmsg":"ok","errno":0,"requestId":"%s"}' % (b"e" * 32),
)


def huge() -> Answer:
    head, tail = LONG_BODY
    chunk = b"x" * 65_536
    return Answer(200, (JSON_TYPE,), (head, *(chunk,) * (HUGE_BYTES // len(chunk)), tail))


@functools.cache
def gzip_bomb() -> bytes:
    head, tail = LONG_BODY
    packer = zlib.compressobj(level=1, wbits=31)
    plain = (head, *(b"x" * MIB,) * (BOMB_BYTES // MIB), tail)
    return b"".join([*map(packer.compress, plain), packer.flush()])


# (fault, good answer, request) -> the answer that is sent instead.
SPOILERS: dict[str, Callable[[Fault, Answer, Request], Answer]] = {
    "status": bad_status,
    "errno": lambda fault, good, request: failure(fault.errno),
    "errno_status": bad_status,
    "truncated": lambda fault, good, request: replace(good, chunks=(good.half,)),
    "html": lambda fault, good, request: html(200, "Please sign in"),
    "not_json": lambda fault, good, request: said(b"OK, all is well."),
    "data_null": with_data(None),
    "items_null": with_data({"count": 3, "items": None}),
    "items_wrong_type": with_data({"count": 3, "items": {"a": 1}}),
    "answer_array": lambda fault, good, request: rewritten(good, lambda answer: [answer]),
    "redirect": lambda fault, good, request: html(302, "Found", (("Location", fault.location),)),
    "huge": lambda fault, good, request: huge(),
    "deep": lambda fault, good, request: said(
        b'{"errno":0,"errmsg":"ok","data":' + b"[" * DEPTH + b"]" * DEPTH + b"}"
    ),
    "gzip_bomb": lambda fault, good, request: said(gzip_bomb(), 200, ("Content-Encoding", "gzip")),
    "bad_encoding": lambda fault, good, request: said(
        b'{"errno":0,"errmsg":"ok","data":{"count":1,"items":[{"name":"\xff\xc3("}]}}'
    ),
    "echo_token": echo_token,
    "huge_errno": lambda fault, good, request: failure(2**70),
    "unfit_failure": unfit_failure,
}
KINDS = (*SPOILERS, *ITEMS, *ANSWERS, *WIRE_KINDS, "moving")
