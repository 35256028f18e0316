"""The page, the CSV and the JSON of a query are what a plain loop over the cloud's images gives.

The loop reads what the cloud holds, not what the dashboard made of it, and knows the queries from
their description alone.
"""

from __future__ import annotations

import csv
import io
import itertools
import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, TypeVar
from urllib.parse import urlencode

import hypothesis
import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from dashboard.people.models import User
from images.sandbox import Sandbox
from images.sandbox.cloud import CountMode, Shape
from tests.integration.conftest import Keep
from tests.integration.images.pages import FRAGMENT, Page
from tests.judged import judged

Image = dict[str, Any]  # in the cloud's own names, and "region"
Value = tuple[str, Any]  # how an address writes it, what it means
T = TypeVar("T")

URL = "/images/"
REGIONS = ("gz", "bj", "sh")
SETTINGS: list[tuple[CountMode, Shape]] = [
    ("total", "object"),
    ("total", "array"),
    ("page", "object"),
    ("page", "array"),
    ("wrong", "object"),
    ("wrong", "array"),
]
QUERIES = 34  # of each setting: more than 200 in all
CHINA = timezone(timedelta(hours=8))


# What a plain loop finds


def scalar(value: str | None) -> set[str]:
    return {value or "unknown"}


def several(values: Iterable[str | None] | None) -> set[str]:
    if values is None:
        return {"unknown"}
    return {value or "unknown" for value in values} or {"none"}


def storage_state(image: Image) -> str:
    storages = image.get("backupStorages")
    if storages is None:
        return "unknown"
    usable = [each["state"] == "Enabled" and each["status"] == "Connected" for each in storages]
    return "ok" if usable and all(usable) else "at-risk"


def disks(image: Image) -> set[str]:
    storages = image.get("backupStorages")
    return several(None if storages is None else [each["diskType"] for each in storages])


FACETS: dict[str, Callable[[Image], set[str]]] = {
    "region": lambda image: {image["region"]},
    "status": lambda image: scalar(image["status"]),
    "os": lambda image: scalar(image["osFamily"]),
    "version": lambda image: scalar(image["osVersion"]),
    "platform": lambda image: scalar(image["platform"]),
    "arch": lambda image: scalar(image["osArch"]),
    "type": lambda image: scalar(image["type"]),
    "shared": lambda image: {{True: "yes", False: "no", None: "unknown"}[image["isShared"]]},
    "zone": lambda image: several(
        None if image["zones"] is None else [zone.lower() for zone in image["zones"]]
    ),
    "scene": lambda image: several(image["scenes"]),
    "tag": lambda image: several(image["cimgTags"]),
    "medium": disks,
    "min_disk": lambda image: scalar(None if least_disk(image) is None else str(least_disk(image))),
    "storage": lambda image: {storage_state(image)},
    "check": lambda image: scalar(image["checkState"]),
}


def texts(image: Image) -> list[str]:
    fields = ("name", "description")
    system = f"{image['osFamily'] or ''} {image['osVersion'] or ''}"
    told = (*map(image.get, fields), system, image["platform"], image["osArch"])
    return [text for text in (*told, *(image["cimgTags"] or ())) if text]


def least_disk(image: Image) -> int | None:
    size: int | None = (image.get("requirement") or {}).get("minDiskSize")
    return size


def has_text(image: Image, part: str) -> bool:
    ids = (image["cimgId"], image["cimgUuid"]) if len(fold(part)) >= 4 else ()
    return any(fold(part) in fold(text) for text in (*texts(image), *filter(None, ids)))


def fold(text: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def same(text: str | None, other: str) -> bool:
    return unicodedata.normalize("NFC", text or "") == unicodedata.normalize("NFC", other)


# Of each parameter that is no facet: does the image fit what it means?
FITS: dict[str, Callable[[Image, Any], bool]] = {
    "q": has_text,
    "name": lambda image, name: same(image["name"], name),
    "min_size": lambda image, size: image["size"] is not None and image["size"] >= size,
    "max_size": lambda image, size: image["size"] is not None and image["size"] <= size,
    "fits_disk": lambda image, size: least_disk(image) is not None and least_disk(image) <= size,
    "created_after": lambda image, time: bool(image["createTime"] and image["createTime"] >= time),
    "created_before": lambda image, time: bool(image["createTime"] and image["createTime"] < time),
}


def fits(image: Image, wanted: dict[str, list[Any]]) -> bool:
    """Any value of each parameter, and so for all of them; none of an excluded one."""
    return all(
        FACETS[name.removeprefix("-")](image).isdisjoint(values) == name.startswith("-")
        if name.removeprefix("-") in FACETS
        else any(FITS[name](image, value) for value in values)
        for name, values in wanted.items()
    )


def place(image: Image) -> tuple[str, str]:
    return image["region"], image["cimgUuid"]


def by_name(image: Image) -> list[tuple[int, int]]:
    """Letter by letter, but numbers by their value, where digits stand among letters."""
    parts = re.findall("[0-9]+|[^0-9]", fold(image["name"] or ""), re.DOTALL)
    return [
        (ord("0"), int(part)) if part.isdecimal() and part.isascii() else (ord(part), 0)
        for part in parts
    ]


ORDERS: dict[str, Callable[[Image], Any]] = {
    "name": lambda image: by_name(image) or None,
    "size": lambda image: image["size"],
    "created": lambda image: image["createTime"],
}


def in_order(images: list[Image], sort: str) -> list[Image]:
    """What is not known comes last either way; among equals name in any case, region, id."""
    key = ORDERS[sort.removeprefix("-")]
    images = sorted(images, key=lambda image: (by_name(image), *place(image)))
    known = [image for image in images if key(image) is not None]
    unknown = [image for image in images if key(image) is None]
    return sorted(known, key=key, reverse=sort.startswith("-")) + unknown


# Queries


@dataclass(frozen=True)
class Question:
    """`written` is what the address says, `wanted` what that means."""

    written: list[tuple[str, str]]
    wanted: dict[str, list[Any]]
    sort: str
    page: int
    size: int
    fragment: bool


SORTS = (
    *("name", "size", "created", "name", "size", "created", "id", "status", "os", "platform"),
    *("arch", "min_disk", "region", "storages", "shared", "updated", "check"),
)
EXCLUDED = ("-region", "-os", "-tag", "-zone")
PARAMETERS = (*FACETS, *FITS, "q", "name", "region", *EXCLUDED)
REPEATABLE = {*FACETS, "name", *EXCLUDED}

# What no image has, or every image.
STRANGE: dict[str, list[Value]] = {
    "region": [(region, region) for region in REGIONS],
    "shared": [("unknown", "unknown"), ("TRUE", "yes"), ("0", "no")],
    "storage": [("unknown", "unknown"), ("AT-RISK", "at-risk")],
    "q": [("不存在的镜像", "不存在的镜像"), ("%", "%"), ("_", "_"), ("  -  ", "-"), ("\\", "\\")],
    "-region": [("sh", "sh")],
    "fits_disk": [("0", 0), ("7EiB", 7 * 2**60)],
    "name": [("没有这个名字", "没有这个名字"), ("golden", "golden"), ("  ", "  ")],
    "min_size": [("0", 0), ("7EiB", 7 * 2**60), ("1.5 gib", 3 * 2**29), ("２GiB", 2 * 2**30)],
    "max_size": [("0", 0), ("7EiB", 7 * 2**60), ("2GB", 2 * 10**9), ("4096m", 2**32)],
    "created_after": [("1970-01-01", 0), ("2999-01-01", 32_472_144_000_000)],
    "created_before": [("1969-12-31", 0), ("2999-01-01T00:00:00Z", 32_472_144_000_000)],
}
NOWHERE = [("nowhere", "nowhere"), ("没有", "没有"), ("' OR 1=1 --", "' OR 1=1 --")]
# What means nothing and changes nothing.
INVALID = [
    ("shared", "maybe"),
    ("storage", "fine"),
    ("region", "../.."),
    ("min_size", "big"),
    ("created_before", "yesterday"),
    ("sort", "colour"),
    ("page", "last"),
    ("colour", "红"),
    ("os", ""),
    ("q", ""),
]


def searches(text: str) -> list[str]:
    parts = (text[:200], text[:1], text[1:4], text[-3:], text[:5].upper(), text[2:].swapcase())
    stripped = {part[:200].strip() for part in parts}
    # Control characters are not searched for.
    return sorted(part for part in stripped if part and "Cc" not in map(unicodedata.category, part))


def phrase(text: str) -> str:
    """The text as it stands, whatever its letters mean to a search box."""
    return '"' + re.sub(r'["＂“”„\\]', r"\\\g<0>", text) + '"'


def times(milliseconds: int | None, *, last: bool) -> list[Value]:
    if milliseconds is None:
        return []
    exactly, after = (
        datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=each)
        for each in (milliseconds, milliseconds + 1)
    )
    # A date is a whole day.
    day = milliseconds - milliseconds % 86_400_000 + last * 86_400_000
    return [
        (exactly.isoformat(), milliseconds),
        (exactly.astimezone(CHINA).isoformat(), milliseconds),
        (after.isoformat(timespec="milliseconds"), milliseconds + 1),
        (exactly.date().isoformat(), day),
    ]


def sizes(size: int | None) -> list[Value]:
    if size is None:
        return []
    gib = 2**30
    return [(str(size), size), (str(size + 1), size + 1), (f"{size // gib}GiB", size // gib * gib)]


def values_of(image: Image, parameter: str) -> list[Value]:
    """What an address may say that this image, or nearly this one, fits."""
    facet = parameter.removeprefix("-")
    if facet in FACETS:
        values = sorted(FACETS[facet](image))
        spelled = [(value, value) for value in values]
        return spelled + [(value.upper(), value) for value in values if facet == "zone"]
    if parameter == "q":
        return [(phrase(part), part) for text in texts(image) for part in searches(text)]
    if parameter == "name":
        return [(name, name) for name in [image["name"] or ""] if 0 < len(name) <= 200]
    if parameter in ("min_size", "max_size"):
        return sizes(image["size"])
    if parameter == "fits_disk":
        return sizes(least_disk(image))
    return times(image["createTime"], last=parameter == "created_before")


@st.composite
def questions(draw: st.DrawFn, images: Sequence[Image]) -> Question:
    """Most of what one asks fits one and the same image, or nothing would ever be found."""
    anchor = draw(st.sampled_from(images))
    written, wanted = [], {}
    for parameter in draw(st.lists(st.sampled_from(PARAMETERS), max_size=4, unique=True)):
        most = 3 if parameter in REPEATABLE else 1
        strange = STRANGE.get(parameter, NOWHERE)
        found = [
            draw(st.sampled_from(values_of(image, parameter) or strange))
            for image in (
                draw(st.sampled_from(images)) if parameter in EXCLUDED else anchor,
                *draw(st.lists(st.sampled_from(images), max_size=most - 1)),
            )
        ]
        if draw(st.integers(0, 3)) == 3:
            found[draw(st.integers(0, len(found) - 1))] = draw(st.sampled_from(strange))
        written += [(parameter, text) for text, _ in found]
        wanted[parameter] = [value for _, value in found]
    written += draw(st.lists(st.sampled_from(INVALID), max_size=2))
    sort = draw(st.sampled_from(("", "-"))) + draw(st.sampled_from(SORTS))
    page, size = draw(st.integers(1, 4)), draw(st.sampled_from((25, 50, 100, 200)))
    shown = {"sort": (sort, "-created"), "page": (page, 1), "size": (size, 50)}
    written += [(name, str(value)) for name, (value, usual) in shown.items() if value != usual]
    return Question(draw(st.permutations(written)), wanted, sort, page, size, draw(st.booleans()))


# What the dashboard says


def shown(browser: Client, address: str, *, fragment: bool) -> Page:
    page = Page(browser.get(address, headers=FRAGMENT if fragment else {}))
    assert page.status == 200
    return page


def sent(browser: Client, address: str) -> str:
    response: Any = browser.get(address)
    assert response.status_code == 200
    text: str = response.getvalue().decode("utf-8-sig")
    return text


def cut(rows: Sequence[T], page: int, size: int) -> Sequence[T]:
    """The rows of a page, or of the last one when there are fewer."""
    page = min(page, max(1, -(-len(rows) // size)))
    return rows[(page - 1) * size : page * size]


def assert_agree(browser: Client, images: Sequence[Image], asked: Question) -> int:
    query = urlencode(asked.written)
    page = shown(browser, f"{URL}?{query}", fragment=asked.fragment)
    rows = list(csv.DictReader(io.StringIO(sent(browser, f"{URL}export.csv?{query}"), newline="")))
    document = json.loads(sent(browser, f"{URL}export.json?{query}"))

    truth = [image for image in images if fits(image, asked.wanted)]
    exported = [place(image) for image in document["images"]]
    assert page.total == len(rows) == document["total"] == len(exported) == len(truth)
    assert sorted(exported) == sorted(map(place, truth))
    assert [(row["region"], row["cimgUuid"]) for row in rows] == exported
    if asked.sort.removeprefix("-") in ORDERS:
        truth = in_order(truth, asked.sort)
    else:  # Any order will do, as long as it is one.
        truth = sorted(truth, key=lambda image: exported.index(place(image)))
    assert document["images"] == truth
    on_page = [(row.attributes["data-region"], row.attributes["data-image"]) for row in page.rows]
    assert on_page == cut(exported, asked.page, asked.size)
    return len(truth)


def add_odd_images(cloud: Sandbox) -> None:
    """Those of which little is known, and texts that are hard to find."""
    cloud.add_image("gz", name=None, size=None, createTime=None, osFamily=None, isShared=None)
    cloud.add_image("gz", name="", description=None, cimgTags=None, zones=None, scenes=[])
    cloud.add_image("bj", name="   ", backupStorages=[], checkState="", zones=["BJ01", "bj01"])
    cloud.add_image("bj", name="escaped \\0 nul", size=0, osVersion=None, osArch=None, platform="")
    cloud.add_image("sh", name="İSTANBUL-ẞ-ﬁ", backupStorages=None, cimgTags=["生产", ""])
    for name in ("北京 02", "北京 02", "cafe\u0301 / café", "a+b&c=d#e%20"):
        cloud.add_image("sh", name=name, createTime=1_600_000_000_000, size=2**30)


@pytest.mark.parametrize(("count_mode", "shape"), SETTINGS)
def test_page_csv_and_json_agree_with_the_cloud(
    browser: Client,
    person: User,
    keep: Keep,
    settings: Settings,
    count_mode: CountMode,
    shape: Shape,
) -> None:
    number = SETTINGS.index((count_mode, shape))
    settings.INVENTORY_FRESH_SECONDS = 3600
    found = []
    with Sandbox(
        images=60,
        seed=number,
        count_mode=count_mode,
        shape=shape,
        max_limit=25,  # so that it takes several pages
        clock=lambda: 1_700_000_000.0,
    ) as cloud:
        add_odd_images(cloud)
        settings.DIDIYUN_API_URL = cloud.url
        account = keep(person, cloud.token).pk
        images = [judged(image, each, account) for each in REGIONS for image in cloud.images(each)]

        @hypothesis.seed(number)  # Other queries for each setting, the same every time.
        @hypothesis.settings(max_examples=QUERIES, deadline=None, derandomize=True)
        @given(questions(images))
        def agree(asked: Question) -> None:
            found.append(assert_agree(browser, images, asked))

        agree()
        read = [call for call in cloud.calls if call.endpoint == "region/list"]

    assert len(found) >= QUERIES
    assert len(read) == 1
    # They tell something: neither nothing nor everything is what most of them find.
    assert sum(0 < total < len(images) for total in found) > QUERIES // 3


def test_all_that_there_is_agrees_in_every_order(
    large: Client, large_cloud: Sandbox, person: User
) -> None:
    account = person.tokens.get().pk
    images = [
        judged(image, each, account) for each in REGIONS for image in large_cloud.images(each)
    ]

    for sort, sign in itertools.product(ORDERS, ("", "-")):
        asked = Question([("sort", sign + sort), ("page", "4")], {}, sign + sort, 4, 50, True)
        assert assert_agree(large, images, asked) == 750
