"""/api/v1/images.ndjson and images.csv: all that the query selects, in one answer."""

from __future__ import annotations

import csv
import html
import json
import re
from io import StringIO
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from dashboard.people.models import User
from images.sandbox import Fault, Sandbox
from tests.integration.api.conftest import API, MakeScript, Script
from tests.integration.conftest import Keep
from tests.integration.images.test_export_json import newest_first, truth

pytestmark = pytest.mark.backend


IDENTITY = ("account", "region", "cimgUuid")


def lines(script: Script, path: str = "images.ndjson") -> list[dict[str, Any]]:
    answer = script.get(path)
    assert answer.status == 200
    assert answer.media_type == "application/x-ndjson"
    assert answer.content == b"" or answer.content.endswith(b"\n")
    return [json.loads(line) for line in answer.content.splitlines()]


def table(script: Script, path: str) -> list[list[str]]:
    answer = script.get(path)
    assert answer.status == 200
    return list(csv.reader(StringIO(answer.content.decode("utf-8-sig"), newline="")))


def test_every_image_is_a_line(script: Script, cloud: Sandbox) -> None:
    assert lines(script) == newest_first(truth(cloud))


def test_lines_are_what_the_pages_of_the_api_are_together(script: Script) -> None:
    query = "region=bj&region=gz&sort=-size"
    assert lines(script, f"images.ndjson?{query}") == script.follow(f"images?{query}&size=25")


def test_nothing_found_is_no_line(script: Script) -> None:
    assert lines(script, "images.ndjson?q=no-such-image") == []
    assert len(table(script, "images.csv?q=no-such-image")) == 1


def test_the_table_is_the_file_that_the_page_exports(script: Script, browser: Client) -> None:
    exported = browser.get("/images/export.csv?os=CentOS&sort=name").getvalue()

    answer = script.get("images.csv?os=CentOS&sort=name")
    assert answer.content == exported
    assert answer.media_type == "text/csv; charset=utf-8"


@pytest.mark.parametrize("asked", ["fields=name&fields=size", "fields=name,size"])
def test_only_the_fields_that_are_asked_for_are_sent(script: Script, asked: str) -> None:
    every = script.get("images").json()["images"]
    chosen = [
        {name: image[name] for name in image if name in (*IDENTITY, "name", "size")}
        for image in every
    ]

    assert lines(script, f"images.ndjson?{asked}") == chosen
    assert script.get(f"images?{asked}").json()["images"] == chosen
    assert table(script, f"images.csv?{asked}")[0] == ["name", "size"]
    one = chosen[0]
    path = f"images/{one['region']}/{one['cimgUuid']}?{asked}"
    assert script.get(path).json()["image"] == one


def test_columns_come_in_the_order_that_is_asked_for(script: Script) -> None:
    heading, *rows = table(script, "images.csv?fields=size,cimgUuid,size,verdict")

    assert heading == ["size", "cimgUuid", "verdict"]
    assert {len(row) for row in rows} == {3}


@pytest.mark.parametrize("name", ["images", "images.ndjson", "images.csv"])
@pytest.mark.parametrize("wrong", ["no-such-field", "name,", "NAME", "name,secret"])
def test_a_field_that_does_not_exist_is_named(script: Script, name: str, wrong: str) -> None:
    answer = script.get(f"{name}?fields={wrong}")

    assert (answer.status, answer.kind) == (422, "bad-parameters")
    assert {each["parameter"] for each in answer.json()["parameters"]} == {"fields"}


@pytest.mark.parametrize("name", ["images.ndjson", "images.csv"])
def test_who_has_it_is_not_sent_it_again(script: Script, cloud: Sandbox, name: str) -> None:
    first = script.get(name)
    again = script.get(name, If_None_Match=first.headers["ETag"])
    other = script.get(f"{name}?fields=name", If_None_Match=first.headers["ETag"])

    assert (again.status, again.content) == (304, b"")
    assert other.status == 200


@pytest.mark.parametrize("name", ["images.ndjson", "images.csv"])
def test_what_is_missing_is_told(script: Script, cloud: Sandbox, name: str) -> None:
    cloud.misbehave(Fault("errno", errno=41026, region="bj"))
    answer = script.get(name)

    assert answer.status == 200
    assert "bj;state=failed" in answer.headers["X-Inventory-Regions"]


@pytest.mark.parametrize("name", ["images.ndjson", "images.csv"])
def test_where_nothing_is_known_it_is_a_problem_and_no_empty_file(
    script: Script, cloud: Sandbox, name: str
) -> None:
    cloud.misbehave(Fault("errno", errno=41026))

    assert script.get(name).kind == "unavailable"


def test_a_narrowed_key_streams_its_own_account_alone(
    person: User, cloud: Sandbox, keep: Keep, script_of: MakeScript
) -> None:
    keep(person, cloud.token)
    only = keep(person, cloud.other_token, "Other")
    cloud.add_image("bj", name="of the first alone")
    narrowed = script_of(person, token=only)

    found = lines(narrowed)
    assert {image["account"] for image in found} == {str(only.pk)}
    assert "of the first alone" not in {image["name"] for image in found}


@pytest.mark.django_db(databases="__all__", transaction=True)
@pytest.mark.parametrize("name", ["images.ndjson", "images.csv"])
def test_one_person_is_sent_only_so_many_at_a_time(
    script: Script, settings: Settings, name: str
) -> None:
    settings.EXPORTS_AT_ONCE = 1
    client, key = Client(), {"Authorization": f"Bearer {script.secret}"}
    sending = client.get(f"{API}/{name}", headers=key)
    assert script.get(name).kind == "too-many-exports"

    sending.close()
    assert script.get(name).status == 200


def test_every_example_of_the_page_can_be_asked(script: Script, browser: Client) -> None:
    page = browser.get(f"{API}/").content.decode()
    examples = re.findall(rf'curl -sS "http://testserver({API}/[^"]*)"', html.unescape(page))
    asked = [each for each in examples if "$" not in each]

    assert f"{API}/images.csv" in asked
    assert {each: script.get(each).status for each in asked} == dict.fromkeys(asked, 200)
    assert not re.search(r"images\.csv[^|<]*\|", html.unescape(page))
