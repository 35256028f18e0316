"""What goes over the wire, compressed: brotli where the browser takes it, gzip else.

Compressing a page in which somebody else chose a part tells that person, by its length, whether
their part is like another one (BREACH). What is a secret here is therefore never compressed: see
SECRET_SHOWING in the routes. The CSRF token of a form is masked anew in each page, by Django.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Literal, NamedTuple, Protocol

import brotli
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.cache import patch_vary_headers

from dashboard.web.routes import may_show_a_secret

Handler = Callable[[HttpRequest], HttpResponseBase]
Coding = Literal["br", "gzip", ""]

CODINGS: tuple[Coding, ...] = ("br", "gzip")
TEXTS = ("text/", "application/json", "application/problem+json")
# What is shorter fits into the packet of its headers anyway.
LEAST = 300
GZIP_FORMAT = 31


class Effort(NamedTuple):
    """How hard to try. brotli looks back as far as two to the power of `window`, in bytes."""

    brotli: int
    window: int
    gzip: int


# With a larger window than this a page takes four times as long, in tables of 8 MB, for 1 % less.
PAGE = Effort(brotli=7, window=16, gzip=6)
# Files, and what scripts read, are larger and less often waited for.
DATA = Effort(brotli=1, window=18, gzip=1)


class Compressor(Protocol):
    def process(self, data: bytes) -> bytes: ...
    def flush(self) -> bytes: ...
    def finish(self) -> bytes: ...


class Gzip:
    """zlib with the names that brotli has."""

    def __init__(self, level: int) -> None:
        self._zlib = zlib.compressobj(level, wbits=GZIP_FORMAT)
        self.process = self._zlib.compress
        self.finish = self._zlib.flush

    def flush(self) -> bytes:
        return self._zlib.flush(zlib.Z_SYNC_FLUSH)


def compression(get_response: Handler) -> Handler:
    """Compress what a view answers, as the request asks, unless the view has done it."""

    def handle(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if may_show_a_secret(request) or not _is_text(response):
            return response
        patch_vary_headers(response, ["Accept-Encoding"])
        coding = coding_of(request)
        if coding and "Content-Encoding" not in response:
            _compress(response, coding)
        return response

    return handle


def _is_text(response: HttpResponseBase) -> bool:
    return response.headers.get("Content-Type", "").startswith(TEXTS)


def coding_of(request: HttpRequest) -> Coding:
    """Return how the answer may be compressed, "" if not at all."""
    return _best(request.headers.get("Accept-Encoding", "")[:200])


@lru_cache(maxsize=100)
def _best(accepted: str) -> Coding:
    weights = dict(map(_weighed, accepted.split(",")))
    found = [(weights.get(each, weights.get("*", 0)), each) for each in CODINGS]
    weight, coding = max(found, key=lambda each: each[0])
    return coding if weight and weight >= weights.get("identity", 0) else ""


def _weighed(part: str) -> tuple[str, float]:
    """Return a coding and its weight, as in "gzip;q=0.5": 1 if it has none, 0 if that is wrong."""
    name, _, parameter = part.replace(" ", "").lower().partition(";")
    try:
        return name, float(parameter.removeprefix("q=") or 1)
    except ValueError:
        return name, 0


def page_compressed(page: bytes, coding: Coding) -> bytes:
    """Return a page or a part of one in that coding; as it is, if that is ""."""
    return _whole(page, _compressor(coding, PAGE)) if coding else page


def _whole(content: bytes, compressor: Compressor) -> bytes:
    return compressor.process(content) + compressor.finish()


def _compressor(coding: Coding, effort: Effort) -> Compressor:
    if coding == "gzip":
        return Gzip(effort.gzip)
    made: Compressor = brotli.Compressor(quality=effort.brotli, lgwin=effort.window)
    return made


def _compress(response: HttpResponseBase, coding: Coding) -> None:
    is_page = response["Content-Type"].startswith("text/html")
    compressor = _compressor(coding, PAGE if is_page else DATA)
    if isinstance(response, StreamingHttpResponse):
        response.streaming_content = _stream(response.streaming_content, compressor)  # type: ignore[arg-type]
        response["Content-Encoding"] = coding
    elif isinstance(response, HttpResponse) and len(response.content) >= LEAST:
        response.content = _whole(response.content, compressor)
        response["Content-Encoding"] = coding
        response["Content-Length"] = str(len(response.content))


def _stream(pieces: Iterable[bytes], compressor: Compressor) -> Iterator[bytes]:
    """Yield each piece as soon as there is one: nothing waits for those after it."""
    for piece in pieces:
        yield compressor.process(piece) + compressor.flush()
    yield compressor.finish()
