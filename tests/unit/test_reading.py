"""What is made of answers that are not as the documents say, over a socket; and of any at all."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from images.cloud import values
from images.cloud.client import Account
from images.cloud.deadline import Deadline
from images.cloud.jobs import read_jobs
from images.cloud.listing import Listing, list_images, list_regions
from images.cloud.reading import (
    FIELDS,
    OTHER,
    Problems,
    read_details,
    read_image,
    read_job,
    read_region,
)
from images.cloud.records import Image, Storage
from images.fields import ENTRIES
from images.insights import storage_state
from images.sandbox import Fault, Sandbox

FACTS = tuple(name for name in Image.__struct_fields__ if name != "packed")


def account(cloud: Sandbox) -> Account:
    return Account(cloud.url, cloud.token, Deadline(20), pause=lambda _: None)


def listing(cloud: Sandbox, *faults: str) -> Listing:
    cloud.clear_faults()
    for kind in faults:
        cloud.misbehave(Fault(kind))
    return list_images(account(cloud), "bj")


def facts(images: list[Image], *but: str) -> list[list[Any]]:
    return [[getattr(image, name) for name in FACTS if name not in but] for image in images]


@pytest.fixture
def busy() -> Iterator[Sandbox]:
    """With jobs under way, and images of every kind."""
    with Sandbox(images=60, seed=1, clock=lambda: 1_700_000_000.0) as cloud:
        yield cloud


@pytest.mark.parametrize("fault", ["numbers_as_text", "whole_floats", "repeated", "unfit_texts"])
def test_other_spellings_of_the_same_are_read_as_the_same(busy: Sandbox, fault: str) -> None:
    good = listing(busy)
    found = listing(busy, fault)

    assert facts(found.images) == facts(good.images)
    assert not found.problems
    assert [image.job for image in good.images if image.job]


@pytest.mark.parametrize("fault", ["numbers_as_text", "whole_floats", "repeated", "unfit_texts"])
def test_other_spellings_of_regions_and_jobs_are_read_as_the_same(
    busy: Sandbox, fault: str
) -> None:
    jobs = [image["job"]["jobUuid"] for image in busy.images("bj") if "job" in image]
    good = list_regions(account(busy)), read_jobs(account(busy), "bj", jobs)
    busy.misbehave(Fault(fault))

    assert (list_regions(account(busy)), read_jobs(account(busy), "bj", jobs)) == good
    assert len(good[1]) == len(jobs) > 2


def test_a_field_that_is_shown_is_named_where_it_cannot_be_read() -> None:
    assert {field.cloud for field in ENTRIES if field.cloud} <= FIELDS


def test_members_that_cannot_be_read_cost_only_themselves(busy: Sandbox) -> None:
    good = listing(busy)
    found = listing(busy, "odd_members")

    told = [image for image in found.images if "None" not in str(image.tags)]
    as_good = {image.uuid: image for image in good.images}
    assert told
    for image in told:
        for name in ("regions", "zones", "scenes", "tags"):
            before, now = getattr(as_good[image.uuid], name), getattr(image, name)
            # What only had such members is not known, which is not the same as none.
            assert now == (before or None)
    assert found.problems["cimgTags"] >= 3 * len(told)


def test_lists_that_cannot_be_read_are_not_known(busy: Sandbox) -> None:
    found = listing(busy, "odd_lists")

    for image in found.images:
        lists = (image.regions, image.zones, image.scenes, image.tags, image.storages, image.disks)
        assert lists == (None,) * len(lists)
        assert storage_state(image) == "unknown"
    assert found.problems["regions"] == len(found.images)


def test_tags_with_keys_and_values_are_read_and_others_are_counted(busy: Sandbox) -> None:
    good, found = listing(busy), listing(busy, "tag_objects")

    for place, (image, before) in enumerate(zip(found.images, good.images, strict=True)):
        assert image.tags == (tuple(f"{tag}={tag}-{place}" for tag in before.tags or ()) or None)
    assert any(image.tags for image in found.images)
    assert found.problems == {"cimgTags": len(found.images)}


def test_storages_of_which_nothing_is_said_are_neither_up_nor_down(busy: Sandbox) -> None:
    good, found = listing(busy), listing(busy, "storages_null")

    for image, before in zip(found.images, good.images, strict=True):
        assert (image.storages, image.storages_down) == (before.storages, 0)
        assert image.storages_unknown == (image.storages or 0)
        assert storage_state(image) == ("at-risk" if image.storages == 0 else "unknown")
    assert not found.problems


@pytest.mark.parametrize(
    ("state", "status", "usable"),
    [
        *[("Enabled", "Connected", True), ("enabled", "CONNECTED", True)],
        *[(None, "Connected", None), ("Enabled", "", None), (None, None, None)],
        *[("Disabled", None, False), (None, "Disconnected", False), ("x", "Connected", False)],
    ],
)
def test_a_storage_is_down_only_where_the_cloud_says_so(
    state: str | None, status: str | None, usable: bool | None
) -> None:
    storage = Storage(None, None, None, None, state, status, None)

    assert storage.usable is usable


def test_words_in_another_case_leave_storages_connected(busy: Sandbox) -> None:
    good, found = listing(busy), listing(busy, "other_case")

    assert list(map(storage_state, found.images)) == list(map(storage_state, good.images))


def test_a_storage_that_is_listed_twice_counts_once_and_as_its_worst() -> None:
    up = {"bsUuid": "AB", "name": "s", "state": "Enabled", "status": "Connected"}
    down = {**up, "bsUuid": "ab", "status": "Disconnected"}

    for entries in ([up, down], [down, up], [up, down, down]):
        image = read({"backupStorages": entries})
        assert (image.storages, image.storages_down) == (1, 1)
    without_ids = [{**up, "bsUuid": None}] * 2
    assert read({"backupStorages": without_ids}).storages == 2


def test_times_in_seconds_are_not_known(busy: Sandbox) -> None:
    good, found = listing(busy), listing(busy, "seconds")

    assert any(image.created for image in good.images)
    assert [(image.created, image.updated) for image in found.images] == [
        (None, None) for image in good.images
    ]
    assert facts(found.images, "created", "updated") == facts(good.images, "created", "updated")


def test_progress_is_read_with_its_sign_and_ends_at_the_whole(busy: Sandbox) -> None:
    found = listing(busy, "odd_progress")
    jobs = [image.job for image in found.images if image.job]

    assert {job.progress for job in jobs} == {45.0, 100.0}
    assert None not in {job.done for job in jobs}
    assert not found.problems


def test_regions_are_held_once_whatever_their_case(busy: Sandbox) -> None:
    busy.add_image("bj", regions=["BJ", "bj", "gz"], zones=["BJ01", "bj01"], scenes=["a", "a"])
    [*_, image] = listing(busy).images

    assert (image.regions, image.zones, image.scenes) == (("BJ", "gz"), ("BJ01",), ("a",))
    assert json.loads(image.raw)["regions"] == ["BJ", "bj", "gz"]  # as sent


def test_a_region_that_is_listed_twice_in_two_cases_is_one(
    busy: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    regions = busy.regions()
    monkeypatch.setattr(busy, "regions", lambda: [*regions, {**regions[0], "id": "GZ"}])

    found, unreadable = list_regions(account(busy))

    assert [region.id for region in found] == ["gz", "bj", "sh"]
    assert not unreadable


# Values


def several(*sent: Any) -> tuple[Any, ...]:
    return sent


READ: list[tuple[Callable[[Any], Any], Any, Any]] = [
    *[
        (values.integer, sent, 3221225472)
        for sent in several(3221225472, "3221225472", 3221225472.0)
    ],
    *[
        (values.integer, sent, None)
        for sent in several(-1, "-1", 0.5, "0x1", "１", "1e3", "", True)
    ],
    *[(values.integer, sent, None) for sent in several(2**63, "9" * 19, "9" * 5000, 1e300)],
    *[(values.integer, sent, None) for sent in several(float("inf"), float("nan"), [1], {}, " 1")],
    *[(values.moment, sent, 1603799470000) for sent in several(1603799470000, "1603799470000")],
    *[
        (values.moment, sent, None)
        for sent in several(0, 1603799470, 1262303999999, 253402300800000)
    ],
    (values.moment, 1262304000000, 1262304000000),
    *[(values.percent, sent, 45.0) for sent in several(45, 45.0, "45", "45%", "45.0 %")],
    *[(values.percent, sent, 100.0) for sent in several(100, 100.4, "100.4%")],
    *[(values.percent, sent, None) for sent in several(101, -1, "half", "%", True, "-5%", "１%")],
    *[(values.flag, sent, True) for sent in several(True, "true", "True", "TRUE")],
    *[(values.flag, sent, False) for sent in several(False, "false")],
    *[(values.flag, sent, None) for sent in several(1, 0, "yes", "1", "", "t", [], 1.0)],
    (values.tag, "a", "a"),
    (values.tag, {"key": "env", "value": "prod"}, "env=prod"),
    *[(values.tag, {"key": "env", **rest}, "env") for rest in ({}, {"value": None})],
    *[(values.tag, sent, None) for sent in several({"value": "a"}, {"key": 1}, {"a": 1}, [], 1)],
    (values.tag, {"key": "a", "value": "b", "c": 1}, None),
]


@pytest.mark.parametrize(("reader", "sent", "read"), READ)
def test_only_spellings_that_clouds_use_are_read(
    reader: Callable[[Any], Any], sent: object, read: object
) -> None:
    try:
        found = reader(sent)
    except values.UnreadableValueError:
        found = None

    assert (found, type(found)) == (read, type(read))


# Anything at all

UNREADABLE = ["1e999", '"\\ud800"', '"\\q"', "9" * 5000, "[" * 5000 + "]" * 5000]
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)
storages = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("bsUuid", "name", "type", "diskType", "state", "status"), anything)
)
jobs = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(
        ("jobUuid", "uuid", "type", "progress", "done", "success", "result"), anything
    ),
)
requirements = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("minDiskSize", "minCpuNum", "minMemorySize", "dc2Types"), anything)
)
items = st.fixed_dictionaries(
    {"cimgUuid": st.just("a") | anything},
    optional={
        **dict.fromkeys([*sorted(FIELDS - {"cimgUuid"}), "new"], anything),
        "backupStorages": anything | st.lists(storages | anything, max_size=3),
        "job": anything | jobs,
        "requirement": anything | requirements,
    },
)


def read(fields: dict[str, Any]) -> Image:
    image = read_image("bj", json.dumps({"cimgUuid": "a", **fields}).encode(), Problems())
    assert image is not None
    return image


def as_json(item: dict[str, Any], unreadable: dict[str, str]) -> bytes:
    members = [
        f"{json.dumps(name)}:{unreadable.get(name) or json.dumps(value)}"
        for name, value in item.items()
    ]
    return f"{{{','.join(members)}}}".encode("utf-8", "surrogatepass")


@given(items, st.dictionaries(st.sampled_from([*FIELDS, "new"]), st.sampled_from(UNREADABLE)))
@example({"cimgUuid": "a", "size": 1, "name": "n"}, {"size": "1e999"})
@example({"cimgUuid": "a", "new": 1, "name": "n"}, {"new": "9" * 5000})
def test_whatever_a_field_holds_it_is_read_or_counted_or_not_known(
    item: dict[str, Any], unreadable: dict[str, str]
) -> None:
    problems = Problems()
    image = read_image("bj", as_json(item, unreadable), problems)

    damaged = {name for name in item if name in unreadable and item[name] is not None}
    if image is None:
        assert problems["item"] == 1
        return
    assert problems["item"] == 0
    assert isinstance(msgspec.json.decode(image.raw), dict)
    read_details(image)
    assert set(problems) <= FIELDS | {OTHER} | set(JOB_FIELDS) | set(STORAGE_FIELDS) | {
        "minDiskSize"
    }
    for name, fact in PLAIN.items():
        sent, found = item.get(name), getattr(image, fact)
        if found is None:
            assert sent is None or problems[name]
        else:
            assert name not in damaged
    for name, fact in LISTS.items():
        sent, found = item.get(name), getattr(image, fact)
        if found is None:
            assert sent is None or problems[name]
        else:
            assert name not in damaged
            assert isinstance(sent, list)
            assert len(found) + problems[name] <= len(sent)


JOB_FIELDS = ("jobUuid", "uuid", "type", "progress", "done", "success", "result")
STORAGE_FIELDS = ("bsUuid", "name", "type", "diskType", "state", "status", "zone")
PLAIN = {"cimgId": "id", "osFamily": "os_family", "size": "size", "isShared": "shared"}
LISTS = {"regions": "regions", "zones": "zones", "scenes": "scenes", "cimgTags": "tags"}


@given(anything | jobs)
def test_whatever_a_job_holds_it_is_read_or_counted_or_not_known(sent: Any) -> None:
    problems = Problems()
    job = read_job(sent, problems)

    assert (job is None) == (not sent or not isinstance(sent, dict))
    if job is not None:
        for name in ("progress", "done", "success", "type"):
            unknown = getattr(job, name) is None
            assert unknown == (sent.get(name) is None or problems[name] == 1)


@given(anything | st.fixed_dictionaries({"id": st.just("bj") | anything}, optional={
    "name": anything, "areaName": anything,
    "zone": anything | st.lists(st.fixed_dictionaries({"id": anything}) | anything),
}))  # fmt: skip
def test_whatever_a_region_holds_it_is_read_or_counted(sent: Any) -> None:
    problems = Problems()
    region = read_region(sent, problems)

    assert (region is None) == (problems["item"] == 1)
    if region is not None:
        assert region.id == sent["id"]
        assert region.name == (sent.get("name") if isinstance(sent.get("name"), str) else "") or (
            region.name == region.id
        )
