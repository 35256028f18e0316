"""The cloud's read endpoints over HTTP: one call, within a deadline, with bounded retries.

Source: the vendor's open API documents ("Authorization: Bearer <token>", JSON both ways). Errors
are those of `images.cloud.errors`. Nothing here keeps, logs or repeats the token.
"""

from __future__ import annotations

import contextlib
import os
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from http.client import HTTPException
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection

from images.cloud.answers import Answer, read_answer, request_id
from images.cloud.cleaning import clean_json
from images.cloud.deadline import NOT_IN_TIME, Deadline
from images.cloud.errors import AnswerTooLarge, CloudError, OutOfTime, Unavailable, Unreadable

CONNECT_SECONDS = 5.0
RETRIES = 2
FIRST_PAUSE_SECONDS = 0.2  # twice that before the second retry, and jittered
KIB = 1024
MIB = 1024 * KIB
MAX_ANSWER_BYTES = 32 * MIB
# Of answers that the web workers read themselves, and not a process of its own.
SMALL_ANSWER_BYTES = MIB
PIECE_BYTES = 64 * 1024
CALLS_IN_FLIGHT = 8
# What a few images may weigh, however large each of them is.
FEW_BYTES = 4 * MIB


@dataclass(frozen=True)
class Call:
    """One exchange, each retry its own. `outcome` is "ok" or the kind of a CloudError.

    It began at `began_at` (Unix seconds), in the process `pid`.
    """

    endpoint: str
    outcome: str
    request_id: str
    seconds: float
    began_at: float
    pid: int


@dataclass(frozen=True)
class Limits:
    """The most that is read of one token's lists, in bytes but for the number of `images`.

    `size` is what they may take as sent, `memory` what the process which reads them may have, and
    `image` what one takes, on average, of the memory of whoever holds them.
    """

    images: int = 200_000
    size: int = 256 * MIB
    memory: int = 2048 * MIB
    image: int = 5 * KIB

    def weight(self, images: int) -> int:
        """Return what so many images may weigh together (`images.cloud.records.weight`)."""
        return FEW_BYTES + images * self.image


@dataclass(frozen=True)
class Account:
    """Whom we ask as, and where.

    `slots` bounds the calls in flight for this token. `permit` returns when one more call may be
    made, and takes none of the deadline for its waiting; `note` is told of every call when it is
    over. Both are called in the thread that makes the call. `ended` is told how each process that
    read lists ended: "read", or why it did not get so far.
    """

    url: str
    token: str = field(repr=False)
    deadline: Deadline
    limits: Limits = Limits()
    pause: Callable[[float], None] = time.sleep
    slots: threading.Semaphore = field(
        default_factory=lambda: threading.BoundedSemaphore(CALLS_IN_FLIGHT), repr=False
    )
    note: Callable[[Call], object] = field(default=lambda call: None, repr=False)
    permit: Callable[[Deadline], object] = field(default=lambda deadline: None, repr=False)
    ended: Callable[[str], object] = field(default=lambda how: None, repr=False)


class BearerToken(requests.auth.AuthBase):
    """Given as `auth=`: a header alone would be replaced by a .netrc entry for the host."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def call(
    account: Account, method: str, path: str, *, at_most: int = MAX_ANSWER_BYTES, **parameters: Any
) -> Answer:
    """Return one successful answer of `at_most` so many bytes, or raise a CloudError.

    What may pass is tried again, at most twice, in time. `parameters` are requests' own (`json=` or
    `params=`).
    """
    for attempt in range(RETRIES + 1):
        try:
            return _noted(account, method, path, at_most, parameters)
        except CloudError as error:
            if attempt == RETRIES or not error.passing:
                raise
            pause = _pause_before(attempt + 1, error)
            # A pause that does not fit in the time left would only turn this reason into "late".
            if pause >= account.deadline.left():
                raise
        account.pause(pause)
    raise AssertionError("unreachable")


def _pause_before(attempt: int, error: CloudError) -> float:
    if error.retry_after is not None:
        return error.retry_after
    # Jitter spreads callers out in time; it guards nothing.
    jitter = random.uniform(0.5, 1.5)  # noqa: S311
    return FIRST_PAUSE_SECONDS * attempt * jitter


def _noted(
    account: Account, method: str, path: str, at_most: int, parameters: dict[str, Any]
) -> Answer:
    account.permit(account.deadline)
    started, began_at = time.monotonic(), time.time()

    def note(outcome: str, request_id: str) -> None:
        endpoint, seconds = path.removeprefix("/dicloud/i/"), time.monotonic() - started
        account.note(Call(endpoint, outcome, request_id, seconds, began_at, os.getpid()))

    try:
        answer = _exchange(account, method, path, at_most, parameters)
    except CloudError as error:
        note(error.kind, error.request_id)
        raise
    note("ok", request_id(answer))
    return answer


def _exchange(
    account: Account, method: str, path: str, at_most: int, parameters: dict[str, Any]
) -> Answer:
    if not account.slots.acquire(timeout=account.deadline.left()):
        account.deadline.left()
        raise OutOfTime("too many calls were waiting")
    left = account.deadline.left()
    try:
        status, retry_after, body = _send(account, method, path, at_most, left, parameters)
    except (requests.Timeout, urllib3.exceptions.ReadTimeoutError, TimeoutError) as error:
        if isinstance(error, requests.ConnectTimeout) and left > CONNECT_SECONDS:
            raise Unavailable(_network_reason(error), passing=True) from None
        # What was left of the time, though another region's work may have put the end off since.
        raise OutOfTime(NOT_IN_TIME) from None
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        account.deadline.left()
        raise Unavailable(_network_reason(error), passing=True) from None
    finally:
        account.slots.release()
    return read_answer(status, retry_after, clean_json(body, account.token))


def _network_reason(error: Exception) -> str:
    # The library's own text names addresses and objects; these are the cases a person can act on.
    if isinstance(error, requests.ConnectTimeout | requests.exceptions.ProxyError):
        return "no connection to the cloud could be made"
    if isinstance(error, requests.exceptions.SSLError):
        return "the cloud's certificate was not accepted"
    if isinstance(error, requests.Timeout):
        return "the cloud did not answer"
    if isinstance(error, requests.ConnectionError):
        return "the connection to the cloud could not be made or was cut"
    return "the cloud's answer broke off"


def _send(
    account: Account,
    method: str,
    path: str,
    at_most: int,
    left: float,
    parameters: dict[str, Any],
) -> tuple[int, str | None, bytes]:
    with _session().request(
        method,
        account.url + path,
        auth=BearerToken(account.token),
        headers={"Accept": "application/json", "Accept-Encoding": "gzip"},
        timeout=(min(CONNECT_SECONDS, left), left),
        allow_redirects=False,
        stream=True,
        **parameters,
    ) as response:
        body = _read_body(response, account.deadline, at_most)
        return response.status_code, response.headers.get("Retry-After"), body


def _read_body(response: requests.Response, deadline: Deadline, at_most: int) -> bytes:
    """Return the whole body, in time: with requests' timeout one that drips would never end."""
    body = bytearray()
    try:
        with _cut_after(deadline.left(), response.raw.shutdown):
            while piece := response.raw.read1(PIECE_BYTES, decode_content=True):
                deadline.left()
                body += piece
                if len(body) > at_most:
                    raise AnswerTooLarge(f"an answer of more than {at_most // MIB} MiB")
    except urllib3.exceptions.DecodeError:
        raise Unreadable("the answer's compression is damaged") from None
    deadline.left()
    return bytes(body)


@contextlib.contextmanager
def _cut_after(seconds: float, cut: Callable[[], object]) -> Iterator[None]:
    """Call `cut` after `seconds`, which ends a read that would go on for ever: TimeoutError."""
    over = threading.Event()

    def end() -> None:
        over.set()
        # An error means that the exchange was over already.
        with contextlib.suppress(OSError, ValueError):
            cut()

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    except (urllib3.exceptions.HTTPError, HTTPException, OSError):
        if over.is_set():
            raise TimeoutError from None
        raise
    finally:
        timer.cancel()
    if over.is_set():
        raise TimeoutError


class _HeadersInTime(HTTPConnection):
    """The timeout bounds each silence while the headers come in; this bounds them all together."""

    def getresponse(self) -> urllib3.response.HTTPResponse:  # type: ignore[override]
        sock, seconds = self.sock, self.timeout
        if sock is None or not isinstance(seconds, int | float):
            return super().getresponse()
        with _cut_after(seconds, lambda: sock.shutdown(socket.SHUT_RDWR)):
            return super().getresponse()


class _SecureHeadersInTime(_HeadersInTime, HTTPSConnection):
    pass


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _HeadersInTime


class _SecurePool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _SecureHeadersInTime


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}


@cache
def _session() -> requests.Session:
    """One per process: connections are kept open, cookies are not (accounts share it)."""
    session = requests.Session()
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    adapter = _Adapter(pool_connections=4, pool_maxsize=4 * CALLS_IN_FLIGHT, max_retries=0)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session
