"""Two hundred people at once: how quick it is for them, and whether the workers' memory grows.

.venv/bin/python -m tests.bench.people --minutes 10 --people 200 --accounts 20

All read the same accounts, whose tokens are of one list. Each has a session of their own, and
looks, thinks for a moment, looks on: lists, filters, searches, pages, an image's panel, the
overview, and what an open page asks by itself. An image changes every minute, and the refresher
runs.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import re
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles

from tests import dashboards
from tests.bench.load import LENGTH
from tests.bench.stack import Stack, stack
from tests.stack.running import refresh, stop

IMAGES = 10_000
MINUTE = 60.0
# Seconds.
ARRIVING = 20.0
THINKING = (1.0, 3.0)
MOST_RATIO = 10.0
MOST_GROWTH = 0.05

# Sessions as signing in makes them; signing in so often would take minutes, and is throttled.
SIGN_IN = """
import uuid
from django.test import Client
from dashboard.people.models import Membership, Role, Team, User
from dashboard.tokens import access, vault
from dashboard.tokens.models import Token
team = Team.objects.create(name="People", slug="people")
Token.objects.update(team=team)
token = Token.objects.get()
secret = access.stored(token).secret
for number in range(1, {accounts}):
    token.pk = uuid.uuid4()
    token.label, token.sealed = f"Account {{number}}", vault.seal(secret, token.pk)
    token.save(force_insert=True)
for number in range({people}):
    user = User.objects.create(username=f"person-{{number}}")
    Membership.objects.create(team=team, user=user, role=Role.VIEWER)
    client = Client()
    client.force_login(user)
    print(client.cookies["sessionid"].value)
"""

LIST, OVERVIEW, NEWS = "/images/", "/overview/", re.compile(rb'hx-get="(/images/news/[^"]+)"')
FLOOR = "/floor/?bytes=100000"  # what the machine had to give meanwhile
TEXTS = (
    "web",
    "db",
    "base",
    "test",
    "prod",
    "api",
    "2023",
    "centos",
    "ubuntu",
    "gold",
    "old",
    "a1",
)
FILTERS = ("os=CentOS", "os=Ubuntu", "status=Ready", "storage=at-risk", "region=bj", "region=gz")
SORTS = ("name", "-created", "size", "-size")


@dataclass
class Seen:
    """What all of them saw: seconds each answer took, those of the constant page apart, and which
    addresses failed how often."""

    took: list[float] = field(default_factory=list)
    floor: list[float] = field(default_factory=list)
    wrong: Counter[tuple[str, str]] = field(default_factory=Counter)
    megabytes: list[list[float]] = field(default_factory=list)


class Person:
    def __init__(self, running: Stack, session: str, images: list[str], seed: int) -> None:
        self.port, self.images, self.chance = running.port, images, random.Random(seed)
        self.news = ""
        self.head = f"Host: 127.0.0.1\r\nCookie: sessionid={session}\r\n"
        self.streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def look(self, until: float, seen: Seen) -> None:
        await asyncio.sleep(self.chance.uniform(0, ARRIVING))
        while time.monotonic() < until:
            path, part = self.next()
            started = time.perf_counter()
            try:
                status, body = await self.get(path, part)
            except (OSError, asyncio.IncompleteReadError) as error:
                seen.wrong[path, repr(error)] += 1
                self.streams = None
                continue
            took = seen.floor if path == FLOOR else seen.took
            took.append(time.perf_counter() - started)
            if status not in (200, 204):
                seen.wrong[path, str(status)] += 1
            if path == LIST and (found := NEWS.search(body)):
                self.news = found[1].decode().replace("&amp;", "&")
            await asyncio.sleep(self.chance.uniform(*THINKING))

    def next(self) -> tuple[str, bool]:
        """A page, and whether htmx asks for a part of it."""
        pick = self.chance.choice
        return pick(
            (
                (LIST, False),
                (LIST, True),
                (f"{LIST}?{pick(FILTERS)}", True),
                (f"{LIST}?q={pick(TEXTS)}", True),
                (f"{LIST}?{pick(FILTERS)}&q={pick(TEXTS)}&sort={pick(SORTS)}", True),
                (f"{LIST}?{pick(FILTERS)}&page={self.chance.randint(1, 9)}", True),
                (pick(self.images), True),
                (OVERVIEW, False),
                (self.news or LIST, True),
                (FLOOR, True),
            )
        )

    async def get(self, path: str, part: bool) -> tuple[int, bytes]:
        """On a connection that is kept, as browsers do, until the server closes it."""
        if self.streams is None or self.streams[0].at_eof():
            self.streams = await asyncio.open_connection("127.0.0.1", self.port, limit=2**20)
        reader, writer = self.streams
        htmx = "HX-Request: true\r\n" if part else ""
        writer.write(f"GET {path} HTTP/1.1\r\n{self.head}{htmx}\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        length = LENGTH.search(head)
        body = await reader.readexactly(int(length[1])) if length else b""
        return int(head.split(b" ", 2)[1]), body


async def crowd(running: Stack, sessions: list[str], minutes: float) -> Seen:
    seen, until = Seen(), time.monotonic() + minutes * MINUTE
    places = sorted(running.images())
    images = [_panel(*place) for place in places]
    people = [Person(running, each, images, seed) for seed, each in enumerate(sessions)]

    async def watch() -> None:
        for minute in range(int(minutes)):
            await asyncio.to_thread(running.change_image, *places[minute], name=f"new {minute}")
            await asyncio.sleep(until - (minutes - minute - 1) * MINUTE - time.monotonic())
            seen.megabytes.append(running.worker_megabytes())

    await asyncio.gather(watch(), *(person.look(until, seen) for person in people))
    # One that was being deleted is gone by now, and rightly not found.
    for place in set(places) - running.images():
        seen.wrong.pop((_panel(*place), "404"), None)
    return seen


def _panel(region: str, uuid: str) -> str:
    return f"{LIST}{region}/{uuid}/"


def report(seen: Seen, seconds: float) -> list[str]:
    """Prints the figures; what is missed of what is wanted."""
    print(f"  {len(seen.took)} answers, {len(seen.took) / seconds:.0f} a second")
    ratio = _percentiles("all", seen.took)
    _percentiles("a constant page, meanwhile", seen.floor)
    for minute, megabytes in enumerate(seen.megabytes, 1):
        print(
            f"  memory after minute {minute}: " + ", ".join(f"{each:.0f} MB" for each in megabytes)
        )
    missed = [f"{times} times {what}" for what, times in seen.wrong.most_common()]
    if ratio >= MOST_RATIO:
        missed.append(f"p99 is {ratio:.1f} times p50")
    if len(seen.megabytes) > 2:
        second, last = sum(seen.megabytes[1]), sum(seen.megabytes[-1])
        if abs(last / second - 1) > MOST_GROWTH:
            missed.append(f"memory went from {second:.0f} MB after minute 2 to {last:.0f} MB")
    return missed


def _percentiles(name: str, took: list[float]) -> float:
    """Prints them; how many times the median the slowest in a hundred are."""
    p50, p99 = (quantiles(took, n=100)[part - 1] * 1000 for part in (50, 99))
    slowest = max(took) * 1000
    print(f"  {name}: p50 {p50:.1f} ms, p99 {p99:.1f} ms, {p99 / p50:.1f} times; ", end="")
    print(f"slowest {slowest:.0f} ms")
    return p99 / p50


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.people", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--accounts", type=int, default=20)
    options = parser.parse_args()
    with stack(IMAGES) as running, tempfile.TemporaryDirectory() as folder:
        code = SIGN_IN.format(people=options.people, accounts=options.accounts)
        said = dashboards.manage(
            running.environment, (("shell", "--verbosity", "0", "-c", code), "")
        )
        sessions = said.split()
        refresher = refresh(running.environment, Path(folder) / "log")
        running.get(LIST)
        print(f"{options.people} people for {options.minutes:g} minutes", end=" ")
        print(f"over {options.accounts} accounts of {IMAGES:,} images")
        print(f"  load of the machine before: {os.getloadavg()[0]:.1f}", flush=True)
        used = time.process_time()
        seen = asyncio.run(crowd(running, sessions, options.minutes))
        used = (time.process_time() - used) / options.minutes / MINUTE
        assert stop(refresher) == 0
    print(f"  and at the end: {os.getloadavg()[0]:.1f}; this client took {used:.0%} of a core")
    missed = report(seen, options.minutes * MINUTE)
    for each in missed:
        print(f"  MISSED: {each}")
    sys.exit(bool(missed))


if __name__ == "__main__":
    main()
