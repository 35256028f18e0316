"""Can I use it here? In words."""

from __future__ import annotations

import json
import shlex

import pytest

from images.views.answering import answer, curl
from tests.unit.test_query import image

GIB = 2**30


@pytest.mark.parametrize(
    ("facts", "kind", "said"),
    [
        ({"status": "Ready"}, "ok", "Yes: it is ready in Beijing (Zone 1, Zone 2)."),
        ({"status": "Importing"}, "warn", "Not now: its status is Importing."),
        ({"status": "Failed"}, "bad", "No: its status is Failed."),
        ({"status": "Disabled"}, "bad", "No: its status is Disabled."),
        ({"status": "Odd"}, "warn", "Its status is Odd; what that means is not known here."),
        ({"status": None}, "warn", "The cloud does not say what its status is."),
        ({"status": "Ready", "storages": 3, "storages_down": 1}, "warn", "1 of its 3 storages is"),
        ({"status": "Ready", "storages": 3, "storages_down": 2}, "warn", "2 of its 3 storages are"),
        ({"status": "Ready", "storages": 0}, "warn", "No storage holds it."),
        ({"status": "Ready", "min_disk": 20 * GIB}, "ok", "a disk of at least 20\xa0GiB."),
        ({"status": "Ready", "shared": True}, "ok", "so it cannot be copied."),
        ({"status": "Ready", "check_state": "uncheck"}, "ok", "It has not been checked."),
    ],
)
def test_it_works(facts: dict[str, object], kind: str, said: str) -> None:
    found = answer(image(**facts), "Beijing", ["Zone 1", "Zone 2"])

    assert found.kind == kind
    assert said in " ".join([found.sentence, *found.facts])


def test_without_zones_none_are_named() -> None:
    assert answer(image(status="Ready"), "Beijing", []).sentence == "Yes: it is ready in Beijing."


@pytest.mark.parametrize("name", ["web", "it's", '"; rm -rf ~ #', "$(id)\n`id`", "镜像", None])
def test_the_command_is_one_command_whatever_the_name_is(name: str | None) -> None:
    words = shlex.split(curl(image(name=name)).replace("\\\n", " "))

    assert words[0] == "curl"
    assert len(words) == 9
    assert "Authorization: Bearer $DIDIYUN_TOKEN" in words
    asked = json.loads(words[-1])
    assert asked["regionId"] == "bj"
    assert asked.get("condition", {}).get("names") == ([name] if name else None)
