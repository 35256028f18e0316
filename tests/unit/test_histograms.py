"""How old and how large images are, as columns."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from images.bounds import Bound
from images.cloud.values import MAX_INTEGER, MAX_MILLISECONDS
from images.reports.histograms import (
    FEWEST,
    GIB,
    MONTH,
    MOST,
    QUARTER,
    SIZES,
    YEAR,
    Histogram,
    ages,
    sizes,
)
from images.search.gathered import run
from images.search.gathered_index import GatheredIndex
from images.search.query import ImageQuery, image_query
from tests.indexes import index_of
from tests.unit.test_query import image

EVERYTHING = ImageQuery()
TODAY = date(2026, 5, 17)


def at(year: int, month: int, day: int = 1) -> int:
    return int(datetime(year, month, day, tzinfo=UTC).timestamp() * 1000)


def created(*times: int | None) -> GatheredIndex:
    return index_of([image(uuid=str(number), created=time) for number, time in enumerate(times)])


def aged(*times: int | None) -> Histogram:
    return ages(created(*times), EVERYTHING, TODAY)


def test_images_are_counted_by_month() -> None:
    found = aged(at(2026, 5, 1), at(2026, 4, 30), at(2026, 4, 1), None)

    assert [column.count for column in found.columns[-3:]] == [0, 2, 1]
    assert (found.unknown, found.months, len(found.columns)) == (1, MONTH, FEWEST)
    assert found.columns[-1].low == at(2026, 5)


@pytest.mark.parametrize(
    ("oldest", "months"),
    [(at(2026, 1), MONTH), (at(2024, 1), MONTH), (at(2022, 1), QUARTER), (at(2010, 1), YEAR)],
)
def test_a_longer_time_has_longer_columns(oldest: int, months: int) -> None:
    assert aged(oldest).months == months


def test_what_is_out_of_all_bounds_is_in_the_outermost_columns() -> None:
    found = aged(1, at(2025, 7), at(9999, 1))

    assert (found.columns[0].low, found.columns[-1].high) == (None, None)
    assert (found.columns[0].count, found.columns[-1].count) == (1, 1)
    assert len(found.columns) == MOST


@settings(deadline=None, max_examples=50)
@given(st.lists(st.none() | st.integers(1, MAX_MILLISECONDS)))
def test_every_image_is_in_one_column_and_each_column_is_what_its_query_finds(
    times: list[int | None],
) -> None:
    index = created(*times)
    found = ages(index, EVERYTHING, TODAY)

    assert sum(column.count for column in found.columns) + found.unknown == len(times)
    for column in found.columns:
        after = None if column.low is None else Bound(column.low)
        before = None if column.high is None else Bound(column.high + 1)
        query = replace(EVERYTHING, created_after=after, created_before=before)
        if (column.low, column.high) != (None, None):
            assert run(index, query).total == column.count


@settings(deadline=None, max_examples=50)
@given(st.lists(st.none() | st.sampled_from(SIZES) | st.integers(0, MAX_INTEGER)))
def test_so_it_is_with_sizes(numbers: list[int | None]) -> None:
    index = index_of([image(uuid=str(place), size=size) for place, size in enumerate(numbers)])
    found = sizes(index, EVERYTHING)

    assert sum(column.count for column in found.columns) + found.unknown == len(numbers)
    for column in found.columns:
        query = replace(EVERYTHING, min_size=column.low, max_size=column.high)
        assert run(index, query).total == column.count


def test_a_size_on_a_bound_is_in_the_lower_column() -> None:
    found = sizes(index_of([image(size=GIB)]), EVERYTHING)

    assert [column.count for column in found.columns] == [1, 0, 0, 0, 0, 0, 0, 0]


def test_only_what_is_selected_counts() -> None:
    index = index_of([image(uuid="a", region="bj", size=1), image(uuid="b", region="gz", size=1)])

    assert sizes(index, image_query(region=("bj",))).columns[0].count == 1
