"""Which of what the palette offers is found by words, and in what order."""

from __future__ import annotations

import pytest

from images.views.palette.entries import Entry, Group, Words, found, in_order


def titles(text: str, *entries: Entry) -> list[str]:
    return [each.title for each in found(entries, Words(text))]


def test_what_begins_with_the_words_comes_before_a_word_and_a_word_before_a_part() -> None:
    entries = [Entry(title) for title in ("Preview", "All views", "Views of teams", "Wall")]
    assert titles("view", *entries) == ["Views of teams", "All views", "Preview"]


def test_equals_keep_their_order_and_there_are_six_at_most() -> None:
    entries = [Entry(f"web-{number}") for number in (3, 1, 2, 9, 8, 7, 6)]
    assert titles("web", *entries) == ["web-3", "web-1", "web-2", "web-9", "web-8", "web-7"]


def test_the_group_that_is_found_best_comes_first_and_pages_among_equals() -> None:
    groups = [
        Group(name, name, [Entry(title)])
        for name, title in (("pages", "Reference"), ("views", "Cells"), ("filters", "CentOS"))
    ]
    names = [
        group.name for group in in_order([*groups, Group("images", "images", [])], Words("ce"))
    ]
    assert names == ["views", "filters", "pages"]
    assert [group.name for group in in_order(groups, Words(""))] == ["pages", "views", "filters"]


@pytest.mark.parametrize("text", ["CENTOS", "ｃｅｎｔｏｓ", "os cent", "cent os"])
def test_words_are_found_in_any_case_and_width_and_by_what_a_thing_is(text: str) -> None:
    assert titles(text, Entry("CentOS", before="OS"), Entry("Debian", before="OS")) == ["CentOS"]


def test_a_part_of_what_a_thing_is_finds_nothing() -> None:
    assert titles("ce", Entry("gpu", before="Scene")) == []


def test_a_chinese_page_is_found_by_its_english_name() -> None:
    assert titles("over", Entry("概览", also=("Overview",))) == ["概览"]
    assert titles("概", Entry("概览", also=("Overview",))) == ["概览"]


@pytest.mark.parametrize("text", ["", "a.b", "(", "\\", "[", "\u202e", "%00", "."])
def test_nothing_that_is_typed_is_taken_for_a_pattern(text: str) -> None:
    assert titles(text, Entry("axb", before="OS")) == (["axb"] if not text else [])
