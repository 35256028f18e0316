"""The cloud behind the API: accounts and their shelves, the faults, and who called."""

import copy
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Literal, TypedDict

from images.sandbox import inventory
from images.sandbox.faults import Fault
from images.sandbox.inventory import REGION_IDS, Image
from images.sandbox.messages import Request
from images.sandbox.shelf import Shelf

CountMode = Literal["total", "page", "wrong"]
Shape = Literal["object", "array"]


class Settings(TypedDict, total=False):
    """The keyword arguments of a cloud; `Sandbox` says what they mean."""

    token: str | None
    count_mode: CountMode
    shape: Shape
    max_limit: int | None
    latency: float
    clock: Callable[[], float]


@dataclass(frozen=True)
class Call:
    """One request as it came.

    `at` is in seconds of the sandbox's clock; `status` is the HTTP status it got, 0 when it got
    none. `jobs` are the uuids that `result` was asked for.
    """

    endpoint: str
    region: str | None
    start: int | None
    limit: int | None
    token_last4: str
    at: float
    status: int
    jobs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Account:
    """What a token reaches. `refused`: endpoint -> errno, "*" for every endpoint."""

    shelves: dict[str, Shelf]
    refused: dict[str, int] = field(default_factory=dict)


@dataclass
class ActiveFault:
    """A fault and how many requests it has met."""

    fault: Fault
    met: int = 0

    @property
    def over(self) -> bool:
        return self.fault.times is not None and self.met >= self.fault.times


class Cloud:
    """Everything but the socket.

    `images` is the number per region; other arguments as in `Sandbox`. Public methods may be called
    from any thread.
    """

    def __init__(
        self,
        images: int = 250,
        seed: int = 1,
        *,
        token: str | None = None,
        count_mode: CountMode = "total",
        shape: Shape = "object",
        max_limit: int | None = None,
        latency: float = 0.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.count_mode: CountMode = count_mode
        self.shape: Shape = shape
        self.max_limit = max_limit
        self.latency = latency
        self.clock = clock
        self.lock = threading.RLock()
        # Set when the faults are cleared: whoever hangs or drips stops.
        self.cleared = threading.Event()
        self.stopped = threading.Event()
        self.token = token or token_of(seed, "first")
        self.other_token = token_of(seed, "other")
        self.forbidden_token = token_of(seed, "forbidden")
        self.arrears_token = token_of(seed, "arrears")
        began = clock()
        first = {region: Shelf(f"{seed}", region, images, began) for region in REGION_IDS}
        first["bj"].put_sample_first()
        fewer = (images + 4) // 5
        other = {region: Shelf(f"{seed}/other", region, fewer, began) for region in REGION_IDS}
        none = {region: Shelf("", region, 0, began) for region in REGION_IDS}
        self.accounts = {
            self.token: Account(first),
            self.other_token: Account(other),
            self.forbidden_token: Account(none, {"cimg/list": 10000001}),
            self.arrears_token: Account(none, {"*": 1000011}),
        }
        self._random = random.Random(seed)
        self._faults: list[ActiveFault] = []
        self._calls: list[Call] = []

    def regions(self) -> list[dict[str, Any]]:
        return inventory.regions()

    def shelf(self, region: str, token: str | None = None) -> Shelf:
        """KeyError for an unknown token or region."""
        return self.accounts[token or self.token].shelves[region]

    def images(self, region: str, token: str | None = None) -> list[Image]:
        """Return the truth: what the account has in the region now, in listing order."""
        with self.lock:
            return self.shelf(region, token).images(self.clock())

    def add_image(self, region: str, *, token: str | None = None, **fields: Any) -> Image:
        """Put a new image at the end of the listing."""
        with self.lock:
            shelf = self.shelf(region, token)
            shelf.settle(self.clock())
            return copy.deepcopy(shelf.add(len(shelf.slots), fields))

    def remove_image(self, region: str, uuid: str, *, token: str | None = None) -> None:
        with self.lock:
            shelf = self.shelf(region, token)
            shelf.remove(shelf.place_of(uuid, self.clock()))

    def change_image(
        self, region: str, uuid: str, *, token: str | None = None, **fields: Any
    ) -> None:
        """In this region only, also for an image that is seen in two."""
        with self.lock:
            now = self.clock()
            shelf = self.shelf(region, token)
            shelf.change(shelf.place_of(uuid, now), copy.deepcopy(fields), now)

    def misbehave(self, fault: Fault) -> None:
        """Add a fault. A request meets the first one that fits and is not used up."""
        with self.lock:
            self._faults.append(ActiveFault(fault))

    def clear_faults(self) -> None:
        with self.lock:
            self._faults.clear()
            self.cleared.set()
            self.cleared = threading.Event()

    def fault_for(self, request: Request) -> Fault | None:
        """Return the fault this request meets, counted as met; images move if it says so."""
        for active in self._faults:
            if not active.over and active.fault.meets(request):
                active.met += 1
                if active.fault.kind == "moving":
                    self._move(active, request)
                return active.fault
        return None

    def _move(self, active: ActiveFault, request: Request) -> None:
        account = self.accounts.get(request.token)
        shelf = account and account.shelves.get(request.region or "")
        if not shelf:
            return
        shelf.settle(self.clock())
        where = active.fault.where
        if where == "remove" or (where == "both" and active.met % 2 == 0):
            if shelf.slots:
                shelf.remove(0)
        else:
            place = self._random.randint(0, len(shelf.slots)) if where == "random" else 0
            shelf.add(place, {})

    @property
    def calls(self) -> list[Call]:
        """Every request received, oldest first: a copy."""
        with self.lock:
            return list(self._calls)

    def reset_calls(self) -> None:
        with self.lock:
            self._calls.clear()

    def record(self, request: Request, status: int) -> None:
        with self.lock:
            self._calls.append(
                Call(
                    request.endpoint,
                    request.region,
                    request.whole("start"),
                    request.whole("limit"),
                    request.token[-4:],
                    self.clock(),
                    status,
                    request.jobs,
                )
            )


def token_of(seed: int, whose: str) -> str:
    """64 hex digits."""
    return sha256(f"sandbox/{seed}/{whose}".encode()).hexdigest()
