"""What needs attention, in words, each group with the way to just its images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from images.cloud.records import Image
from images.context import PREFERENCES, InventoryContext
from images.reports.attention import (
    ALONE,
    AT_RISK,
    CHECK_FAILED,
    ENDED,
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
from images.templatetags.inventory import plain_size
from images.views.overview import charts

NAMED = 3  # images of a group, on its line
# What it is, and why it matters.
WORDS: dict[str, tuple[Promise, Promise]] = {
    FAILED: (gettext_lazy("failed"), gettext_lazy("Their status means that they cannot be used.")),
    JOB_FAILED: (
        gettext_lazy("whose last job failed"),
        gettext_lazy("The last operation on them did not succeed."),
    ),
    STALLED: (
        gettext_lazy("whose job has stalled"),
        gettext_lazy("In progress, but without progress for two minutes or longer."),
    ),
    AT_RISK: (
        gettext_lazy("at risk"),
        gettext_lazy("At least one of their storages is not connected, or no storage holds them."),
    ),
    CHECK_FAILED: (
        gettext_lazy("whose check failed"),
        gettext_lazy("They did not pass the cloud's check."),
    ),
    ENDED: (
        gettext_lazy("whose OS is no longer supported"),
        gettext_lazy("There are no more security updates for it, extended ones included."),
    ),
    REPEATED: (
        gettext_lazy("with a duplicate name in their region"),
        gettext_lazy("Selecting one by name may get the other."),
    ),
    UNCHECKED: (gettext_lazy("not checked"), gettext_lazy("The cloud has not checked them.")),
    OLD: (
        gettext_lazy("over 2 years old"),
        gettext_lazy("Created before %(day)s; together %(size)s, the largest first."),
    ),
    ALONE: (
        gettext_lazy("in one region only"),
        gettext_lazy("No other region has an image with the same name and OS."),
    ),
}


@dataclass(frozen=True)
class Line:
    """A group that needs attention; `href` is the list of just its images.

    It is "" where no address can say it: then `rest` are those that are not `named`, and `left` how
    many more there are. `repeats` have the list of just theirs, and the account's label if needed.
    """

    group: Group
    title: Promise
    hint: str
    href: str
    named: Sequence[Image]
    rest: Sequence[Image]
    repeats: list[tuple[Repeat, str, str]]

    @property
    def left(self) -> int:
        return self.group.count - len(self.group.images)


def common(line: Line, total: int) -> bool:
    """Whether it is true of most images, and picks out none; OLD ones are ranked by size."""
    return not line.group.serious and line.group.kind != OLD and 2 * line.group.count > total


def lines(context: InventoryContext, groups: Sequence[Group], today: date) -> list[Line]:
    return [_line(context, group, today) for group in groups]


def _line(context: InventoryContext, group: Group, today: date) -> Line:
    title, hint = WORDS[group.kind]
    oldest = today - timedelta(days=OLD_DAYS)
    preferences = {name: getattr(context.query, name) for name in PREFERENCES}
    href = context.link_to(replace(group.query, **preferences)) if group.query else ""
    if group.kind == ALONE:
        href = reverse("coverage", args=("one",)) + context.suffix
    return Line(
        group=group,
        title=title,
        hint=str(hint) % {"day": f"{oldest} UTC", "size": plain_size(group.bytes)},
        href=href,
        named=group.images[:NAMED],
        rest=() if href else group.images[NAMED:],
        repeats=[_repeat(context, each) for each in group.repeats],
    )


def _repeat(context: InventoryContext, repeat: Repeat) -> tuple[Repeat, str, str]:
    """Return it with its images, and where there are several with the label of its account."""
    asked: dict[str, tuple[str, ...]] = {"region": (repeat.region,), "name": (repeat.name,)}
    if not context.inventory.several:
        return repeat, charts.link(context, **asked), ""
    href = charts.link(context, **asked, account=(repeat.account,))
    return repeat, href, context.account_labels[repeat.account]
