"""A list of regions that is damaged: what is missing is said, and what was known stays."""

from __future__ import annotations

import pytest
from django.test import Client

from images.sandbox import Fault, Sandbox
from images.services import freshness

SAID = "a region may be missing here"


def test_a_damaged_entry_is_said(viewer: Client, cloud: Sandbox) -> None:
    cloud.misbehave(Fault("damaged_items", endpoint="region/list"))
    page = viewer.get("/images/").content.decode()
    assert SAID in page
    assert 'data-region-state="fresh" data-region="gz"' in page
    assert 'data-region="bj"' not in page


def test_a_whole_list_says_nothing_of_the_kind(viewer: Client) -> None:
    assert SAID not in viewer.get("/images/").content.decode()


def test_a_region_that_was_known_stays(
    viewer: Client, cloud: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer.get("/images/")
    cloud.misbehave(Fault("damaged_items", endpoint="region/list"))
    later = freshness.clock() + 60
    monkeypatch.setattr(freshness, "clock", lambda: later)
    viewer.post("/images/refresh/")
    page = viewer.get("/images/").content.decode()
    assert SAID in page
    assert 'data-region-state="fresh" data-region="bj"' in page
