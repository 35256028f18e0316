"""Since when an image needs attention, from one list to the next."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from images.cloud.records import Image
from images.history.worries import Began, decode, encode, noted
from images.services.signals import Reading
from tests.unit.test_query import image


def reading(at: float, images: Iterable[Image], *, whole: bool = True) -> Reading:
    return Reading("bj", str(at), at, at, tuple(images), whole)


def torn(uuid: str = "a", **facts: Any) -> Image:
    return image(uuid=uuid, **{"storages": 2, "storages_down": 1, **facts})


def test_what_was_wrong_when_one_began_to_look_may_be_so_for_longer() -> None:
    assert noted(None, reading(5, [torn()])) == {"a": Began("at-risk", 5, witnessed=False)}


def test_what_began_between_two_lists_is_known_to_have() -> None:
    first = noted(None, reading(5, [torn(storages_down=0)]))
    second = noted(first, reading(6, [torn()]))

    assert first == {}
    assert second == {"a": Began("at-risk", 6, witnessed=True)}
    assert noted(second, reading(7, [torn()])) == second


def test_what_becomes_worse_begins_anew_and_what_is_mended_ends() -> None:
    first = noted({}, reading(5, [torn()]))
    worse = noted(first, reading(6, [torn(status="Failed")]))

    assert worse == {"a": Began("failed", 6, witnessed=True)}
    assert noted(worse, reading(7, [torn(storages_down=0, status="Ready")])) == {}
    assert noted(worse, reading(7, [])) == {}


def test_what_a_list_does_not_tell_ends_nothing() -> None:
    first = noted({}, reading(5, [torn("a"), torn("b")]))

    assert noted(first, reading(6, [torn("b")], whole=False)) == first
    assert noted(first, reading(6, [torn("a", storages=None, storages_down=0), torn("b")])) == first


def test_what_is_stored_comes_back_unless_it_is_cut() -> None:
    first = noted({}, reading(5, [torn("a"), torn("b")]))

    assert decode(encode(first)) == first
    assert decode(encode(first)[:-3]) is None
    assert decode(None) is None
