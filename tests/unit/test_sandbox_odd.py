"""The sandbox's odd answers are in the vendor's form, and odd in what they say they are."""

from __future__ import annotations

import json
from typing import Any
from urllib.request import Request, urlopen

import pytest

from images.sandbox import Fault, Sandbox
from images.sandbox.odd_answers import (
    ANSWERS,
    MANY_KEYS,
    MANY_REGIONS,
    MEGABYTES,
    SPELLINGS,
    UNFIT,
)
from images.sandbox.odd_items import ITEMS

REGIONS, IMAGES = "region/list", "storage/cimg/list"


def sent(cloud: Sandbox, what: str, start: int = 0) -> bytes:
    asked = json.dumps({"regionId": "bj", "start": start, "limit": 100}).encode()
    headers = {"Authorization": f"Bearer {cloud.token}"}
    with urlopen(Request(f"{cloud.url}/dicloud/i/{what}", asked, headers)) as answer:
        body: bytes = answer.read()
    return body


def items(answer: dict[str, Any]) -> list[Any]:
    data = answer["data"]
    found: list[Any] = data["items"] if isinstance(data, dict) else data
    return found


@pytest.mark.parametrize("shape", ["object", "array"])
@pytest.mark.parametrize("kind", [*ITEMS, *sorted({*ANSWERS} - {"many_keys"})])
def test_an_odd_answer_is_a_success_in_the_vendors_form(kind: str, shape: Any) -> None:
    with Sandbox(images=40, seed=1, shape=shape, clock=lambda: 1_700_000_000.0) as cloud:
        good = [json.loads(sent(cloud, what)) for what in (REGIONS, IMAGES)]
        cloud.misbehave(Fault(kind))
        odd = [json.loads(sent(cloud, what)) for what in (REGIONS, IMAGES)]

    for answer, before in zip(odd, good, strict=True):
        assert set(answer) == set(before)
        assert answer["errno"] == 0
        least = len(items(before)) // (2 if kind == "half_list" else 1)
        assert len(items(answer)) >= least
    written = [json.dumps(list(map(items, answers))) for answers in (odd, good)]
    assert written[0] != written[1] or len(odd[0]["requestId"]) == MEGABYTES


def test_an_error_stays_as_it_is(cloud: Sandbox) -> None:
    cloud.misbehave(Fault("blank_names"))
    asked = Request(f"{cloud.url}/dicloud/i/{REGIONS}", b"{}", {"Authorization": "Bearer wrong"})
    with urlopen(asked) as answer:
        assert json.load(answer)["errno"] == 4


def test_there_is_no_end_to_an_endless_listing(cloud: Sandbox) -> None:
    cloud.misbehave(Fault("endless"))
    pages = [items(json.loads(sent(cloud, IMAGES, start))) for start in (0, 100, 10**9)]

    assert len({image["cimgUuid"] for page in pages for image in page}) == 300


def test_large_things_are_as_large_as_they_say(cloud: Sandbox) -> None:
    cloud.misbehave(Fault("many_keys", times=1))
    cloud.misbehave(Fault("many_regions"))

    assert sent(cloud, IMAGES).count(b'"k') == MANY_KEYS
    assert len({region["id"] for region in items(json.loads(sent(cloud, REGIONS)))}) == MANY_REGIONS


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_the_token_is_spelled_as_asked_for(spelling: str) -> None:
    with Sandbox(images=2, token='a/b<"c') as cloud:
        cloud.misbehave(Fault("token_in_list", spelling=spelling))
        body = sent(cloud, IMAGES)

        assert json.loads(body)["requestId"] == cloud.token
        assert SPELLINGS[spelling]('a/b<\\"c').encode() in body


def test_texts_that_are_unfit_come_escaped(cloud: Sandbox) -> None:
    cloud.misbehave(Fault("unfit_texts"))

    answer = json.loads(sent(cloud, IMAGES))
    assert answer["requestId"].endswith(UNFIT)
    assert all(image["cimgUuid"].endswith(UNFIT) for image in items(answer))
