"""Why regions could not be read, in words for people: one cause for all that failed alike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple
from uuid import UUID

from django.utils.translation import gettext as _

from images.messages import Explanation
from images.services.gathered import AccountInventory, GatheredInventory, states_of
from images.services.inventory import RegionState
from images.services.snapshots import Failure, is_refused
from images.templatetags.inventory import titled

NAMED = 4  # of the regions or accounts in one sentence


@dataclass(frozen=True)
class Cause:
    """One kind of failure, and everything that it kept from being read.

    `regions` names the regions and `missing` those of which nothing can be shown, both "" for none:
    it may be the list of regions alone that failed. `tokens` are the accounts that have it.
    `failures` are what was asked for, in words, with what the cloud said; `since` is when the first
    of them began, `shown_at` when the oldest list that is shown instead was read, None where none
    is (Unix seconds). `all_missing` says that the regions are those that are missing, `several`
    that they are more than one.
    """

    kind: str
    explained: Explanation
    regions: str
    missing: str
    all_missing: bool
    several: bool
    tokens: tuple[UUID, ...]
    failures: tuple[tuple[str, Failure], ...]
    since: float
    shown_at: float | None


class Failed(NamedTuple):
    """What failed alike in one account: the list of its regions, if that is not None, and these."""

    of: AccountInventory
    of_list: Failure | None
    states: list[RegionState]


def causes(inventory: GatheredInventory) -> list[Cause]:
    """Return why not everything could be read, what hides most first."""
    found: defaultdict[tuple[str, bool], list[Failed]] = defaultdict(list)
    for each in inventory.accounts:
        # The same kind means another thing where the token itself is refused.
        of_region = each.inventory.token_failure is None
        for kind, failed in _failed(each, several=inventory.several).items():
            found[kind, of_region].append(failed)
    most_first = sorted(found.items(), key=lambda each: -sum(len(of.states) for of in each[1]))
    made = [_cause(inventory, kind, failed) for (kind, _of_region), failed in most_first]
    return sorted(made, key=lambda each: not each.missing)


def _failed(account: AccountInventory, *, several: bool) -> dict[str, Failed]:
    """Return what failed in an account, by the kind of failure."""
    states: defaultdict[str, list[RegionState]] = defaultdict(list)
    of_list = account.inventory.head.failure
    if of_list:
        states[of_list.kind] = []
    # Where the list of regions is refused, no region is asked, for each would be.
    of_all = of_list if is_refused(account.inventory.head) else None
    for state in account.inventory.regions:
        if failure := state.failure or of_all:
            named = replace(state, account=account.title) if several else state
            states[failure.kind].append(named)
    return {
        kind: Failed(account, of_list if of_list and of_list.kind == kind else None, failed)
        for kind, failed in states.items()
    }


def named(states: Sequence[RegionState], everything: Sequence[RegionState]) -> str:
    """Return the regions in a few words: the first by their names, or that it is all of them.

    An account all of whose regions they are is named itself.
    """
    every = states_of(everything)
    if len(states) == len(everything) > 1:
        if len(every) > 1:
            return _("All %(number)s accounts") % {"number": len(every)}
        return _("All %(number)s regions") % {"number": len(states)}
    names: list[str] = []
    for account, some in states_of(states).items():
        whole = account and len(some) == len(every[account])
        names += [account] if whole else map(state_title, some)
    return _listed(names)


def state_title(state: RegionState) -> str:
    """Return what a region is called, after its account where there are several."""
    title = titled(state.head.region)
    return f"{state.account}: {title}" if state.account else title


def _listed(names: list[str]) -> str:
    left = len(names) - NAMED
    if left > 1:
        names = [*names[:NAMED], _("%(number)s more") % {"number": left}]
    return " · ".join(names)


def _cause(inventory: GatheredInventory, kind: str, failed: Sequence[Failed]) -> Cause:
    said: defaultdict[Failure, list[str]] = defaultdict(list)
    for of, of_list, states in failed:
        if of_list:
            listing = _("List of regions")
            said[of_list].append(f"{of.title}: {listing}" if inventory.several else listing)
        for each in states:
            # What the list of regions was refused with is noted of every region.
            if each.failure and each.failure != of_list:
                said[each.failure].append(state_title(each))
    states = [state for each in failed for state in each.states]
    bare = [each.of.title for each in failed if not each.states] if inventory.several else []
    missing = [each for each in states if not each.head.version]
    lost = [each.of.title for each in failed if not each.states and each.of.inventory.failure]
    read = [each.head.fetched_at for each in states if each.head.version]
    first = next(iter(said))
    return Cause(
        kind=kind,
        explained=failed[0].of.inventory.explanation(first),
        regions=" · ".join(filter(None, (named(states, inventory.regions), _listed(bare)))),
        missing=" · ".join(
            filter(None, (named(missing, inventory.regions), _listed(lost if bare else [])))
        ),
        all_missing=len(missing) == len(states),
        several=len(states) + len(bare) > 1,
        tokens=tuple(each.of.account.token_id for each in failed),
        failures=tuple((" · ".join(names), failure) for failure, names in said.items()),
        since=min(failure.since or failure.at for failure in said),
        shown_at=min(read, default=None),
    )
