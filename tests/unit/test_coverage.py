"""Which images are in which regions."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from images.cloud.records import Image
from images.reports.coverage import (
    ALL,
    ALONE,
    LACKING,
    Coverage,
    coverage,
    rows,
)
from images.search.gathered_index import GatheredIndex
from images.search.query import ImageQuery
from tests.indexes import index_of
from tests.unit.test_query import image

REGIONS = ("gz", "bj", "sh")
EVERYTHING = ImageQuery()


def named(name: str | None, region: str, **facts: object) -> Image:
    return image(name=name, region=region, **{"uuid": f"{name}-{region}", **facts})


def found(*images: Image, regions: tuple[str, ...] = REGIONS) -> tuple[GatheredIndex, Coverage]:
    index = index_of(images)
    return index, coverage(index, EVERYTHING, regions)


def names(index: GatheredIndex, compared: Coverage, which: str = ALL) -> list[str]:
    return [row.name for row in rows(index, compared, 0, compared.count(which))]


def test_images_are_told_by_the_regions_that_lack_them() -> None:
    everywhere = [named("a", region) for region in REGIONS]
    index, compared = found(*everywhere, named("b", "gz"), named("c", "bj"), named("c", "sh"))

    assert names(index, compared) == ["b", "c", "a"]
    assert names(index, compared, LACKING) == ["b", "c"]
    assert names(index, compared, ALONE) == ["b"]
    assert list(rows(index, compared, 1, 2)[0].images) == ["bj", "sh"]


def test_another_os_is_another_image_and_another_version_is_not() -> None:
    _index, compared = found(
        named("a", "gz", os_family="CentOS", os_version="7"),
        named("a", "bj", os_family="CentOS", os_version="8"),
        named("a", "sh", os_family="Ubuntu"),
    )

    assert (compared.total, compared.alone) == (2, 1)


def test_two_of_a_region_are_in_one_region() -> None:
    index, compared = found(named("a", "gz"), named("a", "gz", uuid="other"))

    assert (compared.total, compared.alone) == (1, 1)
    assert len(rows(index, compared, 0, 9)[0].images["gz"]) == 2


def test_what_has_no_name_is_not_compared_but_counted() -> None:
    index, compared = found(named(None, "gz"), named("", "bj"))

    assert (compared.total, compared.nameless, rows(index, compared, 0, 50)) == (0, 2, [])


def test_a_region_that_could_not_be_read_lacks_nothing() -> None:
    _index, compared = found(named("a", "gz"), named("a", "bj"), regions=("gz", "bj"))

    assert (compared.lacking, compared.alone) == (0, 0)


def test_one_region_alone_lacks_nothing() -> None:
    _index, compared = found(named("a", "gz"), regions=("gz",))

    assert (compared.total, compared.lacking, compared.alone) == (1, 0, 0)


@settings(deadline=None, max_examples=50)
@given(
    st.lists(
        st.tuples(st.sampled_from(["a", "A", "b", "c", "\0", "a\0"]), st.sampled_from(REGIONS))
    )
)
def test_every_image_is_in_one_row_under_its_region(places: list[tuple[str, str]]) -> None:
    images = [named(name, region, uuid=str(number)) for number, (name, region) in enumerate(places)]
    index, compared = found(*images)
    shown = rows(index, compared, 0, compared.total)

    listed = [image.uuid for row in shown for each in row.images.values() for image in each]
    assert sorted(listed) == sorted(image.uuid for image in images)
    for row in shown:
        for region, each in row.images.items():
            assert {(image.name, image.region) for image in each} == {(row.name, region)}
    spread = [len(row.images) for row in shown]
    assert spread == sorted(spread)
    assert compared.alone == spread.count(1)
    assert compared.lacking == sum(number < len(REGIONS) for number in spread)
