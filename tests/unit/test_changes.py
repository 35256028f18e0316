"""What is said to have changed between two readings of a region."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from images.changes import KINDS, Change, bounded, compare, left_over
from images.cloud.records import Image
from tests.unit.test_query import image

WORDS = st.sampled_from([None, "a", "b"])
FACTS = st.fixed_dictionaries(
    {
        "name": WORDS,
        "status": WORDS,
        "size": st.sampled_from([None, 1, 2]),
        "storages": st.sampled_from([None, 2, 3]),
        "storages_down": st.integers(0, 2),
    }
)
LISTS = st.dictionaries(st.sampled_from("123456"), FACTS, max_size=6)


def images(listed: dict[str, dict[str, Any]]) -> list[Image]:
    return [image(uuid=uuid, **facts) for uuid, facts in listed.items()]


def one(before: dict[str, Any], after: dict[str, Any]) -> list[tuple[str, str, str]]:
    """What is said of one image that had these facts and has others now."""
    old, new = (image(uuid="1", **{"name": "n", **facts}) for facts in (before, after))
    return [(each.kind, each.before, each.after) for each in compare([old], [new], whole=True)]


@given(LISTS, LISTS)
def test_it_is_what_plain_sets_say(old: dict[str, Any], new: dict[str, Any]) -> None:
    found = compare(images(old), images(new), whole=True)
    said = {kind: {each.uuid for each in found if each.kind == kind} for kind in KINDS}

    def differs(field: str) -> set[str]:
        both = old.keys() & new.keys()
        pairs = {uuid: (old[uuid][field], new[uuid][field]) for uuid in both}
        return {uuid for uuid, (a, b) in pairs.items() if None not in (a, b) and a != b}

    def connected(facts: dict[str, Any]) -> int | None:
        every: int | None = facts["storages"]
        return None if every is None else every - facts["storages_down"]

    storages = {uuid: (connected(old[uuid]), connected(new[uuid])) for uuid in old.keys() & new}
    known = {uuid: pair for uuid, pair in storages.items() if None not in pair}
    assert said == {
        "appeared": new.keys() - old.keys(),
        "vanished": old.keys() - new.keys(),
        "renamed": differs("name"),
        "status": differs("status"),
        "resized": differs("size"),
        "storage-lost": {uuid for uuid, (a, b) in known.items() if b < a},  # type: ignore[operator]
        "storage-regained": {uuid for uuid, (a, b) in known.items() if b > a},  # type: ignore[operator]
    }
    assert len(found) == sum(map(len, said.values()))


@given(LISTS, LISTS, LISTS)
def test_through_a_list_that_is_not_whole_nothing_is_said_twice_or_lost(
    first: dict[str, Any], partial: dict[str, Any], last: dict[str, Any]
) -> None:
    old, middle, new = images(first), images(partial), images(last)
    told = compare(old, middle, whole=False)
    told += compare([*middle, *left_over(old, middle)], new, whole=True)

    count = Counter((each.kind, each.uuid) for each in told)
    came = {uuid for kind, uuid in count if kind == "appeared"}
    assert came == (partial.keys() | last.keys()) - first.keys()
    assert {uuid for kind, uuid in count if kind == "vanished"} == (
        first.keys() | partial.keys()
    ) - last.keys()
    assert max([count[kind, uuid] for kind, uuid in count if kind in KINDS[:2]], default=1) == 1


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ({"name": "web"}, {"name": "web-2"}, ("renamed", "web", "web-2")),
        ({"status": "Ready"}, {"status": "Failed"}, ("status", "Ready", "Failed")),
        ({"size": 1024}, {"size": 2048}, ("resized", "1024", "2048")),
        ({"storages": 3}, {"storages": 3, "storages_down": 1}, ("storage-lost", "3/3", "2/3")),
        ({"storages": 3}, {"storages": 2}, ("storage-lost", "3/3", "2/2")),
        (
            {"storages": 2, "storages_down": 2},
            {"storages": 2, "storages_down": 1},
            ("storage-regained", "0/2", "1/2"),
        ),
    ],
)
def test_what_was_and_what_is(
    before: dict[str, Any], after: dict[str, Any], said: tuple[str, str, str]
) -> None:
    assert one(before, after) == [said]


@pytest.mark.parametrize("field", ["name", "status", "size", "storages"])
def test_what_is_not_known_is_no_difference(field: str) -> None:
    known = {field: 2 if field in ("size", "storages") else "x"}
    assert one(known, {field: None}) == one({field: None}, known) == []


def test_what_nobody_asked_about_is_no_change() -> None:
    old = image(uuid="1", description="a", updated=1)
    new = msgspec.structs.replace(old, description="b", updated=2, raw=b"{}")
    assert compare([old], [new], whole=True) == []


def test_of_very_many_the_rarest_kinds_are_kept_and_the_others_counted() -> None:
    flood = [Change("status", "bj", f"{number}", "", "") for number in range(50)]
    rare = [Change("vanished", "bj", "v", "", "")]
    kept = bounded([*flood, *rare], 10)

    assert kept[:10] == [*rare, *flood[:9]]
    assert kept[10:] == [Change("status", "bj", "", "", "", count=41)]
    assert bounded(flood, 50) == flood
