"""Good answers that are odd as a whole: kinds of `Fault`, as data; what is not said stays.

unfit_texts     every text ends in what no database stores; the names of members too
token_in_list   the token is in texts and in names of members, spelled as `spelling` says
long_request_id `requestId` of 8 MB
long_names      the first item's name has 8 MB
many_regions    3,000 regions
many_keys       the first item has 2 million members
endless         however far one reads, the page is full of images
half_list       the list of images ends after half of them, and its count says so
"""

import functools
import json
from collections.abc import Callable, Iterator
from hashlib import blake2b
from typing import Any

from images.sandbox.messages import Request
from images.sandbox.odd_items import Item, everywhere

MEGABYTES = 8_000_000
MANY_REGIONS = 3_000
MANY_KEYS = 2_000_000
# Dropping it leaves the text that was there. The last one is half of a surrogate pair.
UNFIT = "\0\x07\x1b\x7f\x9b\ud800"


def items_of(answer: Item) -> list[Any]:
    """Return the items of an answer that is a list in either form, to be changed."""
    data = answer["data"] or []
    items: list[Any] = data["items"] if isinstance(data, dict) else data
    return items


def of_first(change: Callable[[Item], Item]) -> Callable[[Item, Request], Item]:
    """Put `change(item)` for the first item of the answer, if there is one."""

    def changed(answer: Item, request: Request) -> Item:
        items = items_of(answer)
        items[:1] = [change(item) for item in items[:1]]
        return answer

    return changed


def unfit_texts(answer: Item, request: Request) -> Item:
    change = everywhere(lambda value: value + UNFIT if isinstance(value, str) else value)
    changed: Any = change(0, answer)
    items = items_of(changed)
    items[:] = [item | {f"note{UNFIT}": UNFIT} for item in items]
    return changed  # type: ignore[no-any-return]


def token_in_list(answer: Item, request: Request) -> Item:
    token = request.token
    items = items_of(answer)
    tags = [f"by {token}"]
    items[:] = [
        item
        | {"name": f"{item.get('name')} {token}", token: {token: token}}
        | ({"description": request.authorization, "cimgTags": tags} if "cimgUuid" in item else {})
        for item in items
    ]
    return answer | {"requestId": token}


def many_regions(answer: Item, request: Request) -> Item:
    if request.endpoint == "region/list":
        items = items_of(answer)
        numbers = range(len(items), MANY_REGIONS)
        items += [{"id": f"r{number}", "name": f"R{number}", "zone": []} for number in numbers]
    return answer


def endless(answer: Item, request: Request) -> Item:
    if request.endpoint == "cimg/list":
        start, limit = request.whole("start") or 0, request.whole("limit") or 0
        items_of(answer)[:] = map(any_image, range(start, start + limit))
    return answer


def half_list(answer: Item, request: Request) -> Item:
    if request.endpoint != "cimg/list":
        return answer
    data, start = answer["data"], request.whole("start") or 0
    # In the form without a count the list ends with a page that is not full.
    half = data["count"] // 2 if isinstance(data, dict) else start + len(data) // 2
    del items_of(answer)[max(0, half - start) :]
    if isinstance(data, dict):
        data["count"] = half
    return answer


def any_image(index: int) -> Item:
    uuid = blake2b(b"%d" % index, digest_size=16).hexdigest()
    return {"cimgUuid": uuid, "name": f"image {index}", "status": "Ready"}


# (answer, request) -> the answer instead.
ANSWERS: dict[str, Callable[[Item, Request], Item]] = {
    "unfit_texts": unfit_texts,
    "token_in_list": token_in_list,
    "long_request_id": lambda answer, request: answer | {"requestId": "r" * MEGABYTES},
    "long_names": of_first(lambda item: item | {"name": "n" * MEGABYTES}),
    "many_regions": many_regions,
    "many_keys": of_first(lambda item: item | {MANY_KEYS_MARK: 0}),
    "endless": endless,
    "half_list": half_list,
}

# Two million members take seconds to encode, so they come as bytes, in place of this one.
MANY_KEYS_MARK = "2,000,000 members"


@functools.cache
def many_keys() -> bytes:
    return b",".join(b'"k%d":0' % number for number in range(MANY_KEYS))


def escaped(token: str) -> Iterator[str]:
    return (f"\\u{ord(letter):04x}" for letter in token)


# How the token is written where an answer repeats it: in JSON as such, as PHP and Go write it, and
# in the way that nobody does by accident.
SPELLINGS: dict[str, Callable[[str], str]] = {
    "plain": lambda token: token,
    "slashes": lambda token: token.replace("/", "\\/"),
    "angles": lambda token: (
        token.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    ),
    "unicode": lambda token: "".join(escaped(json.loads(f'"{token}"'))),
}


def encoded(answer: object, token: str, spelling: str) -> bytes:
    """Return the answer as JSON in ASCII, as many servers write it, the token in its spelling."""
    text = json.dumps(answer, separators=(",", ":"))
    literal = json.dumps(token)[1:-1]
    if literal:
        text = text.replace(literal, SPELLINGS[spelling](literal))
    body = text.encode()
    mark = json.dumps(MANY_KEYS_MARK).encode() + b":0"
    return body.replace(mark, many_keys()) if mark in body else body
