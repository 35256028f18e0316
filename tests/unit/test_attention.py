"""What someone should look at, in groups that a query can ask for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.template.loader import render_to_string
from hypothesis import given, settings
from hypothesis import strategies as st

from images.bounds import Bound
from images.cloud.records import Image
from images.reports.attention import (
    ALONE,
    KINDS,
    LISTED,
    REPEATED,
    STALLED,
    WORRIES,
    Group,
    Repeat,
    groups,
)
from images.reports.attention import old_before as before
from images.reports.coverage import coverage
from images.search.gathered import run
from images.search.query import ImageQuery, image_query
from images.views.overview.groups import WORDS
from tests.indexes import ACCOUNT, index_of
from tests.unit.test_overview import job
from tests.unit.test_query import image

TODAY = date(2026, 5, 17)
REGIONS = ("gz", "bj")
EVERYTHING = ImageQuery()


def found(
    images: Sequence[Image], query: ImageQuery = EVERYTHING, stalled: Sequence[Image] = ()
) -> dict[str, Group]:
    index = index_of(images)
    attention = groups(index, query, TODAY, coverage(index, query, REGIONS), stalled)
    return {group.kind: group for group in attention}


def calm(name: str, **facts: object) -> list[Image]:
    """An image that is everywhere, and nothing is the matter with."""
    return [
        image(name=name, region=region, **{"uuid": f"{name}-{region}", "storages": 1, **facts})
        for region in REGIONS
    ]


def test_every_group_has_its_words() -> None:
    assert set(WORDS) == set(KINDS)
    short = {render_to_string("images/_worry.html", {"worry": {"why": why}}) for why in WORRIES}
    assert len(short) == len(WORRIES)


def test_nothing_is_the_matter_with_nothing() -> None:
    assert found([]) == {}
    assert found(calm("a", status="Ready", created=before(TODAY), check_state="checked")) == {}


def test_each_group_is_found_the_serious_ones_first() -> None:
    images = [
        *calm("failed", status="Failed"),
        *calm("job", job=job(done=True, success=False)),
        *calm("stuck", job=job()),
        *calm("risk", storages_down=1),
        *calm("check", check_state="checkFailed"),
        *calm("ended", os_family="CentOS", os_version="6.9"),
        *calm("twice"),
        *calm("twice", uuid="other"),
        *calm("unchecked", check_state="uncheck"),
        *calm("old", created=before(TODAY) - 1),
        calm("alone")[0],
    ]
    groups = found(images, stalled=images[4:6])

    assert tuple(groups) == KINDS
    assert {kind: group.count for kind, group in groups.items()} == {
        **dict.fromkeys(KINDS, 2),
        REPEATED: 4,
        ALONE: 1,
    }
    assert [group.serious for group in groups.values()] == [True] * 5 + [False] * 5


def test_names_that_repeat_are_named_with_their_region() -> None:
    images = [image(name="a", region="gz", uuid=str(number)) for number in range(3)]
    images += [image(name="a", region="bj", uuid="9"), image(name="", region="bj", uuid="8")]
    group = found(images)[REPEATED]

    assert group.repeats == (Repeat(ACCOUNT, "gz", "a", 3),)
    assert group.count == 3


def test_more_than_a_query_can_pick_are_listed_in_part_and_counted() -> None:
    stuck = [image(name=str(number), uuid=str(number), job=job()) for number in range(LISTED + 1)]

    group = found(stuck, stalled=stuck)[STALLED]
    assert (group.count, len(group.images), group.query) == (LISTED + 1, LISTED, None)
    group = found(stuck, stalled=stuck[1:])[STALLED]
    assert group.query
    assert len(group.query.image) == LISTED


def test_what_the_query_leaves_out_needs_no_attention() -> None:
    images = [*calm("a", status="Failed"), *calm("b", storages_down=1, created=1)]

    assert set(found(images, image_query(status=("unknown",)))) == {"at-risk", "old"}
    assert set(found(images, image_query(storage=("ok",)))) == {"failed"}
    assert set(found(images, ImageQuery(created_before=Bound(1)))) == set()


@settings(deadline=None, max_examples=50)
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "name": st.sampled_from(["a", "b", None]),
                "region": st.sampled_from(REGIONS),
                "status": st.sampled_from(["Ready", "Failed", "error", None]),
                "storages": st.sampled_from([None, 0, 1]),
                "check_state": st.sampled_from([None, "uncheck", "checked", "checkFailed"]),
                "created": st.sampled_from([None, before(TODAY) - 1, before(TODAY)]),
                "job": st.sampled_from([None, job(), job(done=True, success=False)]),
            }
        ),
        max_size=8,
    ),
    st.sampled_from(
        [
            EVERYTHING,
            image_query(region=("gz",)),
            image_query(status=("Failed",), check=("uncheck",)),
        ]
    ),
)
def test_the_query_of_a_group_finds_just_its_images(
    facts: list[dict[str, object]], query: ImageQuery
) -> None:
    images = [image(uuid=str(number), **each) for number, each in enumerate(facts)]

    for group in found(images, query).values():
        if group.query:
            index = index_of(images)
            result = run(index, group.query)
            assert result.total == group.count
            assert {images[row].uuid for row in result.rows} == {each.uuid for each in group.images}
