"""Whether a restructuring changed an answer: everything asked before, and again after.

`python -m tests.bench.answers record FILE` asks every address as everyone, as a page and as a
fragment, in both languages, sends every form refused and the chief ones filled in, and writes what
came: status, headers, and bodies without what differs from run to run. FILE without a folder is in
build/. `python -m tests.bench.answers compare FILE OTHER` prints what differs, each change once and
with how many answers have it, and exits with 1 if anything does.
"""

from __future__ import annotations

import argparse
import difflib
import hashlib
import json
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.http import HttpResponseBase
from django.utils.translation import gettext, override

from tests.bench import asked, plain
from tests.bench.inhabited import ROLES, World, inhabit
from tests.bench.inside import site
from tests.bench.plain import Plain
from tests.dashboards import ROOT

IMAGES = 60
FRAGMENT = {"HX-Request": "true", "HX-Current-URL": "http://localhost/images/?q=web"}
CHINESE = {"Accept-Language": "zh-Hans"}
SEEN_BY = "viewer"  # who asks the list's queries; every fourth in Chinese and of more addresses
EVERY = 4
STRICT = ("anonymous", "team admin")
COMPLAINTS = (
    "<p class='error'",
    "<p class='notice notice-bad'",
    "<div class='notice notice-bad' role",
)
NAMED = 8  # answers that are named beside a difference


class Recorder:
    def __init__(self, world: World) -> None:
        self.world, self.plain = world, Plain(world.names, world.known)
        self.start = world.site.state()
        self.answers: dict[str, dict[str, Any]] = {}
        self.bodies: dict[str, list[str]] = {}

    def everything(self) -> None:
        for role in ROLES:
            self._restore()
            self._pages(role)
        self._restore()
        self._queries()
        self._forms()
        for name, flow in asked.flows(self.world).items():
            said = self._complaints(name, *flow)
            assert not said, f"{name}: {said}"
        for name, flow in asked.refused(self.world).items():
            self._complaints(name, *flow)
        self._restore()
        self.note("GET /metrics", "anonymous", self.world.client("anonymous").get("/metrics"))

    def _restore(self) -> None:
        self.world.site.restore(self.start)

    def note(self, what: str, role: str, answer: HttpResponseBase) -> list[str]:
        lines = self.plain.body(answer)
        if what == "GET /metrics":
            lines = plain.metrics(lines)
        digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]
        self.bodies[digest] = lines
        key = f"{self.plain.text(what)} · {role}"
        place = 2
        while key in self.answers:
            key = f"{key.removesuffix(f' #{place - 1}')} #{place}"
            place += 1
        headers = self.plain.headers(answer)
        self.answers[key] = {"status": answer.status_code, "headers": headers, "body": digest}
        answer.close()
        return lines

    def _ask(self, role: str, path: str, *, chinese: bool = True) -> None:
        """As a page, as a fragment, and as a page in Chinese."""
        kinds = {"": {}, " fragment": FRAGMENT} | ({" zh": CHINESE} if chinese else {})
        for kind, headers in kinds.items():
            answer = self.world.client(role).get(path, headers=headers)
            self.note(f"GET {path}{kind}", role, answer)

    def _pages(self, role: str) -> None:
        paths = [each for found in asked.addresses(self.world).values() for each in found]
        for path in dict.fromkeys([*paths, *asked.absent(self.world)]):
            if path != "/metrics":
                self._ask(role, path)

    def _queries(self) -> None:
        for place, query in enumerate(asked.queries(self.world)):
            often = not place % EVERY
            self._ask(SEEN_BY, f"/images/?{query}", chinese=often)
            for path in (*asked.QUERIED, *(asked.SELDOM if often else ())):
                role = "API key" if path.startswith("/api/") else SEEN_BY
                answer = self.world.client(role).get(f"{path}?{query}")
                self.note(f"GET {path}?{query}", role, answer)
        for query in asked.CHANGES:
            self._ask(SEEN_BY, f"/changes/?{query}")
            for path in ("/changes/export.csv", "/changes/export.json", "/api/v1/changes"):
                role = "API key" if path.startswith("/api/") else SEEN_BY
                answer = self.world.client(role).get(f"{path}?{query}")
                self.note(f"GET {path}?{query}", role, answer)
        for query in asked.API:
            for path in ("/api/v1/images", "/api/v1/changes"):
                answer = self.world.client("API key").get(f"{path}?{query}")
                self.note(f"GET {path}?{query}", "API key", answer)
                again = {"If-None-Match": answer.headers.get("ETag", "")}
                answer = self.world.client("API key").get(f"{path}?{query}", headers=again)
                self.note(f"GET {path}?{query} again", "API key", answer)

    def _forms(self) -> None:
        """Every address is sent an empty form, and one without the token against forgery."""
        for name, paths in asked.addresses(self.world).items():
            if name.startswith("admin:"):
                continue
            for path in paths:
                for role in ROLES:
                    self._restore()
                    answer = self.world.client(role).post(path)
                    self.note(f"POST {path}", role, answer)
                for role in STRICT:
                    answer = self.world.client(role, strict=True).post(path)
                    self.note(f"POST {path} forged", role, answer)

    def _complaints(self, name: str, role: str, steps: list[asked.Step]) -> list[str]:
        """What the person is told that did not work."""
        self._restore()
        client, said = self.world.client(role), []
        for place, (path, form) in enumerate(steps):
            answer = client.post(path, form, headers={"Referer": "http://localhost/images/?q=web"})
            said += self._settled(f"{name} {place}: POST {path}", role, answer)
            if answer.status_code not in (200, 302):
                said.append(f"status {answer.status_code}")
            for step in range(3):
                target = answer.headers.get("Location", "")
                if not target.startswith("/"):
                    break
                answer = client.get(target)
                said += self._settled(f"{name} {place}.{step}: GET {target}", role, answer)
        return said

    def _settled(self, what: str, role: str, answer: HttpResponseBase) -> list[str]:
        self.world.site.settle()
        return [line for line in self.note(what, role, answer) if line.startswith(COMPLAINTS)]


def record(path: Path) -> None:
    began = time.perf_counter()
    with site(IMAGES) as inside:
        with override("zh-hans"):
            assert gettext("Images") != "Images", "compile the translations first"
        recorder = Recorder(inhabit(inside))
        recorder.everything()
    path.parent.mkdir(parents=True, exist_ok=True)
    found = {"answers": recorder.answers, "bodies": recorder.bodies}
    path.write_text(json.dumps(found, ensure_ascii=False, indent=0, sort_keys=True), "utf-8")
    answers, seconds = len(recorder.answers), time.perf_counter() - began
    print(f"{answers} answers, {len(recorder.bodies)} different bodies, {seconds:.0f} s: {path}")


Hunk = tuple[str, ...]


def compare(before: Path, after: Path) -> bool:
    """Whether both are the same."""
    one, other = (json.loads(path.read_text("utf-8")) for path in (before, after))
    met: dict[Hunk, list[str]] = defaultdict(list)
    kept: dict[tuple[str, str], list[Hunk]] = {}
    for key in sorted(one["answers"].keys() | other["answers"].keys()):
        for hunk in _differences(key, one, other, kept):
            met[hunk].append(key)
    for hunk, keys in sorted(met.items(), key=lambda each: -len(each[1])):
        print(f"\n@@ {len(keys)} answers: {'; '.join(sorted(set(keys))[:NAMED])}")
        print("\n".join(hunk))
    differing = len({key for keys in met.values() for key in keys})
    print(f"\n{differing} of {len(one['answers'])} answers differ, in {len(met)} ways")
    return not met


def _differences(
    key: str, one: dict[str, Any], other: dict[str, Any], kept: dict[tuple[str, str], list[Hunk]]
) -> Iterator[Hunk]:
    old, new = one["answers"].get(key), other["answers"].get(key)
    if old is None or new is None:
        yield ("- asked" if old else "+ asked",)
        return
    yield from _hunks(_head(old), _head(new))
    bodies = (old["body"], new["body"])
    if bodies[0] != bodies[1]:
        if bodies not in kept:
            kept[bodies] = list(_hunks(one["bodies"][bodies[0]], other["bodies"][bodies[1]]))
        yield from kept[bodies]


def _head(answer: dict[str, Any]) -> list[str]:
    return [f"status {answer['status']}", *(f"{n}: {v}" for n, v in answer["headers"].items())]


def _hunks(old: list[str], new: list[str]) -> Iterator[Hunk]:
    """What changed, without where: the same change in many places is the same."""
    hunk: list[str] = []
    for line in [*list(difflib.unified_diff(old, new, n=0, lineterm=""))[2:], "@@"]:
        if not line.startswith("@@"):
            hunk.append(line)
        elif hunk:
            yield tuple(hunk)
            hunk = []


def _path(text: str) -> Path:
    return Path(text) if "/" in text else ROOT / "build" / text


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.answers", description=__doc__)
    parser.add_argument("command", choices=("record", "compare"))
    parser.add_argument("file", type=_path)
    parser.add_argument("other", type=_path, nargs="?")
    options = parser.parse_args()
    if options.command == "record":
        record(options.file)
        return 0
    if options.other is None:
        parser.error("compare takes two files")
    return 0 if compare(options.file, options.other) else 1


if __name__ == "__main__":
    sys.exit(main())
