"""Why regions could not be read, in words for people: one cause for all that failed alike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from images.messages import Explanation
from images.services.inventory import Inventory, RegionState
from images.services.snapshots import Failure, is_refused
from images.templatetags.inventory import titled

NAMED = 4  # of the regions in one sentence


@dataclass(frozen=True)
class Cause:
    """One kind of failure, and everything that it kept from being read.

    `regions` names the regions and `missing` those of which nothing can be shown, both "" for none:
    it may be the list of regions alone that failed. `failures` are what was asked for, in words,
    with what the cloud said; `since` is when the first of them began, `shown_at` when the oldest
    list that is shown instead was read, None where none is (Unix seconds). `all_missing` says that
    the regions are those that are missing, `several` that they are more than one.
    """

    kind: str
    explained: Explanation
    regions: str
    missing: str
    all_missing: bool
    several: bool
    failures: tuple[tuple[str, Failure], ...]
    since: float
    shown_at: float | None


def causes(inventory: Inventory) -> list[Cause]:
    """Return why not everything could be read, what hides most first."""
    states: defaultdict[str, list[RegionState]] = defaultdict(list)
    of_list = inventory.head.failure
    if of_list:
        states[of_list.kind] = []
    # Where the list of regions is refused, no region is asked, for each would be.
    of_all = of_list if is_refused(inventory.head) else None
    for state in inventory.regions:
        if failure := state.failure or of_all:
            states[failure.kind].append(state)
    most_first = sorted(states.items(), key=lambda each: -len(each[1]))
    found = [_cause(inventory, kind, failed) for kind, failed in most_first]
    return sorted(found, key=lambda each: not each.missing)


def named(states: Sequence[RegionState], everything: Sequence[RegionState]) -> str:
    """Return the regions in a few words: the first by their names, or that it is all of them."""
    if len(states) == len(everything) > 1:
        return _("All %(number)s regions") % {"number": len(states)}
    names = [titled(state.head.region) for state in states]
    left = len(names) - NAMED
    if left > 1:
        names = [*names[:NAMED], _("%(number)s more regions") % {"number": left}]
    return " · ".join(names)


def _cause(inventory: Inventory, kind: str, states: Sequence[RegionState]) -> Cause:
    of_list = inventory.head.failure
    said: defaultdict[Failure, list[str]] = defaultdict(list)
    if of_list and of_list.kind == kind:
        said[of_list] = [_("List of regions")]
    for each in states:
        # What the list of regions was refused with is noted of every region.
        if each.failure and each.failure != of_list:
            said[each.failure].append(titled(each.head.region))
    missing = [each for each in states if not each.head.version]
    read = [each.head.fetched_at for each in states if each.head.version]
    return Cause(
        kind=kind,
        explained=inventory.explanation(next(iter(said))),
        regions=named(states, inventory.regions),
        missing=named(missing, inventory.regions),
        all_missing=len(missing) == len(states),
        several=len(states) > 1,
        failures=tuple((" · ".join(names), failure) for failure, names in said.items()),
        since=min(failure.since or failure.at for failure in said),
        shown_at=min(read, default=None),
    )
