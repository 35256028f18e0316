"""Whole listings: every image once, however the pages come."""

from __future__ import annotations

import pytest

from images.cloud.client import Account, Deadline
from images.cloud.listing import Listing, list_images
from images.sandbox import Sandbox, Weather
from images.sandbox.cloud import CountMode, Shape


def listing(cloud: Sandbox, region: str = "bj") -> Listing:
    return list_images(Account(cloud.url, cloud.token, Deadline(20), pause=lambda _: None), region)


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
        assert [image.uuid for image in listing(cloud).images] == truth(cloud)


def test_a_limit_clamped_in_the_middle_loses_nothing() -> None:
    with Sandbox(images=450) as cloud:
        first = listing(cloud)
        cloud.max_limit = 30
        assert [image.uuid for image in listing(cloud).images] == [i.uuid for i in first.images]


@pytest.mark.parametrize("where", ["front", "random"])
def test_images_that_come_while_we_read_are_all_held_once(where: str) -> None:
    with Sandbox(images=450) as cloud:
        cloud.misbehave(Weather("moving", where=where, times=5))
        found = [image.uuid for image in listing(cloud).images]
        assert len(found) == len(set(found))
        assert set(found) == set(truth(cloud))


@pytest.mark.parametrize("where", ["remove", "both"])
def test_images_that_go_while_we_read_hide_no_other(where: str) -> None:
    with Sandbox(images=450) as cloud:
        cloud.misbehave(Weather("moving", where=where, times=4))
        found = [image.uuid for image in listing(cloud).images]
        assert len(found) == len(set(found))
        assert set(found) == set(truth(cloud))


def test_a_listing_that_never_rests_says_so() -> None:
    with Sandbox(images=450) as cloud:
        before = set(truth(cloud))
        cloud.misbehave(Weather("moving", where="front"))
        found = listing(cloud)
        assert found.moved
        assert before <= {image.uuid for image in found.images}


def test_a_small_account_costs_two_calls() -> None:
    with Sandbox(images=60) as cloud:
        listing(cloud)
        assert [(call.start, call.limit) for call in cloud.calls] == [(0, 100), (59, 100)]


def test_a_bad_item_costs_only_itself() -> None:
    with Sandbox(images=10) as cloud:
        cloud.misbehave(Weather("damaged_items"))  # the second and the seventh
        found = listing(cloud)
        good = [uuid for place, uuid in enumerate(truth(cloud)) if place not in (1, 6)]
        assert [image.uuid for image in found.images] == good
        assert found.problems["item"] == 2


def test_fields_of_wrong_types_are_unknown_and_counted(cloud: Sandbox) -> None:
    cloud.misbehave(Weather("wrong_types"))
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
