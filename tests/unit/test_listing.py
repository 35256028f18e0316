"""Whole listings: every image once, however the pages come."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import count
from random import Random
from threading import Event
from typing import Any

import pytest

from images.cloud.client import MIB, Account, Limits
from images.cloud.deadline import Deadline
from images.cloud.errors import TooLarge, Unreadable
from images.cloud.jobs import read_jobs
from images.cloud.listing import Listing, list_images, list_regions, may_list_images
from images.sandbox import Fault, Sandbox
from images.sandbox.cloud import CountMode, Shape
from tests.liar import IMAGE, Liar, answer, page


def listing(cloud: Sandbox, region: str = "bj", limit: int = 100) -> Listing:
    account = Account(cloud.url, cloud.token, Deadline(20), pause=lambda _: None)
    return list_images(account, region, limit)


def truth(cloud: Sandbox, region: str = "bj") -> list[str]:
    return [image["cimgUuid"] for image in cloud.images(region)]


@pytest.mark.parametrize("shape", ["object", "array"])
@pytest.mark.parametrize("count_mode", ["total", "page", "wrong"])
@pytest.mark.parametrize("images", [0, 1, 2, 99, 100, 101, 199, 250])
def test_every_image_is_held_once_whatever_count_says(
    images: int, count_mode: CountMode, shape: Shape
) -> None:
    with Sandbox(images=images, count_mode=count_mode, shape=shape) as cloud:
        found = listing(cloud)
        assert [image.uuid for image in found.images] == truth(cloud)
        assert not found.moved
        assert not found.problems


@pytest.mark.parametrize("limit", [1, 2, 7, 99])
def test_a_clamped_limit_loses_nothing(limit: int) -> None:
    with Sandbox(images=30, max_limit=limit) as cloud:
        found = listing(cloud)
        assert [image.uuid for image in found.images] == truth(cloud)
        assert not found.moved
        assert found.calls <= 30 // max(limit - 1, 1) + 2  # it is read once


def test_a_limit_clamped_in_the_middle_loses_nothing() -> None:
    with Sandbox(images=450) as cloud:
        first = listing(cloud)
        cloud.max_limit = 30
        assert [image.uuid for image in listing(cloud).images] == [i.uuid for i in first.images]


@pytest.mark.parametrize("where", ["front", "random"])
def test_images_that_come_while_we_read_are_all_held_once(where: str) -> None:
    with Sandbox(images=450) as cloud:
        cloud.misbehave(Fault("moving", where=where, times=5))
        found = [image.uuid for image in listing(cloud).images]
        assert len(found) == len(set(found))
        assert set(found) == set(truth(cloud))


@pytest.mark.parametrize("where", ["remove", "both"])
def test_images_that_go_while_we_read_hide_no_other(where: str) -> None:
    with Sandbox(images=450) as cloud:
        cloud.misbehave(Fault("moving", where=where, times=4))
        found = [image.uuid for image in listing(cloud).images]
        assert len(found) == len(set(found))
        assert set(found) == set(truth(cloud))


@pytest.mark.parametrize(("limit", "at"), [(100, 0), (100, 99), (100, 198), (1, 4), (1, 150)])
def test_a_page_that_lost_its_items_is_not_the_end_of_the_list(limit: int, at: int) -> None:
    with Sandbox(images=200, count_mode="page", max_limit=limit) as cloud:
        cloud.misbehave(Fault("items_null", from_start=at))
        with pytest.raises(Unreadable):
            listing(cloud)


@pytest.mark.parametrize(("limit", "images"), [(100, 0), (1, 3)])
def test_an_empty_list_may_be_written_as_null(limit: int, images: int) -> None:
    there = [{**IMAGE, "cimgUuid": f"{number:032x}"} for number in range(images)]

    def reply(asked: dict[str, Any]) -> bytes:
        items = there[asked["start"] :][:limit]
        return answer({"count": images, "items": items or None})

    with Liar() as liar:
        liar.replies["cimg/list"] = reply
        found = list_images(Account(liar.url, liar.token, Deadline(20)), "bj")

    assert (len(found.images), found.moved) == (images, False)


@pytest.mark.parametrize("times", [1, 100])
def test_an_empty_page_where_an_image_was_is_asked_for_again_or_told(times: int) -> None:
    images = [{**IMAGE, "cimgUuid": f"{number:032x}"} for number in range(200)]
    left = [times]

    def reply(asked: dict[str, Any]) -> bytes:
        left[0] -= asked["start"] == 198
        lost = asked["start"] == 198 and left[0] >= 0
        return answer({"count": 200, "items": [] if lost else images[asked["start"] :][:100]})

    with Liar() as liar:
        liar.replies["cimg/list"] = reply
        found = list_images(Account(liar.url, liar.token, Deadline(20)), "bj")

    assert len(found.images) == (200 if times == 1 else 199)
    assert found.moved is (times != 1)


def test_a_listing_that_never_rests_says_so() -> None:
    with Sandbox(images=450) as cloud:
        before = set(truth(cloud))
        cloud.misbehave(Fault("moving", where="front"))
        found = listing(cloud)
        assert found.moved
        assert before <= {image.uuid for image in found.images}


def test_a_small_account_costs_two_calls() -> None:
    with Sandbox(images=60) as cloud:
        listing(cloud, limit=500)
        assert [(call.start, call.limit) for call in cloud.calls] == [(0, 500), (59, 500)]


@pytest.mark.parametrize("errno", [1, 13, 99_999])
def test_a_cloud_that_refuses_large_pages_is_asked_for_small_ones(errno: int) -> None:
    def reply(asked: dict[str, Any]) -> bytes:
        if asked["limit"] > 100:
            return json.dumps({"errno": errno, "errmsg": "limit", "requestId": "r"}).encode()
        there = [{**IMAGE, "cimgUuid": f"{number:032x}"} for number in range(250)]
        return answer({"items": there[asked["start"] :][: asked["limit"]]})

    with Liar() as liar:
        liar.replies["cimg/list"] = reply
        found = list_images(limited(liar), "bj")
        assert (len(found.images), found.page_limit) == (250, 100)
        again = list_images(limited(liar), "bj", found.page_limit)
        assert (len(again.images), again.page_limit) == (250, 100)


def test_a_bad_item_costs_only_itself() -> None:
    with Sandbox(images=10) as cloud:
        cloud.misbehave(Fault("damaged_items"))  # the second and the seventh
        found = listing(cloud)
        good = [uuid for place, uuid in enumerate(truth(cloud)) if place not in (1, 6)]
        assert [image.uuid for image in found.images] == good
        assert found.problems["item"] == 2


def test_fields_of_wrong_types_are_unknown_and_counted(cloud: Sandbox) -> None:
    cloud.misbehave(Fault("wrong_types"))
    found = listing(cloud)
    assert [image.uuid for image in found.images] == truth(cloud)
    assert all(image.size is None and image.storages is None for image in found.images)
    assert found.problems["size"] == len(found.images)


def test_the_vendors_sample_image_is_read_value_for_value(cloud: Sandbox) -> None:
    image = next(image for image in listing(cloud).images if image.name == "北京02")
    assert (image.uuid, image.id) == ("4a48f88391134a01befe88ff98b68a88", "cimg-cy58anir")
    assert (image.size, image.min_disk) == (549_899_264, 8_589_934_592)
    assert (image.storages, image.storages_down, image.disks) == (3, 0, ("HE", "SSD"))
    assert (image.shared, image.external, image.created) == (False, True, 1_603_799_470_000)


# More than is read


def limited(cloud: Liar | Sandbox, **limits: int) -> Account:
    return Account(cloud.url, cloud.token, Deadline(20), Limits(**limits), pause=lambda _: None)


def test_a_list_that_never_ends_is_too_large() -> None:
    numbers = count()
    with Liar() as liar:
        liar.replies["cimg/list"] = lambda asked: answer(
            [{**IMAGE, "cimgUuid": f"{next(numbers):032x}"} for _ in range(asked["limit"])]
        )
        with pytest.raises(TooLarge, match="more than 2000 images"):
            list_images(limited(liar, images=2000), "bj")
    assert len(liar.calls) < 40


def test_a_list_that_never_ends_and_holds_no_image_is_too_large() -> None:
    numbers = count()
    with Liar() as liar:
        liar.replies["cimg/list"] = lambda asked: answer([next(numbers) for _ in range(100)])
        with pytest.raises(TooLarge, match="more than 2000 images"):
            list_images(limited(liar, images=2000), "bj")


def test_a_list_is_bounded_in_bytes_over_all_its_pages() -> None:
    with Sandbox(images=1500) as cloud:
        assert len(list_images(limited(cloud, size=4 * MIB), "bj").images) == 1500
        with pytest.raises(TooLarge, match="takes more than 1 MiB"):
            list_images(limited(cloud, size=MIB), "bj")


@pytest.mark.parametrize("image", [
    {**IMAGE, **{f"key{number}": None for number in range(40_000)}},
    {**IMAGE, "description": "x" * 300_000},
], ids=["keys", "text"])  # fmt: skip
def test_an_image_that_is_too_large_is_skipped_and_counted(image: dict[str, object]) -> None:
    large = {**image, "cimgUuid": "a" * 32}
    with Liar() as liar:
        liar.replies["cimg/list"] = lambda asked: page(asked, [large, IMAGE, large])
        listing = list_images(limited(liar), "bj")

    assert [image.uuid for image in listing.images] == [IMAGE["cimgUuid"]]
    assert listing.problems == {"item": 2}


def noise(length: int) -> str:
    """A text that nothing makes smaller."""
    return Random(1).randbytes(length // 2).hex()


Heavy = Callable[[int], dict[str, object]]
HEAVY: dict[str, Heavy] = {
    "long texts": lambda number: {"description": f"{number} " + "x" * 3_900},
    "wide letters": lambda number: {"description": f"{number} \U0001f600" + "x" * 1_000},
    "letters that are searched as eighteen": lambda number: {"name": f"{number} " + "\ufdfa" * 200},
    "many values": lambda number: {"cimgTags": [f"{number}-{place}" for place in range(30)]},
    "fields that nobody reads": lambda number: {"more": f"{number} " + noise(10_000)},
    "long reasons": lambda number: {"job": {"result": "\U0001f600" * 300, "type": "x" * 300}},
}


@pytest.mark.parametrize("heavy", HEAVY.values(), ids=HEAVY)
def test_images_are_bounded_in_what_they_take_in_memory(heavy: Heavy) -> None:
    def images(many: int) -> list[dict[str, object]]:
        return [{**IMAGE, "cimgUuid": f"{each:032x}", **heavy(each)} for each in range(many)]

    few, many = images(100), images(1_500)
    with Liar() as liar:
        bound = limited(liar, image=1024)
        liar.replies["cimg/list"] = lambda asked: page(asked, few)
        assert len(list_images(bound, "bj").images) == 100
        liar.replies["cimg/list"] = lambda asked: page(asked, many)
        with pytest.raises(TooLarge, match="images take more than 1 KiB each"):
            list_images(bound, "bj")
        assert len(list_images(limited(liar, image=20 * 1024), "bj").images) == 1_500


@pytest.mark.parametrize("number", [100, 101])
def test_there_are_at_most_a_hundred_regions(number: int) -> None:
    with Liar() as liar:
        liar.replies["region/list"] = lambda asked: answer(
            [{"id": f"r{place}"} for place in range(number)]
        )
        if number == 100:
            assert len(list_regions(limited(liar))[0]) == 100
        else:
            with pytest.raises(TooLarge, match="more than 100"):
                list_regions(limited(liar))


def test_what_a_web_worker_reads_itself_is_small() -> None:
    with Liar() as liar:
        for endpoint in ("region/list", "cimg/list", "i/result"):
            liar.replies[endpoint] = lambda asked: answer([{"id": "x" * 2 * MIB}])
        for read in (
            lambda: list_regions(limited(liar)),
            lambda: may_list_images(limited(liar), "bj"),
            lambda: read_jobs(limited(liar), "bj", ["a"]),
        ):
            with pytest.raises(TooLarge, match="more than 1 MiB"):
                read()


def test_an_entry_that_no_number_can_be_read_from_spoils_no_other() -> None:
    with Liar() as liar:
        liar.replies["region/list"] = lambda asked: answer([{"id": "bj"}, {"id": 1}]).replace(
            b'"id": 1', b'"id": 1e999'
        )
        regions, unreadable = list_regions(limited(liar))
    assert ([region.id for region in regions], unreadable) == (["bj"], 1)


def test_of_a_list_of_an_image_a_hundred_members_are_read_and_the_rest_is_counted() -> None:
    image = {**IMAGE, "cimgTags": [f"tag {number}" for number in range(250)]}
    with Liar() as liar:
        liar.replies["cimg/list"] = lambda asked: page(asked, [image])
        found = list_images(limited(liar), "bj")
    [read] = found.images
    assert read.tags == tuple(f"tag {number}" for number in range(100))
    assert found.problems == {"cimgTags": 150}


def test_pages_answered_in_another_order_than_asked_for_lose_no_image() -> None:
    """Two images come between the answers, and there is no time to read everything again."""
    images = [{**IMAGE, "cimgUuid": f"{number:032x}"} for number in range(450)]
    there, answered, now = list(images), Event(), [0.0]

    def reply(asked: dict[str, Any]) -> bytes:
        if asked["start"] == 99:
            assert answered.wait(10)
            there[:0] = [{**IMAGE, "cimgUuid": f"{number:032x}"} for number in (1_000, 1_001)]
        if asked["start"] == 0 and len(there) > len(images):
            now[0] = 100
        body = page(asked, there)
        if asked["start"] == 198:
            answered.set()
        return body

    with Liar() as liar:
        liar.replies["cimg/list"] = reply
        account = Account(liar.url, liar.token, Deadline(20, clock=lambda: now[0]))
        found = list_images(account, "bj", 100)

    assert now[0] == 100
    assert found.moved
    assert {each["cimgUuid"] for each in images} <= {image.uuid for image in found.images}
