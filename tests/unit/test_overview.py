"""What a wall shows of some images."""

from __future__ import annotations

from dataclasses import replace

import pytest

from images.cloud.records import Image, Job
from images.reports.summary import (
    WORST,
    Worry,
    overview,
    with_stalled,
)
from images.search.index import Index
from images.search.query import ImageQuery, image_query
from tests.unit.test_query import image

EVERYTHING = ImageQuery()


def job(**facts: object) -> Job:
    known = {"uuid": "j", "type": "CreateCIMG", "progress": 5.0, "done": False}
    return Job(**{**known, "success": None, "result": None, **facts})  # type: ignore[arg-type]


def named(name: str, **facts: object) -> Image:
    return image(name=name, uuid=name, storages=1, **facts)


def worries(*images: Image) -> list[tuple[str | None, str]]:
    found = overview(Index(images), EVERYTHING)
    return [(worry.image.name, worry.why) for worry in found.worries]


def test_images_are_counted_by_status_and_trouble() -> None:
    images = [named("a", status="Ready"), named("b", status="Ready"), named("c", status="Failed")]
    found = overview(Index(images), EVERYTHING)

    assert found.total == 3
    assert found.statuses == (("Failed", 1), ("Ready", 2))
    assert found.worries == (Worry(images[2], "failed"),)
    assert found.running == ()


def test_nothing_is_nothing() -> None:
    found = overview(Index([]), EVERYTHING)

    assert (found.total, found.statuses, found.worries, found.running) == (0, (), (), ())


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


def test_the_worst_comes_first_then_the_alphabet() -> None:
    risky, failed, job_failed = (
        *({"storages_down": 1}, {"status": "Failed"}, {"job": job(done=True, success=False)}),
    )
    found = worries(
        named("d", **risky), named("c", **failed), named("B", **failed), named("a", **job_failed)
    )

    assert found == [("B", "failed"), ("c", "failed"), ("a", "job-failed"), ("d", "at-risk")]


def test_a_job_that_no_longer_moves_is_a_worry_between_them() -> None:
    stuck = named("z", job=job())
    before = overview(Index([stuck, named("a", storages_down=1)]), EVERYTHING)

    after = with_stalled(before, [stuck])
    assert [worry.why for worry in after.worries] == ["stalled", "at-risk"]
    assert (before.worried, after.worried) == (1, 2)
    assert before.running == (stuck,)
    assert with_stalled(before, []) is before


@pytest.mark.parametrize(
    ("facts", "why"), [({"storages_down": 1}, "stalled"), ({"status": "Failed"}, "failed")]
)
def test_an_image_is_one_worry_the_worst_of_its_own(facts: dict[str, object], why: str) -> None:
    stuck = named("z", job=job(), **facts)
    after = with_stalled(overview(Index([stuck]), EVERYTHING), [stuck])

    assert [worry.why for worry in after.worries] == [why]
    assert after.worried == 1


def test_of_very_many_worries_the_worst_are_named_and_all_are_counted() -> None:
    risky = [named(f"{number:03}", storages_down=1) for number in range(300)]
    found = overview(Index([*risky, named("z", status="Failed")]), EVERYTHING)

    assert found.worried == 301
    assert [worry.image.name for worry in found.worries[:3]] == ["z", "000", "001"]
    assert len(found.worries) == WORST


def test_a_bad_status_comes_before_commoner_ones() -> None:
    statuses = ["Ready", "Ready", "Disabled", "Disabled", "Importing", "Importing", "Error"]
    images = [named(str(number), status=each) for number, each in enumerate(statuses)]

    assert overview(Index(images), EVERYTHING).statuses[0] == ("Error", 1)


def test_only_what_is_selected_counts_however_it_is_sorted_and_paged() -> None:
    index = Index([named(str(number), region="bj" if number % 2 else "gz") for number in range(9)])

    assert overview(index, image_query(region=("bj",))).total == 4
    assert overview(index, replace(EVERYTHING, page=7, size=25, sort="-size")).total == 9
