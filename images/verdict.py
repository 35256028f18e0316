"""Can this image be used? One judgement from all that is known of it, with its reasons. Pure.

Each fact of an image is put into one word (FACTS), and "fact-word" is a reason if RULES has it. The
worst grade among the reasons is the image's.

| grade   | means                                                                               |
|---------|-------------------------------------------------------------------------------------|
| yes     | Nothing known speaks against it, and everything that decides is known.              |
| caution | It may do: something is not as it should be, or something that decides is not known. |
| no      | It cannot be used now, by the cloud's own word.                                     |

Unknown is neither good nor bad: it may hide a *no*, so it is a *caution*, with a reason that says
what is not known. A status or check that no document and no rule here knows is as good as unknown.
That the cloud has not checked an image is known, and how nearly all images are: worth saying, but
nothing against it. Whether an image is shared decides nothing about booting it, so it may be
unknown. A new fact is what is Known of it, a function in FACTS and its lines
in RULES, with words in `images.views.image.verdicts`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from images.cloud.records import Image
from images.insights import check_meaning, is_astray, status_meaning

YES, CAUTION, NO = "yes", "caution", "no"
GRADES = (YES, CAUTION, NO)


@dataclass(frozen=True, slots=True)
class Judgement:
    """The grade of an image, one of GRADES, and the reasons, keys of RULES, the worst first.

    Reasons of the grade *yes* are only worth knowing.
    """

    grade: str
    reasons: tuple[str, ...]


# In the order in which reasons of one grade are told.
RULES = {
    "status-failed": NO,
    "status-disabled": NO,
    "status-deleting": NO,
    "status-not-yet": NO,  # it is still being created or imported
    "job-deleting": NO,
    "storages-none": NO,
    "storages-down": NO,  # all of those that hold it
    "check-failed": NO,
    "status-unknown": CAUTION,
    "status-unfamiliar": CAUTION,
    "job-failed": CAUTION,
    "job-running": CAUTION,
    "storages-some-down": CAUTION,
    "storages-unknown": CAUTION,
    "storages-unsure": CAUTION,  # where it is stored is known, but not whether that is connected
    "regions-others": CAUTION,  # the image's own leave out the one that lists it
    "check-unknown": CAUTION,
    "check-unfamiliar": CAUTION,
    "disk-unknown": CAUTION,  # how large a disk a machine needs
    "check-none": YES,
    "shared-yes": YES,  # to this account: it cannot be copied
}


class Known(NamedTuple):
    """All that a verdict is made of: images that agree in it have one verdict."""

    status: str | None
    job_state: str | None
    job_type: str | None
    storages: int | None
    storages_down: int
    storages_unknown: int
    is_astray: bool
    check_state: str | None
    has_min_disk: bool
    shared: bool | None


def verdict(image: Image) -> Judgement:
    job = image.job
    known = Known(
        image.status,
        job.state if job else None,
        job.type if job else None,
        image.storages,
        image.storages_down,
        image.storages_unknown,
        is_astray(image),
        image.check_state,
        image.min_disk is not None,
        image.shared,
    )
    return _judged(known)


@lru_cache(maxsize=1024)
def _judged(known: Known) -> Judgement:
    said = {f"{fact}-{word(known)}" for fact, word in FACTS.items()}
    reasons = tuple(reason for reason in RULES if reason in said)
    grade = max((RULES[reason] for reason in reasons), key=GRADES.index, default=YES)
    return Judgement(grade, reasons)


def _status(known: Known) -> str:
    return status_meaning(known.status)


def _job(known: Known) -> str:
    deleting = known.job_state == "running" and known.job_type == "DeleteCIMG"
    return "deleting" if deleting else known.job_state or "none"


def _storages(known: Known) -> str:
    if known.storages is None:
        return "unknown"
    if known.storages == 0:
        return "none"
    if known.storages_down == known.storages:
        return "down"
    if known.storages_down:
        return "some-down"
    return "unsure" if known.storages_unknown else "connected"


def _regions(known: Known) -> str:
    return "others" if known.is_astray else "own"


def _check(known: Known) -> str:
    return check_meaning(known.check_state)


def _disk(known: Known) -> str:
    return "known" if known.has_min_disk else "unknown"


def _shared(known: Known) -> str:
    return "yes" if known.shared else "no"


FACTS: dict[str, Callable[[Known], str]] = {
    "status": _status,
    "job": _job,
    "storages": _storages,
    "regions": _regions,
    "check": _check,
    "disk": _disk,
    "shared": _shared,
}
