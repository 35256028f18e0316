"""A lively sandbox: what happens in it by itself."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from images.sandbox import Sandbox
from images.sandbox.inventory import REGION_IDS
from images.sandbox.life import Life


def images(cloud: Sandbox) -> dict[str, Any]:
    return {image["cimgUuid"]: image for region in REGION_IDS for image in cloud.images(region)}


@pytest.mark.parametrize(
    ("what", "field"),
    [
        ("rename", "name"),
        ("status", "status"),
        ("resize", "size"),
        ("storage", "backupStorages"),
        ("remove", ""),
        ("add", ""),
    ],
)
def test_what_happens_happens_to_one_image(cloud: Sandbox, what: str, field: str) -> None:
    before = images(cloud)
    Life(cloud, seed=3).happen(what)
    after = images(cloud)

    both = before.keys() & after.keys()
    changed = [(before[uuid], after[uuid]) for uuid in both if before[uuid] != after[uuid]]
    assert len(before.keys() ^ after.keys()) + len(changed) == 1
    assert len(after) - len(before) == {"add": 1, "remove": -1}.get(what, 0)
    for old, new in changed:
        assert {name for name in new if old.get(name) != new[name]} == {field, "updateTime"}


def test_the_same_seed_is_the_same_life(cloud: Sandbox) -> None:
    with Sandbox(images=12, seed=1, clock=lambda: 1_700_000_000.0) as other:
        for each in (cloud, other):
            life = Life(each, seed=5)
            for _ in range(30):
                life.happen()
        assert images(cloud) == images(other)


def test_it_goes_on_until_it_is_stopped(cloud: Sandbox) -> None:
    class Twice(threading.Event):
        waits = 0

        def wait(self, timeout: float | None = None) -> bool:
            self.waits += 1
            return self.waits > 2

    before = images(cloud)
    Life(cloud, seed=1).go_on(3600, Twice())
    assert images(cloud) != before
