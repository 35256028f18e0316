"""The sandbox cloud, over its socket."""

import argparse
import http.client
import json
import re
import select
import signal
import socket
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest

from images.sandbox import ERRORS, KINDS, Fault, Sandbox, odd_answers, odd_items
from images.sandbox.__main__ import add_arguments

LIST = "/dicloud/i/storage/cimg/list"
REGIONS = "/dicloud/i/region/list"
PATIENCE = 5.0  # seconds


@dataclass
class Reply:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Clock:
    now = 1_750_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cloud(clock: Clock) -> Iterator[Sandbox]:
    with Sandbox(images=60, seed=1, clock=clock) as cloud:
        yield cloud


def connect(cloud: Sandbox) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(urlsplit(cloud.url).netloc, timeout=PATIENCE)


def send(
    cloud: Sandbox, method: str, path: str, body: Any = None, token: str | None = None
) -> Reply:
    raw = body if isinstance(body, bytes) or body is None else json.dumps(body)
    headers = {"Authorization": f"Bearer {token or cloud.token}"}
    connection = connect(cloud)
    try:
        connection.request(method, path, raw, headers)
        response = connection.getresponse()
        return Reply(response.status, response.headers, response.read())
    finally:
        connection.close()


def listing(cloud: Sandbox, token: str | None = None, **changes: Any) -> Reply:
    """One page of bj; a parameter given as None is left out."""
    params = {"regionId": "bj", "start": 0, "limit": 100} | changes
    body = {name: value for name, value in params.items() if value is not None}
    return send(cloud, "POST", LIST, body, token)


def items(reply: Reply) -> list[Any]:
    data = reply.json["data"]
    found: list[Any] = data["items"] if isinstance(data, dict) else data
    return found


def open_request(cloud: Sandbox) -> socket.socket:
    """A socket on which a listing has been asked for, and received by the cloud."""
    seen = len(cloud.calls)
    raw = socket.create_connection(urlsplit(cloud.url).netloc.split(":"), timeout=PATIENCE)  # type: ignore[arg-type]
    body = b'{"regionId":"bj","start":0,"limit":5}'
    head = f"POST {LIST} HTTP/1.1\r\nAuthorization: Bearer {cloud.token}\r\nContent-Length: "
    raw.sendall(head.encode() + b"%d\r\n\r\n" % len(body) + body)
    until(lambda: len(cloud.calls) > seen)
    return raw


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline


def rest_of(raw: socket.socket) -> bytes:
    """All that still comes, up to the end of the connection."""
    with raw:
        return b"".join(iter(lambda: raw.recv(65_536), b""))


# The inventory


def test_the_sandbox_lists_what_it_holds(cloud: Sandbox) -> None:
    reply = listing(cloud)

    assert reply.status == 200
    assert reply.json["errno"] == 0
    assert reply.json["errmsg"] == "ok"
    assert reply.json["data"]["count"] == 60
    assert items(reply) == cloud.images("bj")


def test_the_vendors_sample_is_the_first_image_of_bj(cloud: Sandbox) -> None:
    first = cloud.images("bj")[0]

    assert first["cimgUuid"] == "4a48f88391134a01befe88ff98b68a88"
    assert first["name"] == "北京02"
    assert first["size"] == 549899264
    assert [row["diskType"] for row in first["backupStorages"]] == ["HE", "SSD", "SSD"]


def test_the_same_seed_gives_the_same_cloud() -> None:
    clock = Clock()
    with (
        Sandbox(images=40, seed=7, clock=clock) as one,
        Sandbox(images=40, seed=7, clock=clock) as same,
        Sandbox(images=40, seed=8, clock=clock) as other,
    ):
        assert one.images("gz") == same.images("gz")
        assert one.token == same.token
        assert one.images("gz") != other.images("gz")
        assert one.token != other.token


def test_every_field_has_its_documented_type() -> None:
    types = {
        "backupStorages": list, "checkState": str, "cimgId": str, "cimgTags": list,
        "cimgUuid": str, "createTime": int, "description": str, "isExternal": bool,
        "isShared": bool, "name": str, "osArch": str, "osFamily": str, "osVersion": str,
        "platform": str, "regions": list, "requirement": dict | None, "scenes": list, "size": int,
        "status": str, "type": str, "updateTime": int, "zones": list, "job": dict,
    }  # fmt: skip
    with Sandbox(images=500) as cloud:
        for image in cloud.images("bj") + cloud.images("gz") + cloud.images("sh"):
            assert set(types) - set(image) <= {"backupStorages", "job"}
            assert all(isinstance(value, types[field]) for field, value in image.items())
            assert image["updateTime"] >= image["createTime"]
            assert len(image["cimgUuid"]) == 32


def test_the_inventory_is_varied_and_hostile() -> None:
    with Sandbox(images=300) as cloud:
        images = cloud.images("bj")

    names = [image["name"] for image in images]
    assert "<script>alert(1)</script>" in names
    assert "" in names
    assert max(map(len, names)) == 255
    assert names.count("golden-base") > 1
    assert any(name.startswith("=HYPERLINK(") for name in names)
    assert any(name.startswith("\t") for name in names)
    assert {"Ready", "Failed", "Creating", "Importing"} <= {image["status"] for image in images}
    assert {"Linux", "Windows"} == {image["platform"] for image in images}
    assert any(image["requirement"] is None for image in images)
    assert any("backupStorages" not in image for image in images)
    storages = [row for image in images for row in image.get("backupStorages", [])]
    assert {row["state"] for row in storages} == {"Enabled", "Disabled"}
    assert {row["status"] for row in storages} == {"Connected", "Disconnected"}
    assert {row["zone"] for row in storages} >= {"BJ01"}


def test_some_images_are_seen_in_two_regions(cloud: Sandbox) -> None:
    in_gz = {image["cimgUuid"]: image for image in cloud.images("gz")}
    both = [image for image in cloud.images("bj") if image["regions"] == ["gz", "bj"]]

    assert both
    assert all(in_gz[image["cimgUuid"]] == image for image in both)


def test_no_image_is_listed_twice_in_a_region() -> None:
    with Sandbox(images=2000) as cloud:
        assert len({image["cimgUuid"] for image in cloud.images("bj")}) == 2000


def test_the_other_account_has_fewer_and_other_images(cloud: Sandbox) -> None:
    mine = {image["cimgUuid"] for image in cloud.images("bj")}
    theirs = {image["cimgUuid"] for image in cloud.images("bj", token=cloud.other_token)}

    assert 0 < len(theirs) < len(mine)
    assert not mine & theirs
    assert {image["cimgUuid"] for image in items(listing(cloud, cloud.other_token))} == theirs


def test_a_cloud_may_be_empty() -> None:
    with Sandbox(images=0) as cloud:
        assert listing(cloud).json["data"] == {"count": 0, "items": []}


def test_the_truth_is_a_copy(cloud: Sandbox) -> None:
    cloud.images("bj")[0]["regions"].append("gz")
    cloud.regions()[0]["zone"].clear()

    assert cloud.images("bj")[0]["regions"] == ["bj"]
    assert cloud.regions()[0]["zone"]


# The documented endpoints


def test_pages_put_together_are_the_truth(cloud: Sandbox) -> None:
    pages = [items(listing(cloud, start=start, limit=25)) for start in (0, 25, 50, 75)]

    assert [len(page) for page in pages] == [25, 25, 10, 0]
    assert [image for page in pages for image in page] == cloud.images("bj")


def test_request_ids_are_unique_hex(cloud: Sandbox) -> None:
    ids = {listing(cloud, limit=limit).json["requestId"] for limit in (1, 1, 1, -1)}

    assert len(ids) == 4
    assert all(len(id_) == 32 and int(id_, 16) for id_ in ids)


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer wrong", "Basic {token}", "{token}"])
def test_a_token_that_is_not_accepted_is_errno_4(cloud: Sandbox, header: str) -> None:
    connection = connect(cloud)
    connection.request("POST", REGIONS, "{}", {"Authorization": header.format(token=cloud.token)})
    reply = json.load(connection.getresponse())
    connection.close()

    assert (reply["errno"], reply["errmsg"]) == (4, "认证错误/AccessDenied")
    assert reply["data"] is None


@pytest.mark.parametrize(
    ("changes", "errno"),
    [
        ({"regionId": None}, 13),
        ({"regionId": 5}, 13),
        ({"regionId": "mars"}, 1),
        ({"start": None}, 13),
        ({"start": "0"}, 13),
        ({"start": True}, 13),
        ({"start": -1}, 1),
        ({"limit": None}, 13),
        ({"limit": -1}, 1),
        ({"condition": "x"}, 1),
        ({"condition": {"names": "x"}}, 1),
    ],
)
def test_wrong_parameters_are_refused(cloud: Sandbox, changes: dict[str, Any], errno: int) -> None:
    reply = listing(cloud, **changes)

    assert reply.status == 200
    assert (reply.json["errno"], reply.json["errmsg"]) == (errno, ERRORS[errno])


@pytest.mark.parametrize("body", [b"", b"start=0", b"[]", b"\xff", b"[" * 200_000])
def test_a_body_that_is_no_json_object_is_errno_13(cloud: Sandbox, body: bytes) -> None:
    assert send(cloud, "POST", LIST, body).json["errno"] == 13


def test_the_names_condition_filters_exactly(cloud: Sandbox) -> None:
    reply = listing(cloud, condition={"names": ["golden-base", "北京02", "北京"]})

    wanted = [i for i in cloud.images("bj") if i["name"] in ("golden-base", "北京02")]
    assert items(reply) == wanted
    assert reply.json["data"]["count"] == len(wanted) == 2


def test_regions_are_the_vendors_and_one_more(cloud: Sandbox) -> None:
    data = send(cloud, "POST", REGIONS, {"condition": {"product": "dc2"}}).json["data"]

    assert data == cloud.regions()
    assert [region["id"] for region in data] == ["gz", "bj", "sh"]
    assert [zone["id"] for zone in data[0]["zone"]] == ["gz01", "gz02"]
    assert data[1]["stage"] == "公测"


def test_standard_images_are_listed(cloud: Sandbox) -> None:
    data = send(cloud, "GET", "/dicloud/i/image/list?regionId=gz").json["data"]

    assert {image["type"] for image in data} == {"standard", "oneClick"}
    assert send(cloud, "GET", "/dicloud/i/image/list").json["errno"] == 13


def test_a_forbidden_token_lists_regions_only(cloud: Sandbox) -> None:
    assert listing(cloud, cloud.forbidden_token).json["errno"] == 10000001
    assert send(cloud, "POST", REGIONS, {}, cloud.forbidden_token).json["errno"] == 0


def test_an_account_in_arrears_is_told_so(cloud: Sandbox) -> None:
    assert listing(cloud, cloud.arrears_token).json["errno"] == 1000011


@pytest.mark.parametrize("name", ["create", "import", "delete", "changeName"])
def test_writing_is_recorded_and_refused(cloud: Sandbox, name: str) -> None:
    reply = send(cloud, "POST", f"/dicloud/i/storage/cimg/{name}", {"regionId": "bj"})

    assert reply.json["errno"] == 10000001
    assert [call.endpoint for call in cloud.calls] == [f"cimg/{name}"]


@pytest.mark.parametrize(("method", "path"), [("GET", "/"), ("GET", LIST), ("PUT", REGIONS)])
def test_anything_else_is_a_404_page(cloud: Sandbox, method: str, path: str) -> None:
    reply = send(cloud, method, path)

    assert reply.status == 404
    assert reply.headers.get_content_type() == "text/html"
    assert [(call.endpoint, call.status) for call in cloud.calls] == [(path, 404)]


def test_calls_tell_who_asked_for_what(cloud: Sandbox, clock: Clock) -> None:
    listing(cloud, start=20, limit=10)
    (call,) = cloud.calls

    assert (call.endpoint, call.region, call.start, call.limit) == ("cimg/list", "bj", 20, 10)
    assert (call.token_last4, call.at, call.status) == (cloud.token[-4:], clock.now, 200)
    cloud.reset_calls()
    assert cloud.calls == []


def test_every_documented_error_has_its_text() -> None:
    assert len(ERRORS) == 54
    assert ERRORS[41026] == "查询镜像失败"
    assert all(ERRORS.values())


# Settings


def test_count_may_be_that_of_the_page(cloud: Sandbox) -> None:
    cloud.count_mode = "page"

    assert listing(cloud, limit=7).json["data"]["count"] == 7


def test_count_may_be_wrong_in_both_directions(cloud: Sandbox) -> None:
    cloud.count_mode = "wrong"
    counts = [
        listing(cloud, start=start, limit=10).json["data"]["count"] for start in range(0, 50, 10)
    ]

    assert 0 in counts
    assert any(0 < count < 60 for count in counts)
    assert any(count > 60 for count in counts)
    assert counts[1] == listing(cloud, start=10, limit=10).json["data"]["count"]


def test_data_may_be_a_bare_array(cloud: Sandbox) -> None:
    cloud.shape = "array"

    assert listing(cloud).json["data"] == cloud.images("bj")


def test_limit_may_be_lowered_silently(cloud: Sandbox) -> None:
    cloud.max_limit = 20

    assert items(listing(cloud, start=5, limit=50)) == cloud.images("bj")[5:25]


def test_latency_ends_when_the_cloud_stops(cloud: Sandbox) -> None:
    cloud.latency = 3600.0
    raw = open_request(cloud)
    cloud.stop()

    raw.close()


# Images that come, go and change


def test_an_image_added_changed_and_removed_shows_in_the_listing(cloud: Sandbox) -> None:
    added = cloud.add_image("bj", name="fresh", size=1)
    assert items(listing(cloud))[-1] == added
    assert (added["name"], added["size"], added["regions"]) == ("fresh", 1, ["bj"])

    cloud.change_image("bj", added["cimgUuid"], name="renamed", requirement=None)
    assert items(listing(cloud))[-1] == added | {"name": "renamed", "requirement": None}

    cloud.remove_image("bj", added["cimgUuid"])
    assert len(items(listing(cloud))) == 60
    with pytest.raises(KeyError):
        cloud.remove_image("bj", added["cimgUuid"])


def test_images_of_another_account_change_alone(cloud: Sandbox) -> None:
    cloud.add_image("gz", token=cloud.other_token, name="theirs")

    assert cloud.images("gz", token=cloud.other_token)[-1]["name"] == "theirs"
    assert len(cloud.images("gz")) == 60


def jobs_of(cloud: Sandbox, region: str, uuids: list[str]) -> list[Any]:
    path = f"/dicloud/i/result?regionId={region}&jobUuids={','.join(uuids)}"
    found: list[Any] = send(cloud, "GET", path).json["data"]
    return found


def working(cloud: Sandbox, region: str, kind: str) -> dict[str, Any]:
    """The image of the region with the running job of this type."""
    return next(
        image
        for image in cloud.images(region)
        if "job" in image and not image["job"]["done"] and image["job"]["type"] == kind
    )


def test_a_job_goes_on_with_the_clock_until_its_image_is_ready(
    cloud: Sandbox, clock: Clock
) -> None:
    image = working(cloud, "bj", "CreateCIMG")
    assert (image["status"], image["job"]["progress"]) == ("Creating", 12.5)

    clock.now += 300
    later = working(cloud, "bj", "CreateCIMG")["job"]
    assert later["progress"] == 56.2
    assert jobs_of(cloud, "bj", [later["jobUuid"], "unknown"]) == [later]

    clock.now += 300
    ready = next(i for i in items(listing(cloud)) if i["cimgUuid"] == image["cimgUuid"])
    assert ready["status"] == "Ready"
    assert "job" not in ready
    (done,) = jobs_of(cloud, "bj", [later["jobUuid"]])
    assert (done["progress"], done["done"], done["success"]) == (100, True, True)


def test_an_image_leaves_when_its_deletion_is_done(cloud: Sandbox, clock: Clock) -> None:
    image = working(cloud, "bj", "DeleteCIMG")
    clock.now += 90

    assert image["cimgUuid"] not in {found["cimgUuid"] for found in items(listing(cloud))}
    assert jobs_of(cloud, "bj", [image["job"]["jobUuid"]])[0]["success"]


def test_jobs_fail_with_a_reason_or_stall(cloud: Sandbox, clock: Clock) -> None:
    clock.now += 1_000_000
    jobs = [image["job"] for image in cloud.images("bj") if "job" in image]

    failed = [job for job in jobs if job["done"]]
    assert [(job["success"], bool(job["result"])) for job in failed] == [(False, True)]
    assert [job["progress"] for job in jobs if not job["done"]] == [41.0]


def test_a_changed_image_keeps_its_job_unless_it_gets_another(cloud: Sandbox) -> None:
    image = working(cloud, "bj", "ImportCIMG")
    cloud.change_image("bj", image["cimgUuid"], name="renamed")
    assert working(cloud, "bj", "ImportCIMG") == image | {"name": "renamed"}

    cloud.change_image("bj", image["cimgUuid"], job={"progress": "half"})
    changed = next(i for i in cloud.images("bj") if i["cimgUuid"] == image["cimgUuid"])
    assert changed["job"] == {"progress": "half"}


# The faults


def test_any_documented_error_can_be_had(cloud: Sandbox) -> None:
    for errno in set(ERRORS) - {0}:
        cloud.misbehave(Fault("errno", errno=errno, times=1))
        reply = listing(cloud)

        assert reply.status == 200
        assert (reply.json["errno"], reply.json["errmsg"]) == (errno, ERRORS[errno])
        assert reply.json["data"] is None


def test_a_status_comes_with_errno_json_and_retry_after(cloud: Sandbox) -> None:
    cloud.misbehave(Fault("status", status=429, errno=2, retry_after="120"))
    reply = listing(cloud)

    assert (reply.status, reply.json["errno"], reply.headers["Retry-After"]) == (429, 2, "120")
    assert cloud.calls[0].status == 429


def test_a_status_may_come_as_a_page(cloud: Sandbox) -> None:
    cloud.misbehave(Fault("errno_status", status=502, html=True))
    reply = listing(cloud)

    assert (reply.status, reply.headers.get_content_type()) == (502, "text/html")
    assert reply.headers["Retry-After"] is None


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("data_null", None),
        ("items_null", {"count": 3, "items": None}),
        ("items_wrong_type", {"count": 3, "items": {"a": 1}}),
    ],
)
def test_data_may_have_the_wrong_form(cloud: Sandbox, kind: str, data: object) -> None:
    cloud.misbehave(Fault(kind))

    assert listing(cloud).json["data"] == data


def test_the_answer_may_be_an_array(cloud: Sandbox) -> None:
    cloud.misbehave(Fault("answer_array"))

    assert isinstance(listing(cloud).json, list)


def test_fields_may_have_wrong_types(cloud: Sandbox) -> None:
    cloud.misbehave(Fault("wrong_types"))

    for spoiled, good in zip(items(listing(cloud)), cloud.images("bj"), strict=True):
        assert (spoiled["size"], spoiled["regions"]) == ("big", "bj")
        assert spoiled["cimgUuid"] == good["cimgUuid"]
        assert all(
            type(spoiled[field]) is not type(value)
            for field, value in good.items()
            if field not in ("cimgUuid", "cimgId", "scenes", "backupStorages")
        )


@pytest.mark.parametrize("shape", ["object", "array"])
def test_items_may_be_damaged_amid_good_ones(cloud: Sandbox, shape: Any) -> None:
    cloud.shape = shape
    cloud.misbehave(Fault("damaged_items"))
    found, truth = items(listing(cloud)), cloud.images("bj")

    assert [found[1], found[6], "cimgUuid" in found[11]] == [None, "damaged", False]
    good = [place for place in range(60) if place % 5 != 1]
    assert [found[place] for place in good] == [truth[place] for place in good]


def test_spoiling_items_leaves_an_error_alone(cloud: Sandbox) -> None:
    cloud.misbehave(Fault("damaged_items"))

    assert listing(cloud, "wrong").json["errno"] == 4


def test_an_answer_may_be_a_page_or_words(cloud: Sandbox) -> None:
    cloud.misbehave(Fault("html", times=1))
    cloud.misbehave(Fault("not_json"))

    assert listing(cloud).body.startswith(b"<!doctype html>")
    reply = listing(cloud)
    assert (reply.status, reply.headers.get_content_type()) == (200, "application/json")
    with pytest.raises(ValueError, match="Expecting value"):
        json.loads(reply.body)


def test_json_may_be_cut_off_under_an_honest_length(cloud: Sandbox) -> None:
    cloud.misbehave(Fault("truncated"))
    reply = listing(cloud)

    assert len(reply.body) == int(reply.headers["Content-Length"])
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        json.loads(reply.body)


def test_a_body_may_be_shorter_than_promised(cloud: Sandbox) -> None:
    cloud.misbehave(Fault("short_body"))

    with pytest.raises(http.client.IncompleteRead):
        listing(cloud)


def test_a_redirect_names_its_location(cloud: Sandbox) -> None:
    cloud.misbehave(Fault("redirect", location="http://127.0.0.1:9/"))
    reply = listing(cloud)

    assert (reply.status, reply.headers["Location"]) == (302, "http://127.0.0.1:9/")


def test_an_answer_may_be_huge(cloud: Sandbox) -> None:
    cloud.misbehave(Fault("huge"))
    connection = connect(cloud)
    connection.request("POST", LIST, "{}", {})
    response = connection.getresponse()
    first = response.read(100)
    connection.close()

    assert int(response.headers["Content-Length"]) > 64 * 2**20
    assert first.startswith(b'{"data":{"count":1,"items":[{')


def test_json_may_be_too_deep(cloud: Sandbox) -> None:
    cloud.misbehave(Fault("deep"))

    assert listing(cloud).body.count(b"[") == 100_000


def test_a_small_body_may_inflate_without_end(cloud: Sandbox) -> None:
    cloud.misbehave(Fault("gzip_bomb"))
    reply = listing(cloud)

    assert reply.headers["Content-Encoding"] == "gzip"
    assert len(reply.body) < 2**20
    assert zlib.decompressobj(wbits=31).decompress(reply.body, 30).startswith(b'{"data":{"count":1')
    assert int.from_bytes(reply.body[-4:], "little") > 200 * 2**20


def test_text_may_be_invalid_utf_8(cloud: Sandbox) -> None:
    cloud.misbehave(Fault("bad_encoding"))

    with pytest.raises(UnicodeDecodeError):
        listing(cloud).body.decode()


def test_an_error_may_repeat_the_token(cloud: Sandbox) -> None:
    cloud.misbehave(Fault("echo_token"))
    reply = listing(cloud).json

    assert reply["errno"] == 3
    assert f"Bearer {cloud.token}" in reply["errmsg"]


@pytest.mark.parametrize(("kind", "status"), [("reset", 0), ("reset_in_body", 200)])
def test_a_connection_may_be_reset(cloud: Sandbox, kind: str, status: int) -> None:
    cloud.misbehave(Fault(kind))
    raw = open_request(cloud)
    with pytest.raises(ConnectionResetError):
        rest_of(raw)

    assert cloud.calls[0].status == status


def test_an_answer_may_be_slow(cloud: Sandbox) -> None:
    cloud.misbehave(Fault("slow", seconds=0.01))

    assert items(listing(cloud)) == cloud.images("bj")


def test_a_slow_answer_comes_at_once_when_the_faults_are_cleared(cloud: Sandbox) -> None:
    cloud.misbehave(Fault("slow", seconds=3600))
    raw = open_request(cloud)
    assert not select.select([raw], [], [], 0)[0]
    cloud.clear_faults()

    assert raw.recv(65_536).startswith(b"HTTP/1.1 200")
    raw.close()


@pytest.mark.parametrize("end", [Sandbox.clear_faults, Sandbox.stop])
def test_hanging_ends_when_the_faults_are_cleared_or_the_cloud_stops(
    cloud: Sandbox, end: Callable[[Sandbox], None]
) -> None:
    cloud.misbehave(Fault("hang"))
    raw = open_request(cloud)
    assert not select.select([raw], [], [], 0)[0]
    assert cloud.calls[0].status == 0
    end(cloud)

    assert rest_of(raw) == b""


@pytest.mark.parametrize("end", [Sandbox.clear_faults, Sandbox.stop])
def test_dripping_ends_when_the_faults_are_cleared_or_the_cloud_stops(
    cloud: Sandbox, end: Callable[[Sandbox], None]
) -> None:
    cloud.misbehave(Fault("drip", seconds=3600))
    raw = open_request(cloud)
    assert raw.recv(65_536).startswith(b"HTTP/1.1 200")
    end(cloud)

    assert rest_of(raw) == b""


def test_a_dripped_answer_is_whole_in_the_end(cloud: Sandbox) -> None:
    cloud.misbehave(Fault("drip", seconds=0))

    assert items(listing(cloud, limit=1)) == cloud.images("bj")[:1]


def uuids(images: list[Any]) -> list[str]:
    return [image["cimgUuid"] for image in images]


def test_images_may_come_while_pages_are_read(cloud: Sandbox) -> None:
    cloud.misbehave(Fault("moving"))
    before = uuids(cloud.images("bj"))
    first, second = (uuids(items(listing(cloud, start=n, limit=10))) for n in (0, 10))

    assert first[1:] == before[:9]
    assert second[0] == first[9]
    assert len(cloud.images("bj")) == 62


def test_images_may_go_while_pages_are_read(cloud: Sandbox) -> None:
    cloud.misbehave(Fault("moving", where="remove", from_start=10))
    before = uuids(cloud.images("bj"))
    first, second = (uuids(items(listing(cloud, start=n, limit=10))) for n in (0, 10))

    assert [*first, before[10], *second] == before[:21]


def test_images_may_come_and_go_by_turns_or_come_anywhere(cloud: Sandbox) -> None:
    cloud.misbehave(Fault("moving", where="both", times=2))
    cloud.misbehave(Fault("moving", where="random", region="bj"))
    before = uuids(cloud.images("bj"))

    sizes = [listing(cloud).json["data"]["count"] for _ in range(4)]
    assert sizes == [61, 60, 61, 62]
    assert [uuid for uuid in uuids(cloud.images("bj")) if uuid in before] == before


@pytest.mark.parametrize(
    ("selector", "met"),
    [
        ({}, [True, True, True, True]),
        ({"endpoint": "region/list"}, [False, False, False, True]),
        ({"region": "gz"}, [False, True, False, False]),
        ({"from_start": 10}, [False, False, True, False]),
        ({"token": "someone else's"}, [False, False, False, False]),
        ({"times": 2}, [True, True, False, False]),
    ],
)
def test_a_fault_meets_only_what_it_selects(
    cloud: Sandbox, selector: dict[str, Any], met: list[bool]
) -> None:
    cloud.misbehave(Fault("errno", errno=2, **selector))
    replies = [
        listing(cloud),
        listing(cloud, regionId="gz"),
        listing(cloud, start=10),
        send(cloud, "POST", REGIONS, {}),
    ]

    assert [reply.json["errno"] == 2 for reply in replies] == met


def test_a_fault_of_one_token_leaves_the_others_alone(cloud: Sandbox) -> None:
    cloud.misbehave(Fault("errno", errno=2, token=cloud.other_token))

    assert listing(cloud).json["errno"] == 0
    assert listing(cloud, cloud.other_token).json["errno"] == 2


def test_a_cleared_fault_is_gone(cloud: Sandbox) -> None:
    cloud.misbehave(Fault("errno", errno=2))
    cloud.clear_faults()

    assert listing(cloud).json["errno"] == 0


@pytest.mark.parametrize(
    "wrong", [{"kind": "hail"}, {"kind": "slow", "endpoint": "x"}, {"kind": "moving", "where": "x"}]
)
def test_invalid_fault_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="unknown"):
        Fault(**wrong)  # type: ignore[arg-type]


def test_every_kind_of_fault_is_described() -> None:
    described = f"{Fault.__doc__} {odd_items.__doc__} {odd_answers.__doc__}"
    assert set(KINDS) <= set(re.findall(r"\w+", described))


# As a process of its own


def test_it_is_controlled_over_http(cloud: Sandbox) -> None:
    one, two = {"kind": "errno", "errno": 2, "times": 1}, {"kind": "html"}
    assert send(cloud, "POST", "/sandbox/faults", [one, two]).status == 200
    assert listing(cloud).json["errno"] == 2
    assert listing(cloud).body.startswith(b"<!doctype")
    send(cloud, "DELETE", "/sandbox/faults")

    settings = {"count_mode": "page", "shape": "object", "max_limit": 3, "latency": 0}
    send(cloud, "POST", "/sandbox/settings", settings)
    assert listing(cloud).json["data"]["count"] == 3

    calls = send(cloud, "GET", "/sandbox/calls").json
    assert [call["endpoint"] for call in calls] == ["cimg/list"] * 3
    send(cloud, "DELETE", "/sandbox/calls")
    assert cloud.calls == []

    assert send(cloud, "GET", "/sandbox/images?region=gz").json == cloud.images("gz")
    assert send(cloud, "GET", "/sandbox/tokens").json["other_token"] == cloud.other_token


def test_images_come_change_and_go_over_http(cloud: Sandbox) -> None:
    made = send(cloud, "POST", "/sandbox/images?region=gz", {"name": "new"}).json
    place = f"/sandbox/images?region=gz&uuid={made['cimgUuid']}"
    assert cloud.images("gz")[-1] == made
    assert send(cloud, "POST", place, {"name": "newer", "size": 5}).status == 200
    assert cloud.images("gz")[-1] == {**made, "name": "newer", "size": 5}
    assert send(cloud, "DELETE", place).status == 200
    assert made["cimgUuid"] not in {image["cimgUuid"] for image in cloud.images("gz")}
    assert send(cloud, "DELETE", place).status == 400


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/sandbox/faults", {"kind": "hail"}, 400),
        ("POST", "/sandbox/faults", {"colour": "red"}, 400),
        ("POST", "/sandbox/settings", {"count_mode": "page", "latency": -1}, 400),
        ("POST", "/sandbox/settings", {"port": 80}, 400),
        ("POST", "/sandbox/settings", None, 400),
        ("GET", "/sandbox/images", None, 400),
        ("GET", "/sandbox/images?region=mars", None, 400),
        ("GET", "/sandbox/else", None, 404),
    ],
)
def test_invalid_control_is_refused_and_changes_nothing(
    cloud: Sandbox, method: str, path: str, body: Any, status: int
) -> None:
    reply = send(cloud, method, path, body)

    assert (reply.status, list(reply.json)) == (status, ["error"])
    assert (cloud.count_mode, listing(cloud).json["errno"]) == ("total", 0)


def test_one_connection_serves_many_requests(cloud: Sandbox) -> None:
    connection = connect(cloud)
    for start in range(3):
        body = json.dumps({"regionId": "bj", "start": start, "limit": 1})
        connection.request("POST", LIST, body, {"Authorization": f"Bearer {cloud.token}"})
        if not start:
            port = connection.sock.getsockname()[1]
        assert json.load(connection.getresponse())["errno"] == 0

    assert connection.sock.getsockname()[1] == port
    connection.close()


def test_many_clients_are_served_side_by_side(cloud: Sandbox) -> None:
    cloud.misbehave(Fault("hang", region="bj"))
    with open_request(cloud):
        assert listing(cloud, regionId="gz").json["errno"] == 0


def test_a_stopped_cloud_closes_its_port_and_connections(cloud: Sandbox) -> None:
    idle = open_request(cloud)
    assert idle.recv(65_536)
    cloud.stop()
    cloud.stop()

    assert rest_of(idle) == b""
    with pytest.raises(ConnectionRefusedError):
        listing(cloud)


def test_it_runs_alone_and_stops_cleanly_without_the_product() -> None:
    program = (
        "import sys; from images.sandbox.__main__ import main; status = main();"
        "assert not {'django', 'requests', 'msgspec', 'dashboard'} & set(sys.modules);"
        "sys.exit(status)"
    )
    arguments = ["--port", "0", "--images", "3", "--seed", "5", "--count", "page"]
    with subprocess.Popen(
        [sys.executable, "-c", program, *arguments], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        line = process.stdout.readline()
        url, token = line.split()[2], line.split()[4]
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=PATIENCE)
        connection.request("POST", REGIONS, "{}", {"Authorization": f"Bearer {token}"})
        assert json.load(connection.getresponse())["errno"] == 0
        connection.close()
        process.send_signal(signal.SIGTERM)

    assert process.returncode == 0


def test_manage_py_takes_the_same_options() -> None:
    from images.management.commands.sandbox import Command

    alone = argparse.ArgumentParser()
    add_arguments(alone)
    managed = Command().create_parser("manage.py", "sandbox")
    options = ["--port", "0", "--max-limit", "7", "--shape", "array"]

    assert vars(alone.parse_args(options)).items() <= vars(managed.parse_args(options)).items()
