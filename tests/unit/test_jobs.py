"""Running jobs: what the cloud says of them, over a socket, and what is made of it over time."""

from __future__ import annotations

from typing import Any

import pytest

from images.cloud import errors
from images.cloud.client import Account
from images.cloud.deadline import Deadline
from images.cloud.jobs import read_jobs
from images.cloud.reading import Problems, read_job
from images.cloud.records import Job
from images.sandbox import Fault, Sandbox
from images.services.progress import (
    Progress,
    first_seen,
    seen_again,
)
from images.templatetags.inventory import outlook

NOW = 1_700_000_000.0


def account(cloud: Sandbox) -> Account:
    return Account(cloud.url, cloud.token, Deadline(5), pause=lambda _: None)


def running(cloud: Sandbox, region: str) -> list[str]:
    jobs = [image["job"] for image in cloud.images(region) if "job" in image]
    return [job["jobUuid"] for job in jobs if not job["done"]]


def test_jobs_are_read_by_their_images(cloud: Sandbox) -> None:
    wanted = running(cloud, "bj")
    jobs = read_jobs(account(cloud), "bj", wanted)

    assert len(wanted) == 3
    assert [job.uuid for job in jobs] == wanted
    first = Job(wanted[0], "CreateCIMG", 12.5, done=False, success=False, result=None)
    assert jobs[0] == first
    assert [(call.endpoint, call.region, call.jobs) for call in cloud.calls] == [
        ("result", "bj", tuple(wanted))
    ]


def test_a_job_the_cloud_does_not_know_is_left_out(cloud: Sandbox) -> None:
    [known, *_] = running(cloud, "bj")

    assert [job.uuid for job in read_jobs(account(cloud), "bj", ["f" * 32, known])] == [known]
    assert read_jobs(account(cloud), "bj", ["f" * 32]) == []


def test_a_damaged_job_is_left_out_and_the_others_are_not(cloud: Sandbox) -> None:
    wanted = running(cloud, "bj")
    cloud.misbehave(Fault("damaged_items"))

    assert [job.uuid for job in read_jobs(account(cloud), "bj", wanted)] == [wanted[0], wanted[2]]


@pytest.mark.parametrize("kind", ["data_null", "items_null", "answer_array", "html"])
def test_an_answer_without_jobs_is_not_an_empty_answer(cloud: Sandbox, kind: str) -> None:
    cloud.misbehave(Fault(kind))
    with pytest.raises(errors.Unreadable):
        read_jobs(account(cloud), "bj", running(cloud, "bj"))


@pytest.mark.parametrize(
    ("source", "uuid", "progress", "state"),
    [
        ({"jobUuid": "a", "uuid": "b", "progress": 1, "done": False}, "a", 1.0, "running"),
        ({"uuid": "b", "progress": 99.9}, "b", 99.9, "running"),
        ({"jobUuid": None, "uuid": "b", "done": True, "success": True}, "b", None, "done"),
        ({"jobUuid": 7, "uuid": "b", "progress": "half", "done": True}, "b", None, "failed"),
        ({"jobUuid": "a", "progress": 101, "done": "yes"}, "a", None, "running"),
        ({"jobUuid": "a", "progress": float("nan")}, "a", None, "running"),
        ({"progress": True}, "", None, "running"),
    ],
)
def test_what_cannot_be_read_of_a_job_is_unknown(
    source: Any, uuid: str, progress: float | None, state: str
) -> None:
    job = read_job(source, Problems())

    assert job
    assert (job.uuid, job.progress, job.state) == (uuid, progress, state)


@pytest.mark.parametrize("source", [None, {}, [], "running", 7])
def test_what_is_no_job_is_none(source: Any) -> None:
    assert read_job(source, Problems()) is None


# Pace, estimate and standstill


def job(progress: float | None, *, done: bool = False) -> Job:
    return Job("j1", "CreateCIMG", progress, done, done, None)


def after(*points: tuple[float, float | None]) -> Progress:
    """What is known after a job was seen at these (seconds, percent)."""
    (start, percent), *rest = points
    known = first_seen(job(percent), NOW + start)
    for seconds, each in rest:
        known = seen_again(known, job(each), NOW + seconds)
    return known


@pytest.mark.parametrize(
    ("points", "left"),
    [
        ([(0, 20)], None),
        ([(0, 20), (10, 20)], None),
        ([(0, 20), (10, 40)], 30),
        ([(0, 20), (10, 40), (60, 80)], 20),  # from the first point to the last
        ([(0, 20), (10, 40), (40, 40)], 120),  # standing still takes time as well
        ([(0, 20), (0, 40)], None),  # a clock that did not move
        ([(0, 20), (10, 100)], 0),
        ([(0, 60), (10, 10), (20, 20)], 80),  # begun anew
        ([(0, None), (10, None)], None),
        ([(0, None), (10, 50), (20, 60)], 40),
        ([(0, 50), (10, None)], None),
        ([(0, 0), (1, 1e-300)], None),
        ([(0, 0), (86_400, 0.1)], None),  # nobody plans with years
    ],
)
def test_the_estimate_goes_by_the_pace_since_a_job_was_first_seen(
    points: list[tuple[float, float | None]], left: float | None
) -> None:
    assert after(*points).left_seconds == pytest.approx(left)


@pytest.mark.parametrize(
    ("points", "minutes"),
    [
        ([(0, 20)], 0),
        ([(0, 20), (119, 20)], 0),
        ([(0, 20), (120, 20)], 2),
        ([(0, 20), (60, 20), (479, 20)], 7),
        ([(0, 20), (60, 21), (179, 21)], 0),
        ([(0, 20), (60, 21), (180, 21)], 2),
        ([(0, 20), (600, 19)], 0),
        ([(0, None), (600, None)], 0),  # the cloud does not say how far: that is no standstill
    ],
)
def test_whole_minutes_without_progress_from_two_on(
    points: list[tuple[float, float | None]], minutes: int
) -> None:
    assert after(*points).stalled_minutes == minutes


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (119, ""),
        (120, "no progress for 2 min"),
        (91 * 60 - 1, "no progress for 90 min"),
        (91 * 60, "no progress for 1 h"),
        (48 * 3600 - 1, "no progress for 47 h"),
        (48 * 3600, "no progress for 2 days"),
    ],
)
def test_a_standstill_is_told_in_units_that_fit(seconds: float, words: str) -> None:
    assert outlook(after((0, 20), (seconds, 20))) == words
