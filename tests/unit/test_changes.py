"""What is said to have changed between two readings of a region."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from images.cloud.items import pack_item
from images.history.changes import (
    KINDS,
    MASS,
    Change,
    Finding,
    Known,
    bounded,
    compare,
    decode_known,
    encode_known,
    find,
    listed,
)
from tests.unit.test_query import image

WORDS = st.sampled_from([None, "a", "b"])
FACTS = st.fixed_dictionaries(
    {
        "name": WORDS,
        "status": WORDS,
        "size": st.sampled_from([None, 1, 2]),
        "storages": st.sampled_from([None, 2, 3]),
        "storages_down": st.integers(0, 2),
        "storages_unknown": st.sampled_from([0, 0, 1]),
    }
)
LISTS = st.dictionaries(st.sampled_from("123456"), FACTS, max_size=6)


def known(facts: dict[str, dict[str, Any]], *, whole: bool = True) -> Known:
    return listed([image(uuid=uuid, **each) for uuid, each in facts.items()], whole=whole)


def many(number: int, **facts: Any) -> dict[str, dict[str, Any]]:
    return {str(uuid): {"name": "n", "status": "Ready", **facts} for uuid in range(number)}


def one(before: dict[str, Any], after: dict[str, Any]) -> list[tuple[str, str, str]]:
    """What is said of one image that had these facts and has others now."""
    old, new = (known({"1": {"name": "n", **facts}}) for facts in (before, after))
    return [(each.kind, each.before, each.after) for each in compare("bj", old, new)]


@given(LISTS, LISTS)
def test_it_is_what_plain_sets_say(old: dict[str, Any], new: dict[str, Any]) -> None:
    found = compare("bj", known(old), known(new))
    said = {kind: {each.uuid for each in found if each.kind == kind} for kind in KINDS}

    def differs(field: str) -> set[str]:
        both = old.keys() & new.keys()
        pairs = {uuid: (old[uuid][field], new[uuid][field]) for uuid in both}
        return {uuid for uuid, (a, b) in pairs.items() if None not in (a, b) and a != b}

    def connected(facts: dict[str, Any]) -> int | None:
        every: int | None = facts["storages"]
        if every is None or facts["storages_unknown"]:
            return None
        down: int = facts["storages_down"]
        return every - down

    storages = {uuid: (connected(old[uuid]), connected(new[uuid])) for uuid in old.keys() & new}
    pairs = {uuid: pair for uuid, pair in storages.items() if None not in pair}
    assert said == {
        "appeared": new.keys() - old.keys(),
        "vanished": old.keys() - new.keys(),
        "renamed": differs("name"),
        "status": differs("status"),
        "resized": differs("size"),
        "storage-lost": {uuid for uuid, (a, b) in pairs.items() if b < a},  # type: ignore[operator]
        "storage-regained": {uuid for uuid, (a, b) in pairs.items() if b > a},  # type: ignore[operator]
    }
    assert len(found) == sum(map(len, said.values()))


@given(LISTS, LISTS, LISTS)
def test_through_a_list_that_is_not_whole_nothing_is_said_twice_or_lost(
    first: dict[str, Any], partial: dict[str, Any], last: dict[str, Any]
) -> None:
    middle = find("bj", known(first), None, known(partial, whole=False))
    told = [*middle.changes, *find("bj", middle.known, None, known(last)).changes]

    count = Counter((each.kind, each.uuid) for each in told)
    came = {uuid for kind, uuid in count if kind == "appeared"}
    assert came == (partial.keys() | last.keys()) - first.keys()
    assert {uuid for kind, uuid in count if kind == "vanished"} == (
        first.keys() | partial.keys()
    ) - last.keys()
    assert max([count[kind, uuid] for kind, uuid in count if kind in KINDS[:2]], default=1) == 1


@given(LISTS, LISTS, LISTS)
def test_beside_a_first_list_that_lacked_something_nothing_has_appeared(
    first: dict[str, Any], second: dict[str, Any], third: dict[str, Any]
) -> None:
    found = find("bj", known(first, whole=False), None, known(second))
    assert "appeared" not in {each.kind for each in found.changes}
    later = find("bj", found.known, None, known(third)).changes
    assert {each.uuid for each in later if each.kind == "appeared"} == third.keys() - second.keys()


@given(st.lists(FACTS, min_size=2, max_size=6))
def test_what_could_not_be_read_in_between_is_told_once_it_can(read: list[dict[str, Any]]) -> None:
    state, told = known({"1": read[0]}), []
    for facts in read[1:]:
        found = find("bj", state, None, known({"1": facts}))
        state = found.known
        told += [(each.before, each.after) for each in found.changes if each.kind == "status"]

    statuses = [facts["status"] for facts in read if facts["status"]]
    steps = list(pairwise(statuses))
    assert told == [step for step in steps if step[0] != step[1]]


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
    new = msgspec.structs.replace(old, description="b", updated=2, packed=pack_item(b"{}"))
    lists = [listed([each], whole=True) for each in (old, new)]
    assert compare("bj", *lists) == []


def unconfirmed(before: Known, now: Known, first: Known | None = None) -> bool:
    found = find("bj", before, first, now)
    assert not (found.unconfirmed and found.changes)
    return found.unconfirmed is not None


@pytest.mark.parametrize(
    ("of", "left", "asked"),
    [(21, 0, True), (20, 0, False), (50, 24, True), (50, 25, False), (42, 21, False)],
)
def test_more_than_twenty_and_more_than_half_that_vanish_at_once_are_to_be_confirmed(
    of: int, left: int, asked: bool
) -> None:
    assert unconfirmed(known(many(of)), known(many(left))) is asked
    assert not unconfirmed(known(many(left)), known(many(of)))  # What comes is no alarm.


@pytest.mark.parametrize(
    ("facts", "later"),
    [
        ({"name": "n"}, {"name": "m"}),
        ({"status": "Ready"}, {"status": "Failed"}),
        ({"size": 1}, {"size": 2}),
        ({"storages": 2}, {"storages": 2, "storages_down": 2}),
    ],
)
def test_very_many_that_are_not_as_they_were_are_to_be_confirmed_too(
    facts: dict[str, Any], later: dict[str, Any]
) -> None:
    before, now = known(many(30, **facts)), known(many(30, **later))
    assert unconfirmed(before, now)
    assert len(find("bj", before, now, now).changes) == 30


def test_a_second_reading_that_agrees_is_told_and_one_that_does_not_is_asked_again() -> None:
    before, half, none = known(many(50)), known(many(22)), known({})
    told = find("bj", before, half, known(many(21)))
    assert (len(told.changes), told.unconfirmed) == (29, None)
    assert find("bj", before, half, before) == Finding(before, [])
    assert find("bj", before, half, none) == Finding(before, unconfirmed=none)


def test_a_list_that_is_not_whole_confirms_no_absence() -> None:
    before, half = known(many(50)), known(many(22))
    found = find("bj", before, half, known(many(22), whole=False))
    assert not found.changes
    assert found.known == before
    assert MASS == 20


def test_what_is_known_is_kept_as_bytes_and_damage_is_nothing_known() -> None:
    whole = known({"1": {"name": "é\0", "size": 1}, "2": {"name": None}})
    kept = encode_known(whole)
    assert decode_known(kept) == whole
    for damaged in (None, b"", kept[:-3], b"\xc1", encode_known(whole)[1:]):
        assert decode_known(damaged) is None


def test_of_very_many_the_rarest_kinds_are_kept_and_the_others_counted() -> None:
    flood = [Change("status", "bj", f"{number}", "", "") for number in range(50)]
    rare = [Change("vanished", "bj", "v", "", "")]
    kept = bounded([*flood, *rare], 10)

    assert kept[:10] == [*rare, *flood[:9]]
    assert kept[10:] == [Change("status", "bj", "", "", "", count=41)]
    assert bounded(flood, 50) == flood
