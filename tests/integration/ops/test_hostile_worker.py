"""A real worker in front of a hostile cloud: what it reads makes it grow by little more than an
honest list would."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests import dashboards
from tests.bench.stack import USER, Stack, stack
from tests.hostility import IMAGE, JOB, STORAGE
from tests.liar import REGIONS, Liar, Reply, answer, page
from tests.stack.running import wait_until

MOST_MEGABYTES = 50
MILLION = 1_000_000
FEW = 10_000  # images: no list of so many takes much more than an honest one
ADDRESSES = (
    *(
        "/images/?{}",
        "/images/?{}&q=web&size=200",
        "/images/export.json?{}",
        "/images/export.csv?{}",
    ),
    *("/overview/?{}", "/overview/coverage/?{}", "/changes/?{}"),
    *("/api/v1/images?{}", "/api/v1/facets?{}", "/api/v1/regions?{}"),
)

_numbers = count()


def numbered(many: int, **fields: object) -> list[dict[str, object]]:
    return [{**IMAGE, "cimgUuid": f"{next(_numbers):032x}", **fields} for _ in range(many)]


def instead(good: bytes, part: bytes, bad: bytes) -> Reply:
    body = good.replace(part, bad)
    assert bad in body
    return lambda asked: body


def of_images(images: list[dict[str, object]]) -> Reply:
    return lambda asked: page(asked, images)


def of_inflated(inflated: Callable[[int], dict[str, object]]) -> Reply:
    """A page of so many images that it is not made before it is asked for."""

    def reply(asked: dict[str, Any]) -> bytes:
        places = range(asked["start"], min(asked["start"] + asked["limit"], FEW))
        images = [
            {**IMAGE, "cimgUuid": f"{each:032x}", "job": None, **inflated(each)} for each in places
        ]
        return answer({"count": FEW, "items": images})

    return reply


# Of one image, by its number: so much that all of them would be too heavy, or nearly.
INFLATED: dict[str, Callable[[int], dict[str, object]]] = {
    "fields that nobody reads": lambda number: {"more": f"{number} " + "x" * 6_000},
    "fields just small enough": lambda number: {"more": f"{number} " + "x" * 3_300},
    "descriptions": lambda number: {"description": f"{number} " + "x" * 3_900},
    "descriptions just short enough": lambda number: {"description": f"{number} " + "x" * 900},
    "wide letters": lambda number: {"description": f"{number} \U0001f600" + "x" * 550},
    "tags": lambda number: {"cimgTags": [f"{number}-{place}" for place in range(100)]},
    "tags just few enough": lambda number: {
        "cimgTags": [f"{number}-{place}" for place in range(7)]
    },
    "values": lambda number: {
        name: f"{name} {number} " + "x" * 250
        for name in ("status", "type", "osVersion", "osFamily")
    },
}


def honest(number: int) -> dict[str, object]:
    return {
        "name": f"web-{number}",
        "description": f"{number}: what the team boots its web servers from",
        "backupStorages": [STORAGE] * 3,
        "job": JOB if number < 30 else None,
    }


def attacks() -> Iterator[tuple[str, str, Reply]]:
    """What it is, the endpoint, and what that answers."""
    good, null = answer([{**IMAGE, "x": "y"}]), answer(None)
    yield "request id", "cimg/list", instead(good, b"e" * 32, b"e" * 8 * MILLION)
    yield "request id", "region/list", instead(answer(REGIONS), b"e" * 32, b"e" * 900_000)
    yield "errmsg", "cimg/list", lambda asked: answer(None, errno=99, errmsg="m" * 8 * MILLION)
    yield "regions", "region/list", lambda asked: answer([{"id": f"r{n}"} for n in range(3_000)])
    yield "entries", "region/list", instead(null, b"null", b"[" + b"{}," * 340_000 + b"{}]")
    yield "digits", "region/list", instead(null, b"null", b"[" + b"0," * 500_000 + b"0]")
    yield "zones", "region/list", lambda asked: answer([{**REGIONS[0], "zone": [{}] * 200_000}])
    yield "depth", "region/list", instead(null, b"null", b"[" * 900_000)
    yield (
        "keys",
        "cimg/list",
        instead(
            good, b'"x"', b",".join(b'"k%d":0' % each for each in range(2 * MILLION)) + b',"x"'
        ),
    )
    yield "items", "cimg/list", instead(null, b"null", b"[" + b"{}," * 10 * MILLION + b"{}]")
    yield "long texts", "cimg/list", of_images(numbered(60, name="<" * 30_000, status="&" * 30_000))
    yield (
        "many tags",
        "cimg/list",
        of_images(numbered(30, cimgTags=[f"tag {each}" for each in range(20_000)])),
    )
    yield (
        "many values",
        "cimg/list",
        of_images(
            [
                each
                | {name: f"{name} {place}" * 20 for name in ("status", "osVersion", "osFamily")}
                for place, each in enumerate(numbered(2_000, backupStorages=[], job=None))
            ]
        ),
    )
    yield "jobs", "i/result", instead(null, b"null", b"[" + b"{}," * 340_000 + b"{}]")
    for what, inflated in INFLATED.items():
        yield f"{what} of many", "cimg/list", of_inflated(inflated)


@pytest.fixture(scope="module")
def liar() -> Iterator[Liar]:
    with Liar() as liar:
        yield liar


@pytest.fixture(scope="module")
def running(liar: Liar) -> Iterator[Stack]:
    # The bounds of what is read are those of everyone. Of other tokens a worker holds little, so
    # that each attack is seen by itself.
    bounds = {"WEB_CONCURRENCY": "1", "INVENTORY_MEMORY_MB": "16"}
    with stack(3, DIDIYUN_API_URL=liar.url, **bounds) as running:
        yield running


def peak_megabytes(pid: int) -> float:
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1]) / 1024


def forget_peak(pid: int) -> None:
    """Signing in took much, for it is meant to."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def visit(running: Stack, token: str) -> None:
    for address in ADDRESSES:
        status, _body = running.get(address.format(f"token={token}"))
        assert status != 500, address


@pytest.mark.thorough
def test_whatever_a_cloud_sends_a_worker_grows_by_little(running: Stack, liar: Liar) -> None:
    good = dict(liar.replies)
    liar.replies["cimg/list"] = of_inflated(honest)
    told = list(attacks())
    secrets = [f"{place:064x}" for place in range(len(told) + 1)]
    names = [f"Number {place}" for place in range(len(secrets))]
    dashboards.manage(
        running.environment,
        *(
            (("add_token", "--user", USER, "--label", name), secret)
            for name, secret in zip(names, secrets, strict=True)
        ),
    )
    _status, body = running.get("/api/v1/tokens")
    tokens = dict(re.findall(r'"id":"([0-9a-f-]{36})","label":"([^"]+)"', body.decode()))
    ids = {label: token for token, label in tokens.items()}
    for _ in range(3):
        visit(running, ids[names[0]])
    [worker] = running.workers()
    [before] = running.worker_megabytes()
    forget_peak(worker)

    for (what, endpoint, reply), name in zip(told, names[1:], strict=True):
        liar.replies = {**good, endpoint: reply}
        visit(running, ids[name])
        assert running.workers() == [worker], what
        # What is read behind a page takes its memory until it is done.
        wait_until(lambda: running.worker_megabytes()[0] - before < MOST_MEGABYTES, 30, what)
        if endpoint != "cimg/list":  # which is read by a process of its own
            assert peak_megabytes(worker) - before < MOST_MEGABYTES, what
