"""How much of this code one request passes through: modules entered, functions called, and moves.

`python -m tests.bench.paths` counts calls with sys.setprofile, in the thread of the request alone:
what the product does in threads and processes of its own, such as reading a list, is not counted.
A function is what somebody wrote under a name: no comprehension, and no method that a dataclass
makes. A move is a call that enters another of our modules than the one that was executing. Whoever
asks has one token and no team. With `--hold` it exits with 1 where a figure is beyond its limit.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import CodeType, FrameType
from typing import Any, NamedTuple

from django.http import HttpResponseBase
from django.test import Client

from tests.bench.inhabited import KEY, UUID, text_of
from tests.bench.inside import OURS, Site, site
from tests.dashboards import PASSWORD, USER

IMAGES = 250
MADE = "<string>"
FRAGMENT = {"HX-Request": "true"}


class Figures(NamedTuple):
    modules: int
    functions: int
    moves: int

    def __str__(self) -> str:
        return f"{self.modules:>9} {self.functions:>9} {self.moves:>9}"


NEW, API, REPLACEMENT = "list fragment, new", "API list", "replacement, refused"
LIMITS = {NEW: Figures(22, 120, 250), API: Figures(18, 90, 110), REPLACEMENT: Figures(18, 50, 45)}


@dataclass
class Route:
    """Where one thread has been in our code."""

    modules: set[str] = field(default_factory=set)
    functions: set[CodeType] = field(default_factory=set)
    moves: int = 0
    executing: list[str] = field(default_factory=list)

    def note(self, frame: FrameType, event: str, _argument: object) -> None:
        if event not in ("call", "return"):
            return
        module = frame.f_globals.get("__name__", "")
        if module.partition(".")[0] not in OURS:
            return
        if event == "return":
            if self.executing:
                self.executing.pop()
            return
        written = not frame.f_code.co_name.startswith("<") and frame.f_code.co_filename != MADE
        if not self.executing or self.executing[-1] != module:
            self.moves += 1
        self.executing.append(module)
        self.modules.add(module)
        if written:
            self.functions.add(frame.f_code)

    @property
    def figures(self) -> Figures:
        return Figures(len(self.modules), len(self.functions), self.moves)


@contextmanager
def counted() -> Iterator[Route]:
    route = Route()
    sys.setprofile(route.note)
    try:
        yield route
    finally:
        sys.setprofile(None)


class Asker:
    """Asks as one person, and counts."""

    def __init__(self, inside: Site) -> None:
        self.site = inside
        self.found: dict[str, Figures] = {}
        inside.manage("add_user", USER, given=PASSWORD)
        own = ("--user", USER, "--label", "Main")
        inside.manage("add_token", *own, given=inside.cloud.token)
        self.client = Client(SERVER_NAME="localhost")
        self.client.post("/accounts/login/", {"login": USER, "password": PASSWORD})
        key = re.search(
            KEY, text_of(self.client.post("/api-keys/", {"label": "A", "days": "7"}, follow=True))
        )
        token = re.search(f"/tokens/{UUID}/", text_of(self.client.get("/tokens/")))
        assert key
        assert token
        self.script = Client(SERVER_NAME="localhost", headers={"Authorization": f"Bearer {key[1]}"})
        self.replacing = f"{token[0]}replace/"

    def count(self, name: str, ask: Callable[[], HttpResponseBase], *statuses: int) -> None:
        with counted() as route:
            answer = ask()
            text_of(answer)
        assert answer.status_code in (statuses or (200,)), f"{name}: {answer.status_code}"
        self.site.settle()
        self.found[name] = route.figures

    def get(self, path: str, **headers: Any) -> Callable[[], HttpResponseBase]:
        return lambda: self.client.get(path, **headers)

    def all(self) -> None:
        self._warm()
        new = "/images/?q=prod&os=CentOS"
        image = f"/images/bj/{self.site.cloud.images('bj')[0]['cimgUuid']}/"
        self.count(NEW, self.get(new, headers=FRAGMENT))
        self.count("list fragment, again", self.get(new, headers=FRAGMENT))
        self.count("whole page, new", self.get("/images/?q=dev&os=CentOS"))
        self.count("whole page, again", self.get("/images/?q=dev&os=CentOS"))
        self.count("panel", self.get(image, headers=FRAGMENT))
        self.count(API, lambda: self.script.get("/api/v1/images?q=test&os=CentOS"))
        self.site.clock.now += 30
        self.count("refresh", lambda: self.client.post("/images/refresh/"), 302)
        refused = {"secret": "f" * 64}
        self.count(REPLACEMENT, lambda: self.client.post(self.replacing, refused), 422)

    def _warm(self) -> None:
        """So that nothing is counted that only a process's first request does."""
        for query in ("", "q=web", "q=test&os=Ubuntu"):
            for headers in ({}, FRAGMENT):
                self.client.get(f"/images/?{query}", headers=headers)
            self.script.get(f"/api/v1/images?{query}")
        another = self.site.cloud.images("bj")[1]["cimgUuid"]
        self.client.get(f"/images/bj/{another}/", headers=FRAGMENT)
        self.client.get(self.replacing)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.paths", description=__doc__)
    parser.add_argument("--hold", action="store_true", help="exit with 1 beyond a limit")
    options = parser.parse_args()
    with site(IMAGES) as inside:
        asker = Asker(inside)
        asker.all()
    print(f"{'':24}{'modules':>9} {'functions':>9} {'moves':>9}   at most")
    beyond = False
    for name, figures in asker.found.items():
        limits = LIMITS.get(name)
        print(f"{name:24}{figures}   {' / '.join(map(str, limits)) if limits else ''}")
        beyond |= limits is not None and any(
            figure > limit for figure, limit in zip(figures, limits, strict=True)
        )
    return 1 if beyond and options.hold else 0


if __name__ == "__main__":
    sys.exit(main())
