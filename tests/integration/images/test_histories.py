"""The feed of changes is exactly the difference between what the lists showed, whatever happens.

Random histories: images come, go and change; regions fail, are refused, are gone, or are read with
something missing; processes are killed at every step, two read at once, the database takes nothing;
the cache loses, truncates and forges entries. Beside the product an account of our own is kept of
what each reading showed, and after each reading both have to agree.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

import pytest
from django.db import DatabaseError
from hypothesis import HealthCheck, example, given, settings

from dashboard.tokens import vault
from images.cloud.errors import CloudError, Forbidden, Unreadable
from images.cloud.packing import encode_body, encode_images, version_of
from images.cloud.reading import Problems
from images.cloud.records import Region
from images.cloud.worker_process import Packed
from images.history.models import Change as Row
from images.history.models import Watch
from images.sandbox import Fault, Sandbox
from images.services import memory, refresh, store
from images.services.snapshots import Head
from tests.dashboards import ON_SERVERS
from tests.integration import cached
from tests.integration.conftest import Clock, Credential
from tests.integration.images.histories import (
    CALM,
    DAMAGES,
    NOT_WHOLE,
    REGIONS,
    WITH_JUNK,
    Account,
    Happening,
    List,
    Step,
    Told,
    Truth,
    histories,
    image,
    item,
)
from tests.marks import many

pytestmark = pytest.mark.backend

# On servers, where each step costs ten times as long, it is the database's part that is tried.
HISTORIES, ON_A_SOCKET = (many(6, 30), many(1, 3)) if ON_SERVERS else (many(40, 200), many(3, 12))
NUMBERS = count()
WAYS: dict[str, Any] = {
    "derandomize": True,
    "deadline": None,
    "database": None,
    "suppress_health_check": list(HealthCheck),
}


class Killed(BaseException):
    """What a process that is killed does next: nothing."""


def packed(region: str, images: List | None, how: str) -> Packed | CloudError:
    if images is None:
        return Forbidden("no permission") if how == "refused" else Unreadable("not JSON")
    pieces = encode_images([image(region, uuid, facts) for uuid, facts in images.items()])
    return Packed(
        version=version_of(pieces),
        body=encode_body(pieces),
        size=sum(map(len, pieces)),
        weight=0,
        count=len(images),
        problems=Problems(item=1) if how in WITH_JUNK else Problems(),
        request_id="r",
        moved=how == "moved",
        seconds=0.1,
        calls=1,
        page_limit=500,
    )


@dataclass
class Cloud:
    """Answers the product's two questions, in the place of a socket."""

    truth: Truth = field(default_factory=Truth)
    listings: dict[str, str] = field(default_factory=dict)
    tells_regions: bool = True
    meanwhile: Callable[[], None] = lambda: None

    def list_regions(self, caller: object) -> tuple[list[Region], int]:
        if not self.tells_regions:
            raise Unreadable("not JSON")
        there = [each for each in REGIONS if self.listings[each] != "gone"]
        return [Region(each, each, "", ()) for each in there], 0

    def read_regions(
        self, caller: object, regions: list[str]
    ) -> Iterator[tuple[str, Packed | CloudError]]:
        found = {}
        for region in regions:
            how = self.listings[region]
            found[region] = packed(region, self.truth.listed(region, how), how)
        self.meanwhile()
        yield from found.items()

    def get_ready(self) -> None:
        """To be asked, in the way that was set."""


@dataclass
class CloudOnASocket(Cloud):
    """The sandbox, which holds and answers the same."""

    sandbox: Sandbox | None = None

    def get_ready(self) -> None:
        assert self.sandbox
        self.sandbox.clear_faults()
        if not self.tells_regions:
            self.sandbox.misbehave(Fault("html", endpoint="region/list"))
        for region, how in self.listings.items():
            images = self.truth.listed(region, how)
            items = [json.dumps(item(*each)).encode() for each in (images or {}).items()]
            with self.sandbox.lock:
                shelf = self.sandbox.shelf(region)
                shelf.slots, shelf.busy = [*items, *([b"7"] if how in WITH_JUNK else [])], []
            if images is None:
                refusal = Fault("errno", "cimg/list", region, errno=10000001)
                failing = Fault("html", "cimg/list", region)
                self.sandbox.misbehave(refusal if how == "refused" else failing)


@dataclass
class World:
    """The product, and beside it our own account."""

    clock: Clock
    patch: pytest.MonkeyPatch
    credential: Credential
    cloud: Cloud
    accounts: dict[str, Account]
    told: Told = field(default_factory=Counter)

    @property
    def head(self) -> Head:
        return store.load_head(self.credential.cache_key) or Head()

    def step(self, step: Step) -> None:
        self.clock.now += step.seconds
        for each in step.happenings:
            self.cloud.truth.happen(each)
        self._damage(step)
        with self.patch.context() as patch:
            if step.disturbance == "nothing is kept":
                patch.setattr(Watch, "save", failing(DatabaseError("the disk is full")))
            elif step.disturbance == "killed while telling":
                patch.setattr(Watch, "save", failing(Killed()))
            elif step.disturbance == "killed after telling":
                patch.setattr(store, "save_head", failing(Killed()))
            elif step.disturbance == "another meanwhile":
                patch.setattr(self.cloud, "meanwhile", lambda: self._another(step))
            self._read(step)
        self._agree()

    def _read(self, step: Step) -> None:
        """As one process reads, and what that comes to by our own account."""
        self.cloud.listings = step.listings
        self.cloud.tells_regions = step.disturbance != "no list of regions"
        asked = {
            region
            for region, how in step.listings.items()
            if (how != "gone" if self.cloud.tells_regions else region in self.known_regions)
        }
        lists = {each: self.cloud.truth.listed(each, how) for each, how in step.listings.items()}
        killed = self._fetch()
        for region in asked:
            images = lists[region]
            # What another one read meanwhile is as new; what a killed one was about to tell is not.
            lost = step.disturbance == "another meanwhile" or (
                killed and step.disturbance == "killed while telling"
            )
            if images is not None and not lost:
                whole = step.listings[region] not in NOT_WHOLE
                kept = step.disturbance != "nothing is kept"
                self._count(self.accounts[region], images, whole=whole, kept=kept, killed=killed)
        if killed:
            store.forget()

    def _count(
        self, account: Account, images: List, *, whole: bool, kept: bool, killed: bool
    ) -> None:
        """What the account says of a list that was read."""
        held = account.held
        if kept:
            self.told += account.read(images, whole=whole)
        else:
            account.held = images
        if killed:
            account.held = held
            return
        entry = next(each for each in self.head.regions if each.region.id == account.region)
        assert entry.version
        assert (entry.unconfirmed is None) is (account.waiting is None or not kept)
        account.damaged = account.damaged and account.waiting is not None

    @property
    def known_regions(self) -> set[str]:
        return {entry.region.id for entry in self.head.regions}

    def _another(self, step: Step) -> None:
        """Another process begins to read after this one, and is done before it."""
        mine = self.cloud.meanwhile, self.cloud.listings
        self.cloud.meanwhile = lambda: None
        for each in step.meanwhile:
            self.cloud.truth.happen(each)
        store.forget()
        self.clock.now += 1
        self._read(CALM)
        self.clock.now += 1
        store.forget()
        self.cloud.meanwhile, self.cloud.listings = mine

    def _fetch(self) -> bool:
        """Whether the process was killed."""
        self.cloud.get_ready()
        try:
            refresh.refresh(self.credential, everything=True)
        except Killed:
            return True
        return False

    def _damage(self, step: Step) -> None:
        """What becomes of the process and of the cache before the reading."""
        what, names = step.disturbance, cached.names(self.credential.cache_key)
        if what not in DAMAGES:
            return
        for account in self.accounts.values():
            account.damaged = True
        if what == "killed before" or step.chance % 2:
            store.forget()
        if what == "lost":
            cached.clear()
        if what not in ("lost", "killed before") and names:
            name, other = (names[step.chance // by % len(names)] for by in (2, 20))
            value = cached.get_raw(name)
            if what == "one lost":
                cached.delete(name)
            else:
                damaged = {
                    "truncated": value[: step.chance % len(value)],
                    "forged": b"\x93" + value[1:],
                    "swapped": cached.get_raw(other) if other != name else b"",
                }
                cached.put_raw(name, damaged[what])

    def _agree(self) -> None:
        """The feed is ours, and the pages show the lists that they are to show."""
        key, head = self.credential.cache_key, self.head
        rows = Row.objects.filter(key=key)
        found = Counter(rows.values_list("region", "kind", "uuid", "before", "after"))
        assert found == self.told
        entries = {entry.region.id: entry for entry in head.regions}
        index = memory.index(key, head, store.load_body, wait=True)
        for region, account in self.accounts.items():
            entry = entries.get(region)
            if entry is None or not entry.version:
                account.held = None
            elif index:
                listed = [each for each in index[1].images if each.region == region]
                account.agree(listed)

    def finish(self) -> None:
        """Two calm readings tell everything, and a process that has just started shows it."""
        for _ in range(2):
            self.step(CALM)
        store.forget()
        self._agree()
        for region, account in self.accounts.items():
            assert account.known == account.held == self.cloud.truth.regions[region]
            assert account.waiting is None


def failing(error: BaseException) -> Callable[..., None]:
    def fail(*args: object, **named: object) -> None:
        raise error

    return fail


def run(
    clock: Clock,
    patch: pytest.MonkeyPatch,
    cloud: Cloud,
    credential: Credential,
    steps: list[Step],
) -> None:
    cached.clear()
    store.forget()
    accounts = {region: Account(region) for region in REGIONS}
    world = World(clock, patch, credential, cloud, accounts)
    for each in steps:
        world.step(each)
    world.finish()


STATUS, COME = Happening("status", "bj", 1, 0), Happening("come", "bj", 1, 0)
MANY = Happening("come", "bj", 60, 0)
# Another process reads what was known, while this one has read what it was for a moment.
BACK_AGAIN = [
    replace(CALM, happenings=[COME]),
    replace(CALM, happenings=[STATUS], disturbance="another meanwhile", meanwhile=[STATUS]),
]
# The cloud's mistake, and then another one.
MISTAKES = [
    replace(CALM, happenings=[MANY]),
    *(replace(CALM, listings={**CALM.listings, "bj": how}) for how in ("half", "none", "half")),
]


@given(steps=histories())
@example(steps=BACK_AGAIN)
@example(steps=MISTAKES)
@settings(max_examples=HISTORIES, **WAYS)
def test_the_feed_is_the_difference_between_what_the_readings_showed(
    monkeypatch: pytest.MonkeyPatch, clock: Clock, steps: list[Step]
) -> None:
    cloud = Cloud()
    monkeypatch.setattr(refresh, "list_regions", cloud.list_regions)
    monkeypatch.setattr(refresh, "read_regions", cloud.read_regions)
    run(clock, monkeypatch, cloud, Credential("secret", f"history-{next(NUMBERS)}"), steps)


@given(steps=histories(without=("gone", "moved", "another meanwhile")))
@settings(max_examples=ON_A_SOCKET, **WAYS)
def test_it_is_so_on_a_socket_too(
    monkeypatch: pytest.MonkeyPatch, clock: Clock, cloud: Sandbox, steps: list[Step]
) -> None:
    Watch.objects.all().delete()
    Row.objects.all().delete()
    credential = Credential(cloud.token, vault.cache_key(cloud.token))
    run(clock, monkeypatch, CloudOnASocket(sandbox=cloud), credential, steps)
