"""What a wall shows of some images."""

from __future__ import annotations

from dataclasses import replace

import pytest

from images.cloud.records import Image, Job
from images.history.worries import Began
from images.newest_worries import MOST, Newest, newest
from images.reports.summary import overview, with_stalled
from images.search.query import ImageQuery, image_query
from tests.indexes import index_of
from tests.unit.test_query import image

EVERYTHING = ImageQuery()


def job(**facts: object) -> Job:
    known = {"uuid": "j", "type": "CreateCIMG", "progress": 5.0, "done": False}
    return Job(**{**known, "success": None, "result": None, **facts})  # type: ignore[arg-type]


def named(name: str, **facts: object) -> Image:
    return image(name=name, uuid=name, storages=1, **facts)


def found(*images: Image, **began: Began) -> Newest:
    return newest(images, {("bj", name): each for name, each in began.items()}, new_since=100)


def worries(*images: Image, **began: Began) -> list[tuple[str | None, str]]:
    return [(worry.image.name, worry.why) for worry in found(*images, **began).worries]


def test_images_are_counted_by_status_and_trouble() -> None:
    images = [named("a", status="Ready"), named("b", status="Ready"), named("c", status="Failed")]
    counted = overview(index_of(images), EVERYTHING)

    assert counted.total == 3
    assert counted.statuses == (("Failed", 1), ("Ready", 2))
    assert counted.worried == 1
    assert counted.running == ()


def test_nothing_is_nothing() -> None:
    counted = overview(index_of([]), EVERYTHING)

    assert (counted.total, counted.statuses, counted.worried, counted.running) == (0, (), 0, ())
    assert found() == Newest((), 0, 0)


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"status": "Error"}, "failed"),
        ({"status": "failed"}, "failed"),
        ({"job": job(done=True, success=False)}, "job-failed"),
        ({"storages": 2, "storages_down": 1}, "at-risk"),
        ({"storages": 0}, "at-risk"),
        ({"check_state": "checkFailed"}, "check-failed"),
        ({"storages": None}, ""),
        ({"status": "Unheard of"}, ""),
        ({"job": job()}, ""),
        ({"job": job(done=True, success=True)}, ""),
    ],
)
def test_what_needs_attention(facts: dict[str, object], why: str) -> None:
    assert worries(image(name="a", **{"storages": 1, **facts})) == ([("a", why)] if why else [])


RISKY, FAILED = {"storages_down": 1}, {"status": "Failed"}


def test_what_nobody_saw_begin_is_by_the_worst_then_the_alphabet() -> None:
    job_failed = {"job": job(done=True, success=False)}
    named_worst_first = worries(
        named("d", **RISKY), named("c", **FAILED), named("B", **FAILED), named("a", **job_failed)
    )

    assert named_worst_first == [
        *(("B", "failed"), ("c", "failed")),
        *(("a", "job-failed"), ("d", "at-risk")),
    ]


def test_the_newest_comes_first_and_counts_as_new_for_a_while() -> None:
    images = [named(name, **FAILED) for name in "abcd"] + [named("e", **RISKY)]
    newest_first = found(
        *images,
        b=Began("failed", 99, witnessed=True),
        c=Began("failed", 100, witnessed=True),
        d=Began("failed", 120, witnessed=False),
        e=Began("at-risk", 110, witnessed=True),
    )

    assert [each.image.name for each in newest_first.worries] == ["e", "c", "b", "d", "a"]
    assert (newest_first.count, newest_first.new, newest_first.last_at) == (5, 2, 110)
    assert [each.is_new for each in newest_first.worries] == [True, True, False, False, False]


def test_what_was_wrong_before_says_nothing_of_what_is_wrong_now() -> None:
    [worry] = found(named("a", **FAILED), a=Began("at-risk", 120, witnessed=True)).worries

    assert (worry.at, worry.is_new) == (None, False)


def test_a_job_that_no_longer_moves_is_counted_once() -> None:
    stuck, worse = named("z", job=job()), named("y", job=job(), **RISKY)
    before = overview(index_of([stuck, worse]), EVERYTHING)

    assert (before.worried, with_stalled(before, [stuck, worse]).worried) == (1, 2)
    assert with_stalled(before, []) is before


def test_of_very_many_worries_the_worst_are_named_and_all_are_counted() -> None:
    many = found(
        *(named(f"{number:03}", **RISKY) for number in range(300)), named("z", status="Failed")
    )

    assert many.count == 301
    assert [worry.image.name for worry in many.worries[:3]] == ["z", "000", "001"]
    assert len(many.worries) == MOST


def test_a_bad_status_comes_before_commoner_ones() -> None:
    statuses = ["Ready", "Ready", "Disabled", "Disabled", "Importing", "Importing", "Error"]
    images = [named(str(number), status=each) for number, each in enumerate(statuses)]

    assert overview(index_of(images), EVERYTHING).statuses[0] == ("Error", 1)


def test_only_what_is_selected_counts_however_it_is_sorted_and_paged() -> None:
    index = index_of(
        [named(str(number), region="bj" if number % 2 else "gz") for number in range(9)]
    )

    assert overview(index, image_query(region=("bj",))).total == 4
    assert overview(index, replace(EVERYTHING, page=7, size=25, sort="-size")).total == 9
