"""What one refresh makes of the head before it: `images.services.refresh.merge`."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from images.cloud.records import Region
from images.services.refresh import Answers, merge
from images.services.snapshots import Failure, Head, RegionHead, Unconfirmed

BEGAN, NOW = 1000.0, 1010.0
GZ, BJ = Region("gz", "Guangzhou", "", ()), Region("bj", "Beijing", "", ())
NOTHING = Head()
DOUBT = Unconfirmed(at=1005.0, vanished=90, others=0, of=100)
TROUBLE = Failure("unavailable", "", None, "", 503, 1001.0, 1016.0, 1)


def listed(region: Region, version: str, at: float = 500.0, **more: object) -> RegionHead:
    return RegionHead(region, version, at, count=100, **more)  # type: ignore[arg-type]


def known(*entries: RegionHead, **more: object) -> Head:
    return Head(entries, regions_at=400.0, asked_at=500.0, **more)  # type: ignore[arg-type]


def answers(*read: RegionHead, **failed: Failure) -> Answers:
    lists = {entry.region.id: entry for entry in read}
    return Answers(BEGAN, lists={**lists, **failed})


def regions_answered(*regions: Region, unreadable: int = 0) -> Answers:
    return Answers(BEGAN, regions, regions_at=1001.0, unreadable=unreadable)


OLD = known(listed(GZ, "old"), listed(BJ, "old"))
NEW = listed(GZ, "new", 1005.0)


def test_the_first_lists_are_shown() -> None:
    read = regions_answered(GZ, BJ)
    read.lists = {"gz": NEW, "bj": TROUBLE}
    head = merge(NOTHING, read, NOTHING, NOW)

    assert head.regions == (NEW, RegionHead(BJ, failure=TROUBLE))
    assert (head.regions_at, head.asked_at, head.failure) == (1001.0, NOW, None)


def test_what_was_not_asked_for_stays() -> None:
    head = merge(OLD, answers(NEW), OLD, NOW)

    assert head.regions == (NEW, OLD.regions[1])
    assert (head.regions_at, head.asked_at) == (OLD.regions_at, NOW)


def test_a_list_that_fails_leaves_the_last_one_and_a_list_takes_the_failure_away() -> None:
    failed = merge(OLD, answers(gz=TROUBLE), OLD, NOW)
    mended = merge(failed, answers(NEW), failed, NOW)

    assert failed.regions == (listed(GZ, "old", failure=TROUBLE), OLD.regions[1])
    assert mended.regions == (NEW, OLD.regions[1])


def test_regions_that_cannot_be_listed_leave_every_list() -> None:
    head = merge(OLD, Answers(BEGAN, TROUBLE), OLD, NOW)

    assert (head.regions, head.failure, head.regions_at) == (OLD.regions, TROUBLE, 400.0)


def test_regions_that_can_be_listed_again_take_their_failure_away() -> None:
    before = known(*OLD.regions, failure=TROUBLE)

    assert merge(before, regions_answered(GZ, BJ), before, NOW).failure is None


def test_a_region_that_is_gone_is_left_out_unless_it_may_be_an_entry_nobody_could_read() -> None:
    gone = merge(OLD, regions_answered(BJ), OLD, NOW)
    unclear = merge(OLD, regions_answered(BJ, unreadable=1), OLD, NOW)

    assert gone.regions == (OLD.regions[1],)
    assert unclear.regions == (OLD.regions[1], OLD.regions[0])
    assert unclear.unreadable == 1


def test_a_region_that_has_another_name_keeps_its_list() -> None:
    renamed = Region("gz", "Canton", "", ())
    head = merge(OLD, regions_answered(renamed, BJ), OLD, NOW)

    assert head.regions[0] == listed(renamed, "old")


def test_a_list_to_be_confirmed_waits_beside_the_last_one() -> None:
    doubtful = listed(GZ, "new", 1005.0, unconfirmed=DOUBT)
    before = known(listed(GZ, "old", failure=TROUBLE))
    waiting = merge(before, answers(doubtful), before, NOW)
    failed = merge(waiting, answers(gz=TROUBLE), waiting, NOW)
    confirmed = merge(failed, answers(NEW), failed, NOW)

    assert waiting.regions == (listed(GZ, "old", unconfirmed=DOUBT),)
    assert failed.regions == (listed(GZ, "old", unconfirmed=DOUBT, failure=TROUBLE),)
    assert confirmed.regions == (NEW,)


@pytest.mark.parametrize("lost", [False, True], ids=["there was none", "the last one is lost"])
def test_a_list_to_be_confirmed_is_shown_where_there_is_no_other(lost: bool) -> None:
    doubtful = listed(GZ, "new", 1005.0, unconfirmed=DOUBT)
    before = OLD if lost else known(RegionHead(GZ), RegionHead(BJ))
    read = answers(doubtful)
    read.lost = {"gz"} if lost else set()

    assert merge(before, read, before, NOW).regions[0] == doubtful


@pytest.mark.parametrize("mine", [NEW, TROUBLE, None], ids=["a list", "a failure", "nothing"])
def test_what_another_refresh_read_since_this_one_began_stays(
    mine: RegionHead | Failure | None,
) -> None:
    another = listed(GZ, "another", 1003.0)
    read = Answers(BEGAN, lists={"gz": mine} if mine else {})

    assert merge(OLD, read, known(another, OLD.regions[1]), NOW).regions[0] == another


@pytest.mark.parametrize("at", [BEGAN, NOW + 1], ids=["before it began", "in the future"])
def test_what_another_refresh_read_at_any_other_time_does_not(at: float) -> None:
    assert merge(OLD, answers(NEW), known(listed(GZ, "another", at)), NOW).regions[0] == NEW


def test_a_region_that_only_another_refresh_knows_is_none_of_this_account() -> None:
    published = known(listed(BJ, "another", 1003.0))

    assert merge(OLD, regions_answered(GZ), published, NOW).regions == (OLD.regions[0],)


ENTRY = st.sampled_from(
    [
        *(listed(GZ, "old"), listed(GZ, "old", failure=TROUBLE), RegionHead(GZ)),
        *(listed(GZ, "old", unconfirmed=DOUBT), RegionHead(GZ, failure=TROUBLE)),
    ]
)
READ = st.sampled_from([None, NEW, TROUBLE, listed(GZ, "new", 1005.0, unconfirmed=DOUBT)])


@given(before=ENTRY, read=READ, published=ENTRY, unreadable=st.integers(0, 1))
def test_no_answer_takes_a_list_away(
    before: RegionHead, read: RegionHead | Failure | None, published: RegionHead, unreadable: int
) -> None:
    given_answers = regions_answered(GZ, BJ, unreadable=unreadable)
    given_answers.lists = {"gz": read} if read else {}
    head = merge(known(before), given_answers, known(published), NOW)
    [gz, bj] = head.regions

    assert bj == RegionHead(BJ)
    assert gz.version or not before.version
    assert gz.failure == read if isinstance(read, Failure) else True
