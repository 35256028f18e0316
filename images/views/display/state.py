"""How it stands, in one word that is read from afar, and what it does not say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, npgettext

from images.causes import named
from images.context import InventoryContext
from images.newest_worries import Newest
from images.services.gathered import AccountInventory, worst
from images.services.inventory import RegionState
from images.services.snapshots import Failure
from images.templatetags.inventory import counted

# After so many intervals without a good answer a region's list is shown to be old.
OLD_INTERVALS = 3
REGIONS_SHOWN = 8

NEW, WELL, KNOWN = "new", "well", "known"
OLD, PARTIAL, LOADING, EMPTY = "old", "partial", "loading", "empty"
NO_DATA, REFUSED, NO_TOKEN = "no-data", "refused", "no-token"
WORDS: dict[str, Promise] = {
    WELL: gettext_lazy("All well"),
    KNOWN: gettext_lazy("Nothing new"),
    OLD: gettext_lazy("Old data"),
    PARTIAL: gettext_lazy("Incomplete"),
    LOADING: gettext_lazy("Loading"),
    EMPTY: gettext_lazy("No images"),
    NO_DATA: gettext_lazy("No data"),
    REFUSED: gettext_lazy("Token refused"),
    NO_TOKEN: gettext_lazy("No token"),
}


@dataclass(frozen=True)
class State:
    """One of the names above, and its word."""

    name: str
    word: str | Promise


@dataclass(frozen=True)
class Gap:
    """Regions in one and the same trouble, and why; `at` is from when what they show is."""

    names: str
    why: str
    at: float | None = None


@dataclass(frozen=True)
class Chip:
    """A region as a screen shows it: where it is worst, how many images it has, if it is old."""

    state: RegionState
    count: int
    is_old: bool


@dataclass(frozen=True)
class Regions:
    """The regions of a screen; in `gaps` are those that are `old`, `unread` or to be confirmed.

    `unlisted` are the accounts of which not even the regions are known.
    """

    states: Sequence[RegionState]
    old: Sequence[RegionState]
    unread: Sequence[RegionState]
    unconfirmed: Sequence[RegionState]
    unlisted: Sequence[AccountInventory]
    refusal: Failure | None
    whole: bool

    @property
    def all_old(self) -> bool:
        return bool(self.old) and len(self.old) + len(self.unread) == len(self.states)

    @property
    def shown(self) -> Sequence[Chip]:
        """All, or where they are too many those with some trouble first."""
        counts: Counter[str] = Counter()
        for each in self.states:
            counts[each.id] += each.head.count if each.head.version else 0
        old = {each.id for each in self.old}
        chips = [Chip(each, counts[each.id], each.id in old) for each in worst(self.states)]
        if len(chips) > REGIONS_SHOWN:
            chips.sort(key=lambda each: each.state.state == "fresh")
        return chips[:REGIONS_SHOWN]

    @property
    def left(self) -> int:
        return max(0, len({each.id for each in self.states}) - REGIONS_SHOWN)


def regions(context: InventoryContext) -> Regions:
    """Return how the regions stand that the screen shows.

    Where not one of them answered when last asked, all that is shown is old, from that moment on.
    """
    inventory, wanted = context.inventory, context.query.chosen("region")
    states = [state for state in inventory.regions if not wanted or state.id in wanted]
    read = [state for state in states if state.head.version]
    oldest = OLD_INTERVALS * inventory.fresh_seconds
    silent = inventory.token_failure is not None or all(state.failure for state in states)
    refused = {each.title for each in inventory.accounts if each.inventory.token_failure}
    old = [
        state for state in read if silent or state.account in refused or (state.age or 0) > oldest
    ]
    unread = [state for state in states if not state.head.version]
    unconfirmed = [state for state in states if state.unconfirmed]
    unlisted = [each for each in inventory.accounts if not each.inventory.regions]
    unlisted = [each for each in unlisted if each.state != "fresh"]
    doubts = (
        *(old, unread, unconfirmed, unlisted, context.unknown_region),
        *(inventory.list_failures, inventory.lists_unreadable, context.unusable),
    )
    refusal = inventory.token_failure
    return Regions(states, old, unread, unconfirmed, unlisted, refusal, not any(doubts))


def gaps(context: InventoryContext, found: Regions) -> dict[str, Any]:
    """Return what to say above everything else: each cause once, with its regions."""

    def why(state: RegionState) -> str:
        failure = found.refusal or state.failure
        return str(context.inventory.explanation(failure).title) if failure else ""

    old = _grouped(found.old, found.states, why, dated=True)
    unread = _grouped(found.unread, found.states, why)
    failures = context.inventory.list_failures
    of_list = str(context.inventory.explanation(failures[0]).title) if failures else ""
    for account in found.unlisted if context.inventory.several else ():
        failure = account.inventory.head.failure
        title = str(account.inventory.explanation(failure).title) if failure else ""
        unread.append(Gap(account.title, title))
    return {
        "old_gaps": old,
        "unread_gaps": unread,
        "unconfirmed_names": named(found.unconfirmed, found.states),
        "list_gap": "" if of_list in [each.why for each in (*old, *unread)] else of_list,
    }


def state_of(context: InventoryContext, found: Regions, newest: Newest, total: int) -> State:
    """Return the one word: what cannot be relied on comes before what is shown."""
    if failure := context.inventory.failure:
        refused = context.inventory.explanation(failure).about_token
        return state(REFUSED if refused else NO_DATA)
    if found.all_old:
        return state(REFUSED if found.refusal else OLD)
    if newest.new:
        word = npgettext("wall", "%(number)s new", "%(number)s new", newest.new)
        return State(NEW, word % {"number": counted(newest.new)})
    if found.old:
        return state(OLD)
    if not found.whole:
        states = [each.state for each in found.unread] + [each.state for each in found.unlisted]
        loading = "loading" in states
        return state(LOADING if loading else PARTIAL)
    if not total:
        return state(EMPTY)
    return state(KNOWN if newest.count else WELL)


def state(name: str) -> State:
    return State(name, WORDS[name])


def _grouped(
    states: Sequence[RegionState],
    everything: Sequence[RegionState],
    why: Callable[[RegionState], str],
    *,
    dated: bool = False,
) -> list[Gap]:
    """Return the regions by why they are so, in the order in which they come."""
    causes = {why(each): place for place, each in reversed(list(enumerate(states)))}
    ordered = sorted(states, key=lambda each: causes[why(each)])
    found = []
    for cause, group in groupby(ordered, lambda each: why(each)):
        members = list(group)
        at = min(each.head.fetched_at for each in members) if dated else None
        found.append(Gap(named(members, everything), cause, at))
    return found
