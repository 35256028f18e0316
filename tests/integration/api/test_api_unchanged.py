"""What a 304 costs: finding out who asks, and nothing of the answer."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from images.export.rows import json_item
from images.search.gathered import rows_between
from tests.integration.api.conftest import Script


def calls_of(function: Any, work: Callable[[], object]) -> int:
    """How often the work comes to it."""
    calls = 0

    def watch(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        calls += event == "call" and frame.f_code is function.__code__

    sys.setprofile(watch)
    try:
        work()
    finally:
        sys.setprofile(None)
    return calls


def test_for_who_has_it_already_nothing_is_searched_or_written(script: Script) -> None:
    etag = script.get("images?q=a").headers["ETag"]
    for function, times in (
        (json_item, script.get("images?q=a").json()["total"]),
        (rows_between, 1),
    ):
        assert calls_of(function, lambda: script.get("images?q=a")) == times > 0
        assert calls_of(function, lambda: script.get("images?q=a", If_None_Match=etag)) == 0
