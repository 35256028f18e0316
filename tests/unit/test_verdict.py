"""Can this image be used? One judgement, and how it is put into words."""

from __future__ import annotations

import json
import shlex
from typing import Any

import pytest
from django.utils.translation import override
from hypothesis import example, given, settings
from hypothesis import strategies as st

from images.cloud.records import Image
from images.insights import CHECKS, STATUSES, storage_state
from images.reports.attention import WORRY_OF, worry
from images.verdict import CAUTION, FACTS, GRADES, NO, RULES, YES, verdict
from images.verdict_words import mark_of, why_not, words
from images.views.image.curl import curl
from tests.unit.test_overview import job
from tests.unit.test_query import image

GIB = 2**30
GOOD = {
    "status": "Ready",
    "storages": 3,
    "check_state": "checked",
    "min_disk": 20 * GIB,
    "shared": False,
    "regions": ("bj",),
}
JOBS = [
    None,
    *(job(type=kind) for kind in ("CreateCIMG", "DeleteCIMG", None)),
    job(done=True, success=False),
    job(done=True, success=True),
]

images = st.builds(
    lambda down, unsure, **facts: image(
        storages_down=min(down, facts["storages"] or 0),
        storages_unknown=min(unsure, (facts["storages"] or 0) - min(down, facts["storages"] or 0)),
        **facts,
    ),
    down=st.integers(0, 3),
    unsure=st.integers(0, 3),
    status=st.sampled_from([None, "", "Odd", "READY", *STATUSES]),
    storages=st.none() | st.integers(0, 3),
    check_state=st.sampled_from([None, "", "odd", "checkFailed", *CHECKS]),
    min_disk=st.none() | st.integers(0, 10),
    shared=st.none() | st.booleans(),
    regions=st.sampled_from([None, (), ("bj",), ("gz",)]),
    job=st.sampled_from(JOBS),
)


def test_a_ready_image_that_was_checked_and_is_stored_is_a_plain_yes() -> None:
    assert (verdict(image(**GOOD)).grade, verdict(image(**GOOD)).reasons) == (YES, ())


@pytest.mark.parametrize(
    ("facts", "grade", "reasons"),
    [
        ({"status": "Failed"}, NO, ["status-failed"]),
        ({"status": "error"}, NO, ["status-failed"]),
        ({"status": "Disabled"}, NO, ["status-disabled"]),
        ({"status": "Importing"}, NO, ["status-not-yet"]),
        ({"status": "Deleting"}, NO, ["status-deleting"]),
        ({"job": job(type="DeleteCIMG")}, NO, ["job-deleting"]),
        ({"storages": 0}, NO, ["storages-none"]),
        ({"storages_down": 3}, NO, ["storages-down"]),
        ({"check_state": "checkFailed"}, NO, ["check-failed"]),
        ({"status": None}, CAUTION, ["status-unknown"]),
        ({"status": "Odd"}, CAUTION, ["status-unfamiliar"]),
        ({"job": job(done=True, success=False)}, CAUTION, ["job-failed"]),
        ({"job": job()}, CAUTION, ["job-running"]),
        ({"storages_down": 1}, CAUTION, ["storages-some-down"]),
        ({"storages": None}, CAUTION, ["storages-unknown"]),
        ({"storages_unknown": 3}, CAUTION, ["storages-unsure"]),
        ({"storages_unknown": 1, "storages_down": 1}, CAUTION, ["storages-some-down"]),
        (
            {"storages_unknown": 3, "storages": 3, "status": "Failed"},
            NO,
            ["status-failed", "storages-unsure"],
        ),
        ({"check_state": None}, CAUTION, ["check-unknown"]),
        ({"check_state": "odd"}, CAUTION, ["check-unfamiliar"]),
        ({"min_disk": None}, CAUTION, ["disk-unknown"]),
        ({"storages_unknown": 1}, CAUTION, ["storages-unsure"]),
        ({"regions": ("gz", "sh")}, CAUTION, ["regions-others"]),
        ({"regions": ()}, CAUTION, ["regions-others"]),
        ({"regions": ("GZ", "BJ")}, YES, []),
        ({"regions": None}, YES, []),
        ({"check_state": "uncheck"}, YES, ["check-none"]),
        ({"shared": True}, YES, ["shared-yes"]),
        ({"shared": None}, YES, []),
        ({"job": job(done=True, success=True)}, YES, []),
        (
            {"check_state": "checkFailed", "storages_down": 1, "shared": True, "status": None},
            NO,
            ["check-failed", "status-unknown", "storages-some-down", "shared-yes"],
        ),
    ],
)
def test_what_is_known_decides_the_worst_first(
    facts: dict[str, object], grade: str, reasons: list[str]
) -> None:
    judged = verdict(image(**{**GOOD, **facts}))

    assert (judged.grade, list(judged.reasons)) == (grade, reasons)


def test_no_rule_is_unreachable() -> None:
    ways: dict[str, list[Any]] = {
        "status": [None, "Odd", *STATUSES],
        "storages": [None, 0],
        "storages_down": [1, 3],
        "regions": [(), ("gz",)],
        "storages_unknown": [1],
        "check_state": [None, "odd", *CHECKS],
        "min_disk": [None],
        "shared": [True],
        "job": JOBS,
    }
    reached = {
        reason
        for name, values in ways.items()
        for value in values
        for reason in verdict(image(**{**GOOD, name: value})).reasons
    }

    assert reached == set(RULES)


@settings(deadline=None, max_examples=300)
@given(images)
def test_no_two_reasons_contradict_and_the_worst_decides(each: Image) -> None:
    judged = verdict(each)

    # One fact says one thing.
    facts = [reason.partition("-")[0] for reason in judged.reasons]
    assert len(set(facts)) == len(facts)
    assert set(facts) <= set(FACTS)
    grades = [GRADES.index(RULES[reason]) for reason in judged.reasons]
    assert grades == sorted(grades, reverse=True)
    assert judged.grade == (GRADES[grades[0]] if grades else YES)
    # What other parts of the site say by a single fact agrees.
    assert (mark_of(each) == "ok") == (judged.grade == YES)
    assert (storage_state(each) == "at-risk") == bool(
        {"storages-none", "storages-down", "storages-some-down"} & set(judged.reasons)
    )
    assert bool(worry(each)) == bool(WORRY_OF.keys() & set(judged.reasons))


@settings(deadline=None, max_examples=300)
@given(images, st.sampled_from(["en", "zh-hans"]))
@example(image(**GOOD), "en")
@example(image(**GOOD), "zh-hans")
def test_the_sentence_begins_with_the_grade(each: Image, language: str) -> None:
    with override(language):
        told = words(each, "Beijing", [])
        begins = {
            "en": {YES: ("Yes: ",), CAUTION: ("Yes, but ", "Perhaps: "), NO: ("No: ", "Not yet: ")},
            "zh-hans": {
                YES: ("可用：",),
                CAUTION: ("可用，但", "也许可用："),
                NO: ("不可用：", "尚不可用："),
            },
        }[language]

        assert told.sentence.startswith(begins[told.grade])
        assert (why_not(each) == "") == (told.grade == YES)
        assert "%(" not in "".join([told.sentence, *told.facts])


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({}, "Yes: it is ready in Beijing (Zone 1, Zone 2)."),
        ({"status": "Importing"}, "Not yet: its status is Importing."),
        ({"status": "Failed"}, "No: its status is Failed."),
        ({"status": "Deleting", "job": job(type="DeleteCIMG")}, "No: it is being deleted."),
        ({"status": "Odd"}, "Perhaps: its status Odd is not recognized."),
        ({"status": None}, "Perhaps: the cloud does not say what its status is."),
        ({"storages_down": 1}, "Yes, but 1 of its 3 storages is not connected."),
        ({"storages_down": 2}, "Yes, but 2 of its 3 storages are not connected."),
        ({"storages_down": 3}, "No: none of its 3 storages is connected."),
        ({"storages": 1, "storages_down": 1}, "No: its only storage is not connected."),
        ({"storages": 0}, "No: no storage holds it."),
        ({"storages": 0, "check_state": "checkFailed"}, "no storage holds it; its check failed."),
        ({"min_disk": 20 * GIB}, "A machine needs a disk of at least 20\xa0GiB."),
        ({"shared": True}, "It is shared with this account, so it cannot be copied."),
        ({"check_state": "uncheck"}, "It has not been checked."),
        ({"check_state": "50%(x)s"}, "Yes, but its check result 50%(x)s is not recognized"),
    ],
)
def test_the_verdict_in_words(facts: dict[str, object], said: str) -> None:
    found = words(image(**{**GOOD, **facts}), "Beijing", ["Zone 1", "Zone 2"])

    assert said in " ".join([found.sentence, *found.facts])


def test_without_zones_none_are_named() -> None:
    assert words(image(**GOOD), "Beijing", []).sentence == "Yes: it is ready in Beijing."


@pytest.mark.parametrize("name", ["web", "it's", '"; rm -rf ~ #', "$(id)\n`id`", "镜像", None])
def test_the_command_is_one_command_whatever_the_name_is(name: str | None) -> None:
    words = shlex.split(curl(image(name=name)).replace("\\\n", " "))

    assert words[0] == "curl"
    assert len(words) == 9
    assert "Authorization: Bearer $DIDIYUN_TOKEN" in words
    asked = json.loads(words[-1])
    assert asked["regionId"] == "bj"
    assert asked.get("condition", {}).get("names") == ([name] if name else None)
