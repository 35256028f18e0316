"""The alert rules and the Grafana dashboard ask for what /metrics says, and for nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import call_command
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from dashboard.observing import gauges
from images.sandbox import Fault, Sandbox

DEPLOY = Path(__file__).parents[3] / "deploy"
# What a histogram's samples are called, beside its name.
PARTS = ("_bucket", "_count", "_sum")
# `up` is Prometheus' own.
NAME = re.compile(r"\bdashboard_\w+|\bup\b")
SELECTOR = re.compile(r"(dashboard_\w+)\{([^}]*)\}")
BY = re.compile(r"\b(?:by|on) \(([^)]*)\)")


def alerts() -> list[dict[str, Any]]:
    rules = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text("utf-8"))
    return [rule for group in rules["groups"] for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    board = json.loads((DEPLOY / "grafana" / "dashboard.json").read_text("utf-8"))
    found: list[dict[str, Any]] = board["panels"]
    return found


def expressions() -> list[str]:
    shown = [target["expr"] for panel in panels() for target in panel["targets"]]
    return [rule["expr"] for rule in alerts()] + shown


def samples(browser: Client) -> Iterator[tuple[str, dict[str, str]]]:
    text = browser.get("/metrics").content.decode()
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            yield sample.name, sample.labels


@pytest.fixture
def labels(viewer: Client, cloud: Sandbox, settings: Settings) -> dict[str, set[str]]:
    """The names of the labels of every metric there is, once everything has happened."""
    cloud.misbehave(Fault("errno", errno=1, endpoint="cimg/list", region="bj"))
    call_command("refresh")
    settings.UPSTREAM_CALLS_PER_SECOND = 1000
    viewer.get("/images/")
    gauges.NOW.forget()
    found: dict[str, set[str]] = {}
    for name, has in samples(viewer):
        found.setdefault(name, set()).update(has)
    gauges.NOW.forget()
    return found


def test_they_ask_for_what_there_is(labels: dict[str, set[str]]) -> None:
    for expression in expressions():
        names = set(NAME.findall(expression)) - {"up"}
        assert names <= set(labels), expression
        for name, selector in SELECTOR.findall(expression):
            assert set(re.findall(r"(\w+)[=!]~?", selector)) <= labels[name], expression
        known = {"instance", *(label for name in names for label in labels[name])}
        for group in BY.findall(expression):
            assert set(re.split(r",\s*", group)) <= known, expression


def test_everything_there_is_is_shown(labels: dict[str, set[str]]) -> None:
    ours = {name for name in labels if name.startswith("dashboard_") and "_created" not in name}
    base = {re.sub(f"({'|'.join(PARTS)})$", "", name) for name in ours}
    asked = " ".join(expressions())

    assert [name for name in sorted(base) if name not in asked] == []


def test_every_alert_says_how_bad_it_is_and_what_is_wrong() -> None:
    names = [rule["alert"] for rule in alerts()]

    assert len(names) == len(set(names))
    for rule in alerts():
        assert rule["labels"]["severity"] in ("critical", "warning")
        assert rule["annotations"]["summary"]
        assert re.fullmatch(r"\d+m", rule["for"])


def test_panels_do_not_lie_on_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in panels():
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not taken & cells
        assert place["x"] + place["w"] <= 24
        taken |= cells
