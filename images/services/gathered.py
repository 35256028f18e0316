"""What a page over several accounts is made from: the inventory of each.

Each keeps its own state and age; one that fails, or was never read, leaves the others whole.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol
from uuid import UUID

from images.cloud.records import Image
from images.messages import EXPLANATIONS, Explanation
from images.search.bitsets import Cache, Within
from images.search.gathered_index import GatheredIndex, Part
from images.search.query import ImageQuery, lets_in
from images.services import memory
from images.services.inventory import Inventory, RegionState, telling
from images.services.snapshots import Failure

WORST_FIRST = ("failed", "loading", "stale", "fresh")


class Account(Protocol):
    """What is needed of an account: its names, and what to read with.

    `token_id` says which it is; `title` is its label where people see it, `names` are what words
    find it by. `cache_key` stands for the secret: two accounts of one secret share a list.
    """

    @property
    def token_id(self) -> UUID: ...
    @property
    def label(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def names(self) -> tuple[str, ...]: ...
    @property
    def secret(self) -> str: ...
    @property
    def cache_key(self) -> str: ...


@dataclass(frozen=True, eq=False)
class AccountInventory:
    """One account, and what is known of it."""

    account: Account
    inventory: Inventory

    @property
    def id(self) -> str:
        return str(self.account.token_id)

    @property
    def title(self) -> str:
        return self.account.title

    @cached_property
    def is_known(self) -> bool:
        """Whether it was ever read, be it in vain."""
        head = self.inventory.head
        return bool(head.asked_at) or head.failure is not None

    @cached_property
    def count(self) -> int | None:
        """How many images it lists, as far as is known; None where nothing is."""
        head = self.inventory.head
        read = any(region.version for region in head.regions)
        has_no_region = bool(head.asked_at) and not head.regions and head.failure is None
        return len(self.inventory.images) if read or has_no_region else None

    @cached_property
    def state(self) -> str:
        """As that of a region: where it is worst; without any region, that of their list."""
        states = [each.state for each in self.inventory.regions]
        if states:
            return min(states, key=WORST_FIRST.index)
        return "failed" if self.inventory.head.failure else "fresh" if self.is_known else "loading"


@dataclass(frozen=True)
class GatheredInventory:
    """What all accounts list that a person may read, at the moment `now` (Unix seconds).

    `everything` has each account that can be read with, in the order of their ids; `accounts` are
    those of them that are asked for. `index` is over everything.
    """

    everything: tuple[AccountInventory, ...]
    accounts: tuple[AccountInventory, ...]
    index: GatheredIndex
    now: float
    fresh_seconds: int

    def of(self, query: ImageQuery) -> GatheredInventory:
        """Return the same with only those accounts asked for that the query lets in."""
        asked = (each for each in self.everything if lets_in(query, each.id))
        return replace(self, accounts=tuple(asked))

    @property
    def several(self) -> bool:
        """Whether it has to be said which account something is of."""
        return len(self.everything) > 1

    @property
    def images(self) -> Sequence[Image]:
        return self.index.images

    @cached_property
    def regions(self) -> tuple[RegionState, ...]:
        """Every region of every account that is asked for."""
        if not self.several:
            return tuple(state for each in self.accounts for state in each.inventory.regions)
        return tuple(
            replace(state, account=each.title)
            for each in self.accounts
            for state in each.inventory.regions
        )

    @cached_property
    def by_region(self) -> tuple[RegionState, ...]:
        """Each region once, as `worst` says."""
        return worst(self.regions)

    @property
    def readings(self) -> tuple[float, ...]:
        """When each account was asked last: what is made of their lists and ours is kept by it."""
        return tuple(each.inventory.head.asked_at for each in self.accounts)

    @property
    def asked_at(self) -> float:
        """When any of them was asked last, 0.0 where none was."""
        return max(self.readings, default=0.0)

    @cached_property
    def failure(self) -> Failure | None:
        """Why there is nothing at all to show, or None when there is something."""
        failures = [each.inventory.failure for each in self.accounts]
        found = [failure for failure in failures if failure]
        return telling(found) if found and len(found) == len(failures) else None

    @property
    def token_failure(self) -> Failure | None:
        """What the cloud said against the tokens themselves, where none of them works."""
        failures = [each.inventory.token_failure for each in self.accounts]
        found = [failure for failure in failures if failure]
        return telling(found) if found and len(found) == len(failures) else None

    @property
    def list_failures(self) -> list[Failure]:
        """Why the regions of accounts could not be listed."""
        return [
            each.inventory.head.failure for each in self.accounts if each.inventory.head.failure
        ]

    @property
    def lists_unreadable(self) -> int:
        """How many entries of the accounts' lists of regions were no region."""
        return sum(each.inventory.head.unreadable for each in self.accounts)

    @property
    def is_whole(self) -> bool:
        """Whether something is known of every region of every account."""
        return all(
            each.is_known and each.inventory.failure is None for each in self.accounts
        ) and all(each.head.version for each in self.regions)

    @property
    def loading(self) -> list[AccountInventory]:
        """The accounts of which nothing is known yet."""
        return [each for each in self.accounts if not each.is_known]

    @property
    def is_unconfirmed(self) -> bool:
        """Whether the newest list of any region is to be confirmed, which is soon."""
        return any(each.inventory.is_unconfirmed for each in self.accounts)

    def explanation(self, failure: Failure) -> Explanation:
        """Return what a failure of any of the accounts means to a person."""
        for each in self.accounts:
            head = each.inventory.head
            if failure in (head.failure, *(region.failure for region in head.regions)):
                return each.inventory.explanation(failure)
        return EXPLANATIONS[failure.kind]

    @property
    def moved(self) -> list[RegionState]:
        """Return the regions whose images came and went while their lists were read."""
        return [state for state in self.regions if state.head.moved]

    @property
    def unreadable(self) -> dict[str, int]:
        """How often each field (vendor's name) could not be read, in all regions together."""
        found: Counter[str] = Counter()
        for state in self.regions:
            found.update(state.unreadable)
        return dict(found)

    @property
    def as_of(self) -> float | None:
        """When the oldest of what is shown was read; None where nothing is."""
        return min(
            (each.head.fetched_at for each in self.regions if each.head.version), default=None
        )

    def find(self, region: str, uuid: str) -> Image | None:
        """Return an image, of the accounts that are asked for if one has it."""
        found = self.lister(region, uuid)
        return found[1] if found else None

    def lister(self, region: str, uuid: str) -> tuple[AccountInventory, Image] | None:
        """Return an image and the account whose list it is taken from."""
        position = self.position(region, uuid)
        if position is None:
            return None
        number, _row = self.index.images.place(position)
        return self.everything[number], self.index.images[position]

    def position(self, region: str, uuid: str) -> int | None:
        """Return where that image is in the index; None where no account lists it.

        Of several accounts it is one that is asked for, if that has it.
        """
        asked = set(self.accounts)
        numbers = sorted(range(len(self.everything)), key=lambda n: self.everything[n] not in asked)
        for number in numbers:
            row = self.everything[number].inventory.index.position(region, uuid)
            if row is not None:
                return self.index.images.starts[number] + row
        return None

    def listers(self, region: str, uuid: str) -> list[AccountInventory]:
        """Return every account that lists an image."""
        return [each for each in self.everything if each.inventory.find(region, uuid)]

    @property
    def keys(self) -> frozenset[str]:
        """What stands for the secrets of the accounts that are asked for, in history and caches."""
        return frozenset(each.account.cache_key for each in self.accounts)

    @property
    def all_keys(self) -> frozenset[str]:
        """The same of all accounts that can be read with."""
        return frozenset(each.account.cache_key for each in self.everything)

    @property
    def narrowed(self) -> tuple[str, ...]:
        """The ids of the accounts that are asked for, none where it is all of them."""
        all_of_them = len(self.accounts) == len(self.everything)
        return () if all_of_them else tuple(each.id for each in self.accounts)


def gathered(
    inventories: Iterable[tuple[Account, Inventory]], now: float, fresh_seconds: int
) -> GatheredInventory:
    """Return the inventories of these accounts as one."""
    ordered = sorted(inventories, key=lambda each: str(each[0].token_id))
    accounts = tuple(AccountInventory(account, inventory) for account, inventory in ordered)
    parts = [Part(each.id, each.inventory.index, each.account.names) for each in accounts]
    index = GatheredIndex(parts, _cache(parts))
    return GatheredInventory(accounts, accounts, index, now, fresh_seconds)


def _cache(parts: Sequence[Part]) -> Cache:
    """Return where answers over these are kept: of one account, with its index."""
    key = tuple((part.account, part.names, part.index.serial) for part in parts)
    return Within(parts[0].index.cache, key) if len(parts) == 1 else memory.gathered_cache(key)


def worst(states: Iterable[RegionState]) -> tuple[RegionState, ...]:
    """Return each region once, as the oldest list of it that is shown stands.

    Beside that it says of how many accounts nothing is.
    """
    found: defaultdict[str, list[RegionState]] = defaultdict(list)
    for state in states:
        found[state.id].append(state)
    return tuple(map(_worst, found.values()))


def _worst(states: Sequence[RegionState]) -> RegionState:
    shown = [state for state in states if state.head.version]
    missing = len(states) - len(shown)
    return replace(min(shown or states, key=_how_bad), of=len(states), missing=missing)


def _how_bad(state: RegionState) -> tuple[int, float]:
    return WORST_FIRST.index(state.state), state.head.fetched_at


def states_of(states: Iterable[RegionState]) -> Mapping[str, Sequence[RegionState]]:
    """Return the states by their account's title, in their order."""
    found: defaultdict[str, list[RegionState]] = defaultdict(list)
    for state in states:
        found[state.account].append(state)
    return found
