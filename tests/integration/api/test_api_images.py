"""/api/v1/images: what the query selects, page by page, to the digit."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from dashboard.people.models import User
from images.sandbox import Fault, Sandbox
from tests.integration.api.conftest import API, REGIONS, Answer, Script, the_token
from tests.integration.conftest import Clock, Keep, read_again
from tests.integration.images.test_export_csv import exported as csv_exported
from tests.integration.images.test_export_json import exported, newest_first, truth
from tests.integration.images.test_list import shown
from tests.judged import judged


def states(document: dict[str, Any]) -> dict[str, str]:
    return {region["id"]: region["state"] for region in document["regions"]}


def test_a_script_gets_every_image_newest_first(
    script: Script, cloud: Sandbox, clock: Clock
) -> None:
    answer = script.get("images")
    document = answer.json()

    assert answer.status == 200
    assert answer.media_type == "application/json"
    assert document["images"] == newest_first(truth(cloud))
    assert document["total"] == 36
    assert (document["page"], document["pages"], document["size"]) == (1, 1, 50)
    assert (document["next"], document["previous"], document["next_cursor"]) == (None, None, None)
    assert document["complete"] is True
    assert document["fetched_at"] == "2023-11-14T22:13:20+00:00"
    assert states(document) == dict.fromkeys(REGIONS, "fresh")
    assert "Link" not in answer.headers


def test_a_session_reads_as_well(viewer: Client) -> None:
    answer = Answer(viewer.get(f"{API}/images"))

    assert (answer.status, answer.json()["total"]) == (200, 36)


def test_the_query_is_that_of_the_page(script: Script, cloud: Sandbox) -> None:
    document = script.get("images?os=CentOS&sort=name&size=25&columns=name&density=compact").json()

    centos = [image for image in truth(cloud) if image["osFamily"] == "CentOS"]
    assert newest_first(document["images"]) == newest_first(centos)
    names = [image["name"].casefold() for image in document["images"]]
    assert names == sorted(names)
    assert document["query"] == "os=CentOS&sort=name&size=25&columns=name&density=compact"


@pytest.mark.parametrize(
    ("bounds", "uuids"),
    [
        # What is a day in China is no day in UTC, and a link says which is meant.
        (("2024-10-27", "2024-10-27"), {"at 00:00 UTC", "at 23:59 UTC"}),
        (("2024-10-27T00:00+08:00", "2024-10-28T00:00+08:00"), {"at 16:00 UTC", "at 00:00 UTC"}),
        (("2024-10-26T16:00:00Z", "2024-10-27T16:00:00Z"), {"at 16:00 UTC", "at 00:00 UTC"}),
    ],
)
def test_a_day_is_the_same_on_the_page_in_files_and_here(
    script: Script,
    client: Client,
    person: User,
    cloud: Sandbox,
    bounds: tuple[str, str],
    uuids: set[str],
) -> None:
    for day, hour in ((26, 15), (26, 16), (27, 0), (27, 23), (28, 0)):
        moment = datetime(2024, 10, day, hour, 59 if hour in (15, 23) else 0, tzinfo=UTC)
        name = f"at {moment:%H:%M} UTC" + " later" * (day == 28)
        cloud.add_image("bj", name=name, createTime=int(moment.timestamp() * 1000))
    query = urlencode({"created_after": bounds[0], "created_before": bounds[1]})
    client.force_login(person)
    page = shown(client, f"/images/?{query}")
    rows, _ = csv_exported(client, f"?{query}")
    file, _ = exported(client, f"?{query}")
    answer = script.get(f"images?{query}").json()

    assert {name.removesuffix(" later") for name in page.cells("name")} == uuids
    assert page.cells("name") == [row["name"] for row in rows]
    assert file["images"] == answer["images"]
    assert [row["name"] for row in rows] == [image["name"] for image in answer["images"]]
    assert file["query"] == answer["query"]
    assert script.get(f"images?{answer['query']}").json()["images"] == answer["images"]


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("region=../..", "region"),
        ("shared=maybe", "shared"),
        ("min_size=big", "min_size"),
        ("created_after=yesterday", "created_after"),
        ("sort=colour", "sort"),
        ("page=0", "page"),
        ("size=7", "size"),
        ("q=a&q=b", "q"),
        ("q=%00", "q"),
        ("os=", "os"),
        ("colour=red", "colour"),
        ("cursor=nowhere", "cursor"),
        ("cursor=bj/1&cursor=bj/2", "cursor"),
    ],
)
def test_an_invalid_parameter_is_an_error_that_names_it(
    script: Script, query: str, parameter: str
) -> None:
    answer = script.get(f"images?{query}")

    assert (answer.status, answer.kind) == (422, "bad-parameters")
    [named] = {each["parameter"] for each in answer.json()["parameters"]}
    assert named == parameter
    assert all(each["why"] for each in answer.json()["parameters"])


@pytest.mark.parametrize("name", ["account", "token", "-account"])
@pytest.mark.parametrize("path", ["images", "images.csv", "images.ndjson", "facets", "regions"])
def test_a_secret_in_the_wrong_place_is_not_repeated(
    script: Script, cloud: Sandbox, name: str, path: str
) -> None:
    answer = script.get(f"{path}?{name}={cloud.other_token}")

    assert (answer.status, answer.kind) == (404, "no-such-account")
    assert cloud.other_token.encode() not in answer.content


def test_pages_lead_to_one_another(script: Script, cloud: Sandbox) -> None:
    first = script.get("images?size=25&page=1")
    second = script.get(first.json()["next"].removeprefix("http://testserver"))

    assert first.headers["Link"] == f'<{first.json()["next"]}>; rel="next"'
    assert second.headers["Link"] == f'<{second.json()["previous"]}>; rel="prev"'
    assert [*first.json()["images"], *second.json()["images"]] == newest_first(truth(cloud))
    assert (second.json()["page"], second.json()["pages"], second.json()["next"]) == (2, 2, None)
    back = script.get(second.json()["previous"].removeprefix("http://testserver"))
    assert back.json() == first.json()


def test_a_page_behind_the_last_is_empty_so_that_a_loop_ends(script: Script) -> None:
    document = script.get("images?page=3").json()

    assert (document["images"], document["total"], document["page"]) == ([], 36, 3)
    assert document["previous"].endswith("page=1")


def test_a_cursor_goes_through_everything(script: Script, cloud: Sandbox) -> None:
    assert script.follow("images?size=25&sort=name&os=CentOS&os=Ubuntu&os=Debian&os=Windows")
    assert script.follow("images?size=25") == newest_first(truth(cloud))


def test_a_cursor_skips_and_repeats_nothing_when_images_come_meanwhile(
    script: Script, cloud: Sandbox, clock: Clock
) -> None:
    before = newest_first(truth(cloud))

    def more() -> None:
        for number in range(3):
            cloud.add_image("bj", name=f"new {number}", createTime=1_999_999_999_000)
        clock.now += 100
        read_again(cloud.token)

    assert script.follow("images?size=25", meanwhile=more) == before


def test_a_cursor_whose_image_is_gone_says_so(script: Script, cloud: Sandbox) -> None:
    for cursor in (f"bj/{'0' * 32}", f"gz/{cloud.images('bj')[0]['cimgUuid']}"):
        answer = script.get(f"images?cursor={cursor}")
        assert (answer.status, answer.kind) == (409, "cursor-gone")
    other = next(each for each in cloud.images("bj") if each["osFamily"] != "CentOS")
    answer = script.get(f"images?os=CentOS&cursor=bj/{other['cimgUuid']}")
    assert answer.status == 409


def test_an_image_keeps_what_we_do_not_know_of_to_the_digit(script: Script, cloud: Sandbox) -> None:
    odd: dict[str, Any] = {"newField": {"deep": [1, None, "北京"]}, "isShared": "maybe"}
    made = cloud.add_image("bj", name="odd one", size=2**62, **odd)

    assert script.get("images?q=odd%20one").json()["images"] == [judged(made, "bj", the_token().pk)]


def test_who_has_it_already_gets_304_until_something_is_new(
    script: Script, cloud: Sandbox, clock: Clock
) -> None:
    first = script.get("images")
    etag = first.headers["ETag"]
    clock.now += 10  # ages have changed, and nothing else
    again = script.get("images", If_None_Match=etag)
    strong = script.get("images", If_None_Match=f'"other", {etag.removeprefix("W/")}')

    assert first.headers["Cache-Control"] == "private, no-cache"
    assert {"Authorization", "Cookie"} <= set(re.split(", ?", first.headers["Vary"]))
    assert (again.status, again.content, again.headers["ETag"]) == (304, b"", etag)
    assert "age=10" in again.headers["X-Inventory-Regions"]
    assert strong.status == 304
    assert script.get("images?page=2", If_None_Match=etag).status == 200
    assert script.get("images?q=web", If_None_Match=etag).status == 200
    assert script.get("facets", If_None_Match=etag).status == 200
    clock.now += 100
    cloud.add_image("bj", name="new")
    read_again(cloud.token)
    assert script.get("images", If_None_Match=etag).status == 200


def test_growing_old_and_failing_are_news(script: Script, cloud: Sandbox, clock: Clock) -> None:
    etag = script.get("images").headers["ETag"]
    clock.now += 100
    cloud.misbehave(Fault("errno", errno=41026, region="bj"))
    read_again(cloud.token)
    answer = script.get("images", If_None_Match=etag)

    assert answer.status == 200
    assert states(answer.json()) == {"gz": "fresh", "bj": "stale", "sh": "fresh"}
    [old] = [region for region in answer.json()["regions"] if region["id"] == "bj"]
    assert (old["error"]["errno"], answer.json()["complete"]) == (41026, True)


def test_a_missing_region_is_told(script: Script, cloud: Sandbox) -> None:
    cloud.misbehave(Fault("errno", errno=41026, region="bj"))
    document = script.get("images").json()

    assert (document["total"], document["complete"]) == (24, False)
    assert states(document) == {"gz": "fresh", "bj": "failed", "sh": "fresh"}
    assert script.get("images?region=gz").json()["complete"] is True


@pytest.mark.parametrize(
    ("fault", "status", "kind"),
    [
        (Fault("errno", errno=41026), 503, "unavailable"),
        (Fault("errno", errno=4), 403, "refused"),
        (Fault("errno", errno=1000011), 402, "arrears"),
        (Fault("not_json"), 502, "unreadable"),
    ],
)
def test_when_nothing_is_known_it_is_the_clouds_problem(
    script: Script, cloud: Sandbox, fault: Fault, status: int, kind: str
) -> None:
    cloud.misbehave(fault)
    for path in ("images", "facets", "regions", "overview", f"images/bj/{'0' * 32}"):
        answer = script.get(path)
        assert (answer.status, answer.kind) == (status, kind)
        if fault.kind == "errno":
            assert answer.json()["errno"] == fault.errno
            assert re.fullmatch("[0-9a-f]{32}", answer.json()["requestId"])


def test_an_unknown_region_is_not_found(script: Script) -> None:
    answer = script.get("images?region=mars")

    assert (answer.status, answer.kind) == (404, "no-such-region")


def test_without_a_token_it_says_so(script: Script, person: User, keep: Keep) -> None:
    token = the_token()
    token.delete()

    answer = script.get("images")
    assert (answer.status, answer.kind) == (403, "no-token")


def test_head_is_get_without_a_body(viewer: Client) -> None:
    asked, head = viewer.get(f"{API}/images"), viewer.head(f"{API}/images")

    assert (head.status_code, head.content) == (200, b"")
    assert head["ETag"] == asked["ETag"]
