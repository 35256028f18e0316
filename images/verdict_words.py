"""A verdict in words: the first line of an image's panel, and what its row says on hover."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from images.cloud.records import Image
from images.insights import status_kind
from images.labels import label_of
from images.templatetags.inventory import plain_size, region_title
from images.verdict import CAUTION, NO, RULES, YES, verdict

# How a status looks whose image is of that grade, where the status alone would look fine.
MARKS = {YES: "ok", CAUTION: "warn", NO: "bad"}

Names = Mapping[str, str]


@dataclass(frozen=True)
class Words:
    """`sentence` is the answer with the reasons for it, `facts` what else is worth knowing."""

    grade: str
    sentence: str
    facts: list[str]


def _storages_down(image: Image) -> str:
    every = image.storages or 0
    return ngettext(
        "its only storage is not connected",
        "none of its %(all)s storages is connected",
        every,
    ) % {"all": every}


def _some_down(image: Image) -> str:
    return ngettext(
        "%(down)s of its %(all)s storages is not connected",
        "%(down)s of its %(all)s storages are not connected",
        image.storages_down,
    ) % {"down": image.storages_down, "all": image.storages}


_status_is = gettext_lazy("its status is %(status)s")
_being_deleted = gettext_lazy("it is being deleted")

# Each reason as a part of a sentence, those of the grade *yes* as a sentence.
REASONS: dict[str, Promise | Callable[[Image], str]] = {
    "status-failed": _status_is,
    "status-disabled": _status_is,
    "status-deleting": _being_deleted,
    "status-not-yet": _status_is,
    "job-deleting": _being_deleted,
    "storages-none": gettext_lazy("no storage holds it"),
    "storages-down": _storages_down,
    "check-failed": gettext_lazy("its check failed"),
    "status-unknown": gettext_lazy("the cloud does not say what its status is"),
    "status-unfamiliar": gettext_lazy("its status %(status)s is not recognized"),
    "job-failed": gettext_lazy("its last job failed"),
    "job-running": gettext_lazy("a job is in progress"),
    "storages-some-down": _some_down,
    "storages-unknown": gettext_lazy("the cloud does not say where it is stored"),
    "storages-unsure": gettext_lazy("the cloud does not say whether its storages are connected"),
    "regions-others": gettext_lazy("its own list of regions does not include this one"),
    "check-unknown": gettext_lazy("the cloud does not say whether it was checked"),
    "check-unfamiliar": gettext_lazy("its check result %(check)s is not recognized"),
    "disk-unknown": gettext_lazy("the disk size it needs is unknown"),
    "check-none": gettext_lazy("It has not been checked."),
    "shared-yes": gettext_lazy("It is shared with this account, so it cannot be copied."),
}
assert set(REASONS) == set(RULES)  # noqa: S101


def verdict_words(image: Image, region_names: Names, zone_names: Names) -> Words:
    """Return the verdict on the image, its region and its zones there by their names.

    Zones are named by their id in lower case.
    """
    zones = [
        zone_names.get(each.lower(), each)
        for each in image.zones or ()
        if each.lower().startswith(image.region.lower())
    ]
    return words(image, region_title(image.region, region_names), zones)


def words(image: Image, region: str, zones: Sequence[str]) -> Words:
    """Return the verdict on the image; `region` and `zones` are names."""
    judged = verdict(image)
    facts = [_reason(image, each) for each in judged.reasons if RULES[each] == YES]
    facts += [_needed_disk(image.min_disk)] if image.min_disk is not None else []
    sentence = why_not(image) or _yes(region, zones)
    return Words(judged.grade, sentence, facts)


def why_not(image: Image) -> str:
    """Return why the answer is no or not a plain yes, in a sentence; "" for a yes."""
    judged = verdict(image)
    reasons = [_reason(image, each) for each in judged.reasons if RULES[each] != YES]
    why = {"why": _("; ").join(dict.fromkeys(reasons))}
    if judged.grade == YES:
        return ""
    if judged.grade == NO:
        not_yet = judged.reasons[0] == "status-not-yet"
        return (_("Not yet: %(why)s.") if not_yet else _("No: %(why)s.")) % why
    unsure = judged.reasons[0] in ("status-unknown", "status-unfamiliar")
    return (_("Perhaps: %(why)s.") if unsure else _("Yes, but %(why)s.")) % why


def mark_of(image: Image) -> str:
    """Return how the status of the image looks: as fine as its verdict at most."""
    kind = status_kind(image.status)
    return MARKS[verdict(image).grade] if kind == "ok" else kind


def _yes(region: str, zones: Sequence[str]) -> str:
    said = {"region": region, "zones": ", ".join(zones)}
    if zones:
        return _("Yes: it is ready in %(region)s (%(zones)s).") % said
    return _("Yes: it is ready in %(region)s.") % said


def _needed_disk(size: int) -> str:
    return _("A machine needs a disk of at least %(size)s.") % {"size": plain_size(size)}


def _reason(image: Image, reason: str) -> str:
    told = REASONS[reason]
    if callable(told):
        return told(image)
    return str(told) % {
        "status": label_of(image.status or "", "status"),
        "check": image.check_state,
    }
