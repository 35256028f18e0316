"""What needs attention, in words, each group with the way to just its images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from images.cloud.records import Image
from images.context import LOOKS, InventoryContext
from images.reports.attention import (
    ALONE,
    AT_RISK,
    CHECK_FAILED,
    FAILED,
    JOB_FAILED,
    OLD,
    OLD_DAYS,
    REPEATED,
    STALLED,
    UNCHECKED,
    Group,
    Repeat,
)
from images.views.overview import charts

NAMED = 3  # images of a group, on its line
# What it is, and why it matters.
WORDS: dict[str, tuple[Promise, Promise]] = {
    FAILED: (gettext_lazy("failed"), gettext_lazy("Their status says that they cannot be used.")),
    JOB_FAILED: (
        gettext_lazy("whose last job failed"),
        gettext_lazy("What was last done to them did not succeed."),
    ),
    STALLED: (
        gettext_lazy("whose job has stalled"),
        gettext_lazy("Under way, but not moving for two minutes or longer."),
    ),
    AT_RISK: (
        gettext_lazy("at risk"),
        gettext_lazy("A storage that holds them is not connected, or none holds them."),
    ),
    CHECK_FAILED: (
        gettext_lazy("whose check failed"),
        gettext_lazy("The cloud checked them, and they did not pass."),
    ),
    REPEATED: (
        gettext_lazy("with the name of another in their region"),
        gettext_lazy("Whoever picks one by its name may get the other."),
    ),
    UNCHECKED: (gettext_lazy("not checked"), gettext_lazy("The cloud has not checked them.")),
    OLD: (gettext_lazy("over 2 years old"), gettext_lazy("Created before %(day)s.")),
    ALONE: (
        gettext_lazy("in one region only"),
        gettext_lazy("By name and OS: no other region has them."),
    ),
}


@dataclass(frozen=True)
class Line:
    """A group that needs attention; `href` is the list of just its images.

    It is "" where no address can say it: then `rest` are those that are not `named`, and `left` how
    many more there are.
    """

    group: Group
    title: Promise
    hint: str
    href: str
    named: Sequence[Image]
    rest: Sequence[Image]
    repeats: list[tuple[Repeat, str]]

    @property
    def left(self) -> int:
        return self.group.count - len(self.group.images)


def lines(context: InventoryContext, groups: Sequence[Group], today: date) -> list[Line]:
    return [_line(context, group, today) for group in groups]


def _line(context: InventoryContext, group: Group, today: date) -> Line:
    title, hint = WORDS[group.kind]
    looks = {name: getattr(context.query, name) for name in LOOKS}
    href = context.link_to(replace(group.query, **looks)) if group.query else ""
    if group.kind == ALONE:
        href = reverse("coverage", args=("one",)) + context.suffix
    return Line(
        group=group,
        title=title,
        hint=str(hint) % {"day": (today - timedelta(days=OLD_DAYS)).isoformat()},
        href=href,
        named=group.images[:NAMED],
        rest=() if href else group.images[NAMED:],
        repeats=[
            (each, charts.link(context, region=(each.region,), name=(each.name,)))
            for each in group.repeats
        ],
    )
