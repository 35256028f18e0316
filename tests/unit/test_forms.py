"""The query string: anything goes in, a query and the names of what made no sense come out."""

from __future__ import annotations

from dataclasses import fields
from typing import Any
from urllib.parse import urlencode

import pytest
from django.http import QueryDict
from hypothesis import given, settings
from hypothesis import strategies as st

from images.bounds import FIRST_TIME, LAST_TIME, Bound
from images.fields import COLUMNS, SORTS
from images.forms import query_string, read_query, toggled
from images.grammar import SIZES
from images.qualifiers import read_words
from images.search.query import CHOICES, ImageQuery, image_query

DAY, MINUTES = 86_400_000, 60_000
PARAMETERS = [*CHOICES, *(field.name for field in fields(ImageQuery) if field.name != "facets")]


def read(text: str) -> ImageQuery:
    """The query of a query string in which all makes sense."""
    query, invalid = read_query(QueryDict(text))
    assert invalid == ()
    return query


def named(text: str) -> list[tuple[str, str]]:
    return [(each.parameter, each.value) for each in read_query(QueryDict(text))[1]]


def test_an_address_is_read_into_a_query() -> None:
    asked = (
        "region=bj&region=gz&os=CentOS&q=web&min_size=20GiB&created_after=2024-01-31"
        "&sort=name&page=3"
    )
    assert read(asked) == image_query(
        region=("bj", "gz"),
        os=("CentOS",),
        q="web",
        min_size=20 * 2**30,
        created_after=Bound(1_706_659_200_000),
        sort="name",
        page=3,
    )
    assert query_string(read(asked)) == asked


def test_nothing_set_is_everything() -> None:
    assert read("") == ImageQuery()
    assert query_string(ImageQuery()) == ""


# Whatever comes


def _is_written(bound: Bound) -> bool:
    return FIRST_TIME <= bound.ms + bound.offset * MINUTES <= LAST_TIME


# Every moment there is, with every offset; midnights are commoner than that.
moments = st.integers(FIRST_TIME, LAST_TIME) | st.integers(-719_162, 2_932_896).map(DAY.__mul__)
offsets = st.just(0) | st.integers(-1439, 1439)
midnights = st.builds(
    lambda day, offset: Bound(day * DAY - offset * MINUTES, offset),
    st.integers(-719_160, 2_932_894),
    offsets,
)
bounds = (st.builds(Bound, moments, offsets) | midnights).filter(_is_written)


texts = st.one_of(
    st.text(max_size=8),
    st.text(alphabet="0123456789.-:TZ+GiBkm ０９", max_size=12),
    st.integers().map(str),
    st.datetimes().map(str),
    st.sampled_from(["\ud800", "\0", "9" * 5000, "a" * 500, "İ" * 150, "ﷺ" * 200, "yes", "名"]),
    st.sampled_from([*SORTS, *COLUMNS, *map(str, SIZES)]),
    st.sampled_from(["os:a", "-os:b", "size:>2GB", "size:", 'tag:"', "created:2024", "disk:HE"]),
)
names = st.sampled_from([*PARAMETERS, *PARAMETERS, "token", "invalid", "\ud800", "_", "utm_x", ""])


@settings(deadline=None, max_examples=100)
@given(st.lists(st.tuples(names, texts), max_size=12))
def test_anything_is_read_and_what_was_read_is_written_so_that_it_reads_the_same(
    pairs: list[tuple[str, str]],
) -> None:
    params = QueryDict(mutable=True)
    for name, text in pairs:
        params.appendlist(name, text)
    query, invalid = read_query(params)
    assert read(query_string(query)) == query
    assert read(query_string(query, page=7)).page == 7
    for each in invalid:
        assert 0 < len(each.value) <= 80
        assert each.value.isprintable()
        assert each.parameter.isprintable()
        assert str(each.why)
    for facet in ("os", "tag", "zone"):
        for text in filter(None, params.getlist(facet)):
            assert text in query.chosen(facet) or facet in {each.parameter for each in invalid}


@settings(deadline=None, max_examples=100)
@given(st.data())
def test_every_query_survives_its_query_string(data: st.DataObject) -> None:
    some = st.lists(st.text(min_size=1, max_size=5), max_size=3, unique=True).map(tuple)
    sizes, times = st.none() | st.integers(0, 2**63 - 1), st.none() | bounds
    strategies: dict[str, st.SearchStrategy[Any]] = {
        **dict.fromkeys(["status", "os", "version", "tag", "name"], some),
        "region": st.sampled_from([(), ("bj",), ("bj", "gz")]),
        "zone": some.map(lambda zones: tuple(dict.fromkeys(zone.lower() for zone in zones))),
        "shared": st.sampled_from([(), ("yes", "unknown")]),
        "storage": st.sampled_from([(), ("at-risk",)]),
        "q": st.text(st.characters(exclude_categories=["C"]), max_size=9).map(read_words),
        **dict.fromkeys(["min_size", "max_size", "fits_disk"], sizes),
        **dict.fromkeys(["-os", "-tag"], some),
        "min_disk": st.sampled_from([(), ("20GiB", "unknown")]),
        **dict.fromkeys(["created_after", "created_before"], times),
        "sort": st.sampled_from([*SORTS, *(f"-{name}" for name in SORTS)]),
        "page": st.integers(1, 10**9),
        "size": st.sampled_from(SIZES),
        "columns": st.lists(st.sampled_from(sorted(COLUMNS)), unique=True).map(tuple),
        "density": st.sampled_from(["", "compact"]),
        "image": st.sampled_from([(), ("bj/0a", "gz/A_0")]),
    }
    query = image_query(**{name: data.draw(strategy) for name, strategy in strategies.items()})
    assert read(query_string(query)) == query


# What makes no sense is named


@pytest.mark.parametrize(
    ("parameter", "text"),
    [
        ("region", "b/j"),
        ("region", "北京"),
        ("region", "b" * 65),
        ("shared", "perhaps"),
        ("storage", "fine"),
        ("min_size", "large"),
        ("max_size", "-1"),
        ("max_size", "1 XB"),
        ("max_size", "8EiB"),
        ("fits_disk", "-1"),
        ("min_disk", "large"),
        ("-shared", "perhaps"),
        ("-size", "1"),
        ("created_after", "yesterday"),
        ("created_before", "2024-02-30"),
        ("created_before", "0001-01-01T00:00+12:00"),
        ("created_after", "9999-12-31T23:00-12:00"),
        ("created_after", "0000-01-01"),
        ("created_before", "10000-01-01"),
        ("created_before", "2024-10-27T00:00+99:99"),
        ("created_before", "2024-10-27T00:00+24:00"),
        ("created_before", "2024-10-27T00:00 99:99"),
        ("created_after", "2024-10-27 08:00 UTC"),
        ("created_after", "NaN"),
        ("created_after", "1706659200000"),
        ("sort", "price"),
        ("sort", "--name"),
        ("page", "0"),
        ("page", "-1"),
        ("page", "1.5"),
        ("page", "1000000001"),
        ("page", "two"),
        ("size", "51"),
        ("size", "all"),
        ("columns", "price"),
        ("density", "loose"),
        ("image", "0a"),
        ("image", "bj/"),
        ("image", "bj/0a/1"),
        ("invalid", "1"),
        ("Region", "bj"),
    ],
)
def test_a_value_that_makes_no_sense_is_named_and_left_out(parameter: str, text: str) -> None:
    query, invalid = read_query(QueryDict(urlencode({parameter: text, "os": "CentOS"})))
    assert query == image_query(os=("CentOS",))
    assert [(each.parameter, each.value) for each in invalid] == [(parameter, text)]


def test_good_values_beside_bad_ones_stay() -> None:
    query, invalid = read_query(QueryDict("region=bj&region=%2F&region=gz&page=3&page=x"))
    assert query == image_query(region=("bj", "gz"), page=3)
    assert [(each.parameter, each.value) for each in invalid] == [("region", "/"), ("page", "x")]


@pytest.mark.parametrize("name", ["_", "_cache", "utm_source"])
def test_parameters_of_others_are_not_invalid(name: str) -> None:
    assert read(f"{name}=1") == ImageQuery()


@pytest.mark.parametrize("name", [*PARAMETERS, "invalid"])
def test_empty_values_are_neither_set_nor_invalid(name: str) -> None:
    assert read(f"{name}=&{name}") == ImageQuery()


def test_of_two_pages_the_last_counts_and_the_other_is_named() -> None:
    assert read_query(QueryDict("page=2&page=3"))[0].page == 3
    assert named("page=2&page=3") == [("page", "2")]
    assert named("page=3&page=3") == []


def test_a_value_given_twice_is_one() -> None:
    assert read("os=CentOS&os=CentOS&zone=bj01&zone=bj01") == image_query(
        os=("CentOS",), zone=("bj01",)
    )


def test_more_than_fifty_values_are_named() -> None:
    query, invalid = read_query(QueryDict(urlencode([("tag", number) for number in range(52)])))
    assert query.chosen("tag") == tuple(map(str, range(50)))
    assert [each.value for each in invalid] == ["50", "51"]
    assert str(invalid[0].why) == "more than 50 values"


def test_values_longer_than_two_hundred_characters_are_named() -> None:
    query, invalid = read_query(QueryDict(urlencode([("tag", "a" * 200), ("tag", "b" * 201)])))
    assert query.chosen("tag") == ("a" * 200,)
    assert [each.value for each in invalid] == ["b" * 79 + "…"]


def test_a_long_search_is_cut_and_named() -> None:
    query, invalid = read_query(QueryDict("q=" + "a" * 201))
    assert query.q == "a" * 200
    assert [str(each.why) for each in invalid] == ["longer than 200 characters"]
    query, _ = read_query(QueryDict("q=" + "a" * 199 + "+bc"))
    assert read(query_string(query)).q == query.q == "a" * 199


def test_control_characters_are_left_out_of_a_search_and_shown() -> None:
    query, invalid = read_query(QueryDict("q=+we%00b%0A"))
    assert query.q == "web"
    assert [(each.parameter, each.value) for each in invalid] == [("q", r" we\x00b\n")]


def test_characters_that_turn_others_around_are_shown_as_codes() -> None:
    assert named(urlencode({"sort": "a\u202eb", "x\u200b": "1"})) == [
        ("sort", r"a\u202eb"),
        (r"x\u200b", "1"),
    ]


# Values people write


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("1024", 1024),
        ("20GiB", 20 * 2**30),
        ("20 gib", 20 * 2**30),
        ("1.5 GB", 1_500_000_000),
        ("512m", 512 * 2**20),
        ("1K", 1024),
        ("1kb", 1000),
        ("2TiB", 2 * 2**40),
        ("100 B", 100),
        ("２０ＧｉＢ", 20 * 2**30),
        ("9223372036854775807", 2**63 - 1),
        ("7EiB", 7 * 2**60),
    ],
)
def test_sizes_are_read_as_people_write_them(text: str, size: int) -> None:
    assert read(urlencode({"min_size": text, "max_size": text})) == ImageQuery(
        min_size=size, max_size=size
    )


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("1970-01-02T00:00", Bound(DAY)),
        ("1970-01-02 01:00:00.5Z", Bound(DAY + 3_600_500)),
        ("1970-01-02T08:00:00+08:00", Bound(DAY, 480)),
        ("1970-01-02T08:00 08:00", Bound(DAY, 480)),
        ("1970-01-02 08:00 08:00", Bound(DAY, 480)),
        ("1970-01-01T12:30-11:30", Bound(DAY, -690)),
        ("1970-01-02 08:00", Bound(DAY + 8 * 3_600_000)),
    ],
)
def test_times_are_moments_and_in_utc_unless_they_name_an_offset(text: str, bound: Bound) -> None:
    assert read(urlencode({"created_after": text, "created_before": text})) == ImageQuery(
        created_after=bound, created_before=bound
    )


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("1970-01-02", DAY, 2 * DAY),
        ("1969-12-31", -DAY, 0),
        ("0001-01-01", FIRST_TIME, FIRST_TIME + DAY),
        ("9999-12-31", LAST_TIME + 1 - DAY, LAST_TIME),
    ],
)
def test_dates_are_days_in_utc_and_the_last_one_is_included(
    text: str, first: int, last: int
) -> None:
    assert read(urlencode({"created_after": text, "created_before": text})) == ImageQuery(
        created_after=Bound(first), created_before=Bound(last)
    )


@given(bounds, bounds)
def test_every_bound_survives_its_address_with_its_offset(first: Bound, last: Bound) -> None:
    query = ImageQuery(created_after=first, created_before=last)
    written = query_string(query)
    assert read(written) == query
    assert query_string(read(written)) == written
    if first.offset:
        assert f"{'-' if first.offset < 0 else '%2B'}{abs(first.offset) // 60:02}%3A" in written


@given(bounds)
def test_a_bound_that_is_a_days_is_that_days_in_words_and_in_the_form(bound: Bound) -> None:
    for last in (False, True):
        day = bound.day(last=last)
        assert bound.text(last=last).startswith(day.isoformat() if day else "")
        assert (day is None) == (":" in bound.text(last=last).split(" UTC")[0])
        if day and not bound.offset:
            assert bound.utc_day(last=last) == day


@pytest.mark.parametrize(
    ("text", "shared"),
    [("yes", "yes"), ("TRUE", "yes"), ("1", "yes"), ("no", "no"), ("false", "no"), ("0", "no")],
)
def test_shared_is_yes_or_no_however_it_is_written(text: str, shared: str) -> None:
    assert read(f"shared={text}").chosen("shared") == (shared,)


def test_a_range_that_holds_nothing_is_kept() -> None:
    assert read("min_size=2&max_size=1") == ImageQuery(min_size=2, max_size=1)


# Addresses of other queries


def test_changes_and_the_accounts_are_written_in_a_stable_order() -> None:
    query = image_query(os=("CentOS", "a&b=c"), page=3)
    assert query_string(query, account=("7", "8"), page=1, region=("bj",)) == (
        "account=7&account=8&region=bj&os=CentOS&os=a%26b%3Dc"
    )
    assert query_string(query, q="镜像") == "os=CentOS&os=a%26b%3Dc&q=%E9%95%9C%E5%83%8F&page=3"


def test_zero_is_a_size_and_no_default() -> None:
    assert query_string(ImageQuery(min_size=0)) == "min_size=0"


def test_a_change_of_what_no_query_has_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        query_string(ImageQuery(), colour="red")


@pytest.mark.parametrize("facet", CHOICES)
def test_toggling_a_value_twice_changes_nothing_but_the_page(facet: str) -> None:
    query = ImageQuery(q="web", page=4)
    chosen = toggled(query, facet, "ok")
    assert chosen.chosen(facet) == ("ok",)
    assert (chosen.q, chosen.page) == ("web", 1)
    assert toggled(chosen, facet, "ok") == ImageQuery(q="web")
