"""What comes in and what goes out: requests as they are read, answers in the vendor's form.

The vendor's form is `{"data", "errmsg", "errno", "requestId"}`, and `errno` decides: a failure is
HTTP 200 too. The documented numbers and their texts are in `errno.json`.
"""

import json
import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from images.sandbox.inventory import HERE, encode

# errno -> errmsg, every number the vendor documents.
ERRORS: dict[int, str] = {
    row["errno"]: row["errmsg"] for row in json.loads((HERE / "errno.json").read_text("utf-8"))
}

READS = ("cimg/list", "region/list", "result", "image/list")
WRITES = ("cimg/create", "cimg/import", "cimg/delete", "cimg/changeName")
# path -> (method, endpoint)
PATHS = {
    "/dicloud/i/storage/cimg/list": ("POST", "cimg/list"),
    "/dicloud/i/region/list": ("POST", "region/list"),
    "/dicloud/i/result": ("GET", "result"),
    "/dicloud/i/image/list": ("GET", "image/list"),
    **{f"/dicloud/i/storage/{name}": ("POST", name) for name in WRITES},
}

JSON_TYPE = ("Content-Type", "application/json; charset=utf-8")
HTML_TYPE = ("Content-Type", "text/html; charset=utf-8")


@dataclass(frozen=True)
class Request:
    """One request: its `endpoint` is one of READS or WRITES, otherwise the path as it came.

    `params` is the JSON body or the query; None when the body is not a JSON object.
    """

    endpoint: str
    authorization: str
    params: dict[str, Any] | None

    @property
    def token(self) -> str:
        scheme, _, token = self.authorization.partition(" ")
        return token if scheme == "Bearer" else ""

    @property
    def region(self) -> str | None:
        region = (self.params or {}).get("regionId")
        return region if isinstance(region, str) else None

    @property
    def jobs(self) -> tuple[str, ...]:
        """The uuids that `result` is asked for."""
        uuids = str((self.params or {}).get("jobUuids", ""))
        return tuple(uuids.split(",")) if uuids else ()

    def whole(self, name: str) -> int | None:
        """Return the parameter as an int, None when it is anything else."""
        value = (self.params or {}).get(name)
        return value if type(value) is int else None


@dataclass(frozen=True)
class Answer:
    """An HTTP answer; the body in chunks, so that a large one can repeat the same few bytes."""

    status: int
    headers: tuple[tuple[str, str], ...]
    chunks: tuple[bytes, ...]

    @property
    def length(self) -> int:
        return sum(map(len, self.chunks))

    @property
    def half(self) -> bytes:
        """The first half of the body."""
        return b"".join(self.chunks)[: self.length // 2]


def read_request(method: str, target: str, authorization: str, body: bytes) -> Request:
    parts = urlsplit(target)
    wanted, endpoint = PATHS.get(parts.path, ("", ""))
    params: object = dict(parse_qsl(parts.query)) if method == "GET" else loaded(body)
    return Request(
        endpoint if method == wanted else parts.path,
        authorization,
        params if isinstance(params, dict) else None,
    )


def loaded(body: bytes) -> object:
    """Return the JSON in `body`, None when it is not JSON."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def success(data: bytes) -> Answer:
    """Return the answer around `data`, which is finished JSON."""
    tail = b',"errmsg":"ok","errno":0,"requestId":"%s"}' % uuid.uuid4().hex.encode()
    return Answer(200, (JSON_TYPE,), (b'{"data":', data, tail))


def failure(
    errno: int,
    errmsg: str | None = None,
    status: int = 200,
    headers: tuple[tuple[str, str], ...] = (),
) -> Answer:
    """Return an error's answer, with the vendor's text where no other is given."""
    said = {
        "data": None,
        "errmsg": ERRORS.get(errno, "unknown error") if errmsg is None else errmsg,
        "errno": errno,
        "requestId": uuid.uuid4().hex,
    }
    return Answer(status, (JSON_TYPE, *headers), (encode(said).encode(),))


def html(status: int, title: str, headers: tuple[tuple[str, str], ...] = ()) -> Answer:
    text = f"<!doctype html><html><head><title>{title}</title></head><body><h1>{title}</h1></body>"
    return Answer(status, (HTML_TYPE, *headers), (f"{text}</html>\n".encode(),))
