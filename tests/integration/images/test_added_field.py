"""One entry in the registry of fields, and every page, file and description has the field."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys

import pytest
from django.http import HttpResponse

from tests.dashboards import ROOT
from tests.integration.images.pages import Page


@pytest.fixture(scope="module")
def asked() -> dict[str, str]:
    """What a dashboard answers whose registry has the field "series", by what was asked for."""
    command = [sys.executable, "-m", "tests.integration.images.added_field"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, str] = json.loads(done.stdout)
    return found


def series(name: str | None) -> str:
    return (name or "").partition("-")[0]


def page_of(html: str) -> Page:
    return Page(HttpResponse(html))


def test_the_menu_offers_it_as_a_column_and_the_filters_as_a_facet(asked: dict[str, str]) -> None:
    page = page_of(asked["list"])

    assert page.one("button", name="show", value="series").text == "Series"
    assert page.one("details", data_fold="series").all("summary")[0].text == "Series"


def test_the_table_shows_it_sorted_and_filtered_by_it(asked: dict[str, str]) -> None:
    page = page_of(asked["column"])
    heading = page.one("th", _class="c-series")

    assert heading.text == "Series"
    assert heading.attributes["aria-sort"] == "descending"
    assert set(page.cells("series")) == {"web"}


def test_a_comparison_has_a_line_of_it(asked: dict[str, str]) -> None:
    lines = [each.text for each in page_of(asked["comparison"]).all("th", scope="row")]

    assert "Series differs" in lines


def test_the_csv_has_a_column_of_it_and_is_sorted_by_it(asked: dict[str, str]) -> None:
    rows = list(csv.DictReader(io.StringIO(asked["csv"].removeprefix("\ufeff"))))

    assert len(rows) > 60
    assert all(row["series"] == series(row["name"]) for row in rows if row["name"].isalnum())
    assert "web" in {row["series"] for row in rows}


def test_each_image_of_the_api_has_it(asked: dict[str, str]) -> None:
    images = json.loads(asked["json"])["images"]

    assert len(images) > 60
    assert "web" in {each["series"] for each in images}
    assert all(series(each.get("name")).strip() == each["series"].strip() for each in images)


def test_it_is_counted_as_a_facet(asked: dict[str, str]) -> None:
    counted = {
        each["value"]: each["count"] for each in json.loads(asked["facets"])["facets"]["series"]
    }
    images = json.loads(asked["json"])["images"]

    assert counted["web"] == sum(each["series"] == "web" for each in images)


def test_the_description_of_the_api_tells_of_it(asked: dict[str, str]) -> None:
    described = json.loads(asked["openapi"])
    operation = described["paths"]["/api/v1/images"]["get"]
    parameters = {each["name"]: each["schema"] for each in operation["parameters"]}

    assert described["components"]["schemas"]["Image"]["properties"]["series"]["title"] == "Series"
    assert "series" in parameters
    assert {"series", "-series"} <= set(parameters["sort"]["enum"])
    assert "series" in parameters["columns"]["items"]["enum"]
