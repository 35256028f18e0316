"""How far jobs are: GET /dicloud/i/result.

Source: the vendor's document of `result`. Jobs that the cloud does not know are left out of its
answer; what cannot be read is left out of ours.
"""

from __future__ import annotations

from collections.abc import Sequence

from images.cloud.answers import items, request_id
from images.cloud.client import SMALL_ANSWER_BYTES, Account, call
from images.cloud.errors import Unreadable
from images.cloud.reading import Problems, read_job
from images.cloud.records import Job

MAX_JOBS = 1000  # of one answer: many more than are asked for


def read_jobs(account: Account, region: str, uuids: Sequence[str]) -> list[Job]:
    """Those of the jobs asked for that the cloud knows, in one call."""
    parameters = {"regionId": region, "jobUuids": ",".join(uuids)}
    path, size = "/dicloud/i/result", SMALL_ANSWER_BYTES
    answer = call(account, "GET", path, at_most=size, params=parameters)
    entries = items(answer, MAX_JOBS)
    read = [read_job(entry, Problems()) for entry in entries]
    if entries and not any(read):
        raise Unreadable("no job could be read", request_id=request_id(answer))
    return [job for job in read if job and job.uuid in uuids]
