"""Anything that a cloud could send: JSON of any shape and size in any field of any answer.

A document is written here byte by byte and not by an encoder, for what no encoder would write is to
be in it as well: numbers beyond all bounds, halves of surrogate pairs, bare control characters.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from hypothesis import strategies as st

Path = tuple[str | int, ...]
Lies = tuple[tuple[Path, Any], ...]
"""What stands at each of these places of a document instead of what is good there."""


class Json(bytes):
    """A part of a document that is written already."""


JOB = {
    "jobUuid": "a" * 32,
    "type": "CreateCIMG",
    "progress": 45.5,
    "done": False,
    "success": False,
    "result": "soon",
    "resourceUuid": "b" * 32,
}
STORAGE = {
    "bsUuid": "c" * 32,
    "name": "one",
    "type": "Ceph",
    "diskType": "SSD",
    "state": "Enabled",
    "status": "Connected",
    "zone": "BJ01",
}
IMAGE: dict[str, Any] = {
    "cimgUuid": "f" * 32,
    "cimgId": "cimg-1",
    "name": "web",
    "description": "of today",
    "status": "Ready",
    "type": "custom",
    "osFamily": "CentOS",
    "osVersion": "7.9",
    "osArch": "x86_64",
    "platform": "Linux",
    "checkState": "uncheck",
    "size": 3_221_225_472,
    "createTime": 1_603_799_470_000,
    "updateTime": 1_603_799_470_000,
    "isShared": False,
    "isExternal": False,
    "regions": ["bj"],
    "zones": ["bj01"],
    "scenes": ["base"],
    "cimgTags": ["web"],
    "backupStorages": [STORAGE],
    "job": JOB,
    "requirement": {"minDiskSize": 2**33, "minCpuNum": 1, "minMemorySize": 2**30, "dc2Types": []},
}
IMAGES = 12
UUIDS = [f"{number:032d}" for number in range(IMAGES)]
ENVELOPE = {"errno": 0, "errmsg": "ok", "requestId": "e" * 32}
GOOD: dict[str, Any] = {
    "region/list": {
        **ENVELOPE,
        "data": [
            {"id": each, "name": each, "areaName": "", "zone": [{"id": f"{each}01", "name": "1"}]}
            for each in ("bj", "gz")
        ],
    },
    "cimg/list": {
        **ENVELOPE,
        "data": {
            "count": IMAGES,
            "items": [
                {**IMAGE, "cimgUuid": UUIDS[number], "job": {**JOB, "jobUuid": f"{number:032x}"}}
                for number in range(IMAGES)
            ],
        },
    },
    "i/result": {**ENVELOPE, "data": [JOB]},
}


def places(document: Any, above: Path = ()) -> Iterator[Path]:
    """Every place of a document, that of the whole first."""
    yield above
    members = document.items() if isinstance(document, dict) else ()
    for key, value in enumerate(document) if isinstance(document, list) else members:
        yield from places(value, (*above, key))


def told(document: Any, lies: Lies) -> bytes:
    """The document with these lies in it."""
    for path, lie in lies:
        document = _with(document, path, lie)
    return written(document)


def _with(document: Any, path: Path, lie: Any) -> Any:
    """What an earlier lie left no place for is left out."""
    if not path:
        return lie
    if not isinstance(document, dict | list):
        return document
    changed: Any = document.copy()
    with suppress(LookupError, TypeError):
        key: Any = path[0]
        changed[key] = _with(document[key], path[1:], lie)
    return changed


def written(value: Any) -> bytes:
    if isinstance(value, Json):
        return value
    if isinstance(value, dict):
        members = (_key(key) + b":" + written(member) for key, member in value.items())
        return b"{" + b",".join(members) + b"}"
    if isinstance(value, list):
        return b"[" + b",".join(map(written, value)) + b"]"
    return json.dumps(value).encode("utf-8", "surrogatepass")


def _key(key: str | Json) -> bytes:
    return key if isinstance(key, Json) else json.dumps(key).encode()


BARE = frozenset(map(chr, range(0x20, 0x2_000))) - {'"', "\\"}
# How one character of a text may stand in a document; last as itself, also where that is no JSON.
SPELLINGS: tuple[Callable[[str], str], ...] = (
    lambda each: json.dumps(each)[1:-1],
    lambda each: "".join(f"\\u{unit:04x}" for unit in _units(each)),
    lambda each: "".join(f"\\u{unit:04X}" for unit in _units(each)),
    lambda each: each if each in BARE else json.dumps(each)[1:-1],
    lambda each: each,
)


def _units(text: str) -> Iterator[int]:
    encoded = text.encode("utf-16-be", "surrogatepass")
    for at in range(0, len(encoded), 2):
        yield int.from_bytes(encoded[at : at + 2], "big")


def spelled(text: str, spellings: list[int]) -> Json:
    """Each character by the next of the spellings, over and over."""
    parts = [SPELLINGS[spellings[at % len(spellings)]](each) for at, each in enumerate(text)]
    return Json(b'"' + "".join(parts).encode("utf-8", "surrogatepass") + b'"')


def numbers() -> st.SearchStrategy[Json]:
    whole = st.integers(-(10**40), 10**40).map(lambda number: Json(str(number).encode()))
    odd = ("1e999", "-1e999", "1e-999", "-0", "0.1", "4.0", "1e18", "9" * 30, "9" * 5_000)
    edges = (2**31, 2**53, 2**63 - 1, 2**63, 2**64, -(2**63) - 1, 253_402_300_800_000)
    return whole | st.sampled_from([Json(str(each).encode()) for each in (*odd, *edges)])


def texts(token: str, spellings: int = len(SPELLINGS) - 1) -> st.SearchStrategy[Json]:
    """The token, what means something somewhere, and any character, halves of pairs included."""
    telling = (
        *(f"Bearer {token}", f"{token[:32]}\0{token[32:]}", f"<{token}>"),
        *('<script>alert(1)</script>"', "=1+1", "\0", "\r\nSet-Cookie: a=b", "\u202e", "\u200b"),
        *("true", "45%", "1603799470000", "../..", "%00", "bj", "\ud800", "   "),
    )
    spelled_so = st.lists(st.integers(0, spellings - 1), min_size=1, max_size=3)
    said = (
        st.just(token)
        | st.sampled_from(telling)
        | st.text(st.characters(codec=None, categories=None), max_size=40)
    )
    return st.builds(spelled, said, spelled_so)


def no_json() -> st.SearchStrategy[Json]:
    """What makes no document of anything that it is in."""
    return st.sampled_from([b"", b"NaN", b"{", b"]", b"\xff", b'"\0"', b'"\xed\xa0\x80"']).map(Json)


WIDE, TOO_WIDE = (101, 301, 1_500, 20_000), (300_000,)
DEEP, TOO_DEEP = (30, 301), (1_500, 100_000)


def large(wide: tuple[int, ...], deep: tuple[int, ...]) -> st.SearchStrategy[Json]:
    """Long, wide and deep."""
    long = (
        lambda number: b'"' + b"x" * number + b'"',
        lambda number: b'"' + "\u754c".encode() * number + b'"',
        lambda number: b"[" + b"{}," * number + b"{}]",
        lambda number: b'["' + b'","'.join(b"%d" % each for each in range(number)) + b'"]',
        lambda number: b"{" + b",".join(b'"%d":0' % each for each in range(number)) + b"}",
    )
    nested = (
        lambda number: b"[" * number + b"]" * number,
        lambda number: b'{"a":' * number + b"1" + b"}" * number,
    )
    choices = ((long, wide), (nested, deep))
    of = [st.builds(_made, st.sampled_from(make), st.sampled_from(many)) for make, many in choices]
    return st.one_of(of)


def _made(make: Callable[[int], bytes], many: int) -> Json:
    return Json(make(many))


def anything(token: str) -> st.SearchStrategy[Any]:
    plain = st.sampled_from([Json(b"null"), Json(b"true"), Json(b"false")])
    leaves = texts(token) | numbers() | large(WIDE, DEEP) | plain
    nested = st.recursive(
        leaves,
        lambda inner: (
            st.lists(inner, max_size=4) | st.dictionaries(texts(token), inner, max_size=4)
        ),
        max_leaves=6,
    )
    return texts(token) | leaves | nested


def lies(token: str) -> st.SearchStrategy[dict[str, Lies]]:
    """What is told at some places of each endpoint's answer. Much is told of single things; now and
    then something of the whole as well, which may leave nothing to be read."""

    def of(endpoint: str) -> st.SearchStrategy[Lies]:
        everywhere = list(places(GOOD[endpoint]))
        within = [place for place in everywhere if any(isinstance(key, int) for key in place)]
        whole = [place for place in everywhere if place not in within]
        of_one = st.tuples(st.sampled_from(within), anything(token))
        more = (
            anything(token) | large(TOO_WIDE, TOO_DEEP) | no_json() | texts(token, len(SPELLINGS))
        )
        of_all = st.tuples(st.sampled_from(whole), more)
        seldom = st.integers(0, 5).flatmap(
            lambda number: st.lists(of_all, min_size=1, max_size=2) if number == 5 else st.just([])
        )
        return st.builds(
            lambda some, rest: (*some, *rest),
            st.lists(of_one, min_size=2, max_size=len(within) // 8 + 2),
            seldom,
        )

    return st.fixed_dictionaries({endpoint: of(endpoint) for endpoint in GOOD})
