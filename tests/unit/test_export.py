"""Exports: whole, safe to open, and what the cloud said."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from images.cloud.reading import Problems, read_image
from images.cloud.records import Image
from images.export.rows import CHUNK, csv_rows, json_document, pretty_json
from images.search.gathered_index import Found
from tests.indexes import ACCOUNT

SAMPLE = Path(__file__).parents[2] / "images" / "sandbox" / "sample.json"
ITEM: dict[str, Any] = json.loads(SAMPLE.read_text(encoding="utf-8"))


def image(raw: str = "", **changes: Any) -> Image:
    """The vendor's sample image as Beijing lists it, with some fields changed."""
    sent = raw or json.dumps({**ITEM, **changes}, ensure_ascii=False)
    found = read_image("bj", sent.encode(), Problems())
    assert found is not None
    return found


TITLES = {ACCOUNT: "=Prod · Team"}


def listed(images: Iterable[Image]) -> Iterator[Found]:
    """The images as one account lists them."""
    return (Found(ACCOUNT, image) for image in images)


def table(*images: Image) -> list[dict[str, str]]:
    """What a spreadsheet gets to see."""
    sent = "".join(csv_rows(listed(images), titles=TITLES)).encode().decode("utf-8-sig")
    return list(csv.DictReader(StringIO(sent, newline=""), strict=True))


def cell(text: str) -> str:
    return table(image(description=text))[0]["description"]


def document(*images: Image) -> Any:
    return json.loads(b"".join(json_document({"total": len(images)}, listed(images))))


def test_csv_works() -> None:
    assert table(image()) == [
        {
            "region": "bj",
            "cimgUuid": "4a48f88391134a01befe88ff98b68a88",
            "cimgId": "cimg-cy58anir",
            "name": "北京02",
            "description": "",
            "status": "Ready",
            "type": "custom",
            "osFamily": "CentOS",
            "osVersion": "7",
            "support": "ended",
            "supportEnd": "2024-06-30",
            "extendedSupportEnd": "",
            "osArch": "64bit",
            "platform": "Linux",
            "size": "549899264",
            "minDiskSize": "8589934592",
            "createTime": "2020-10-27T11:51:10.000Z",
            "updateTime": "2020-10-27T11:51:10.000Z",
            "isShared": "false",
            "isExternal": "true",
            "checkState": "uncheck",
            "regions": "bj",
            "zones": "bj01",
            "scenes": "base",
            "cimgTags": "none",
            "storages": "3",
            "storagesDown": "0",
            "storageState": "ok",
            "verdict": "yes",
            "verdictReasons": "check-none",
            "account": "'=Prod · Team",
        }
    ]


def test_csv_starts_with_the_mark_that_makes_excel_read_chinese() -> None:
    sent = list(csv_rows(listed([image()]), titles=TITLES))
    assert sent[0].encode() == b"\xef\xbb\xbf"
    assert not any("\ufeff" in piece for piece in sent[1:])


def test_csv_lines_end_as_rfc_4180_says() -> None:
    sent = "".join(csv_rows(listed([image(description='a "quoted", one'), image()]), titles=TITLES))
    assert sent.count("\r\n") == sent.count("\n") == 3
    assert ',"a ""quoted"", one",' in sent


def test_csv_of_nothing_is_its_heading() -> None:
    assert len("".join(csv_rows([], titles=TITLES)).splitlines()) == 1
    assert table() == []


def test_csv_of_an_image_of_which_nothing_is_known_is_blank() -> None:
    row = table(image('{"cimgUuid": "a"}'))[0]
    known = {"region": "bj", "cimgUuid": "a", "storageState": "unknown", "verdict": "caution"}
    known |= {"support": "unknown", "account": "'=Prod · Team"}
    assert "status-unknown" in row.pop("verdictReasons").split(";")
    assert {name: text for name, text in row.items() if text} == known


@pytest.mark.parametrize("tags", [None, "web", {"a": "b"}, [1, None]])
def test_csv_tells_tags_that_are_not_known_from_none(tags: object) -> None:
    assert table(image(cimgTags=tags), image(cimgTags=[]))[0]["cimgTags"] == ""
    assert table(image(cimgTags=tags), image(cimgTags=[]))[1]["cimgTags"] == "none"


def test_csv_joins_lists_and_counts_storages_that_are_down() -> None:
    down = [{**ITEM["backupStorages"][0], "status": "Disconnected"}, *ITEM["backupStorages"][1:]]
    row = table(image(zones=["bj01", "bj02"], cimgTags=["web", "数据库"], backupStorages=down))[0]
    assert (row["zones"], row["cimgTags"]) == ("bj01;bj02", "web;数据库")
    assert (row["storages"], row["storagesDown"], row["storageState"]) == ("3", "1", "at-risk")


@pytest.mark.parametrize("start", [*"=+-@＝＋－＠", "\t", "\r", "\n"])
@pytest.mark.parametrize("before", ["", " ", "\u00a0 ", "\u3000", "\u200b", "\ufeff\u2060", "\x00"])
def test_a_cell_that_a_spreadsheet_would_run_is_made_text(start: str, before: str) -> None:
    formula = f"{before}{start}1+1"
    assert cell(formula) == f"'{formula}"


@pytest.mark.parametrize("text", ["a=1", "1-2", "北京", "'=1", " a", "#=1", '"=1', "é", "(-1)"])
def test_a_cell_that_a_spreadsheet_would_not_run_is_left_alone(text: str) -> None:
    assert cell(text) == text


@pytest.mark.parametrize(
    "field",
    [
        *("cimgId", "name", "status", "type", "osFamily", "osVersion", "osArch", "platform"),
        *("checkState", "regions", "zones", "scenes", "cimgTags"),
    ],
)
def test_every_text_of_the_cloud_is_made_safe(field: str) -> None:
    sent: dict[str, Any] = {field: ["=A1", "x"] if isinstance(ITEM[field], list) else "=A1"}
    assert table(image(**sent))[0][field].startswith("'=A1")


def test_an_id_that_starts_like_a_formula_is_made_safe() -> None:
    assert table(image(cimgUuid="-1"))[0]["cimgUuid"] == "'-1"


@settings(deadline=None, max_examples=100)
@given(st.lists(st.tuples(st.text(max_size=6), st.text(max_size=6)), max_size=4))
def test_any_text_comes_back_out_of_the_csv(texts: list[tuple[str, str]]) -> None:
    rows = table(*(image(name=name, description=description) for name, description in texts))
    found = [(row["name"], row["description"]) for row in rows]
    for sent, got in zip(texts, found, strict=True):
        for before, after in zip(sent, got, strict=True):
            assert after in (before, f"'{before}")
            assert not after.lstrip().startswith(("=", "+", "-", "@"))


@pytest.mark.parametrize("number", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_every_image_is_exported_once_in_its_order(number: int) -> None:
    images = [image(cimgUuid=f"{each:032x}") for each in range(number)]
    uuids = [each.uuid for each in images]
    assert [row["cimgUuid"] for row in table(*images)] == uuids
    assert [item["cimgUuid"] for item in document(*images)["images"]] == uuids


def test_images_are_sent_many_at_a_time() -> None:
    images = [image()] * 5 * CHUNK
    assert len(list(csv_rows(listed(images), titles=TITLES))) == 2 + 5
    assert len(list(json_document({}, listed(images)))) == 2 + 5


def test_exports_begin_before_the_last_image_is_read() -> None:
    def endless() -> Any:
        while True:
            yield image()

    rows, document = (
        csv_rows(listed(endless()), titles=TITLES),
        json_document({}, listed(endless())),
    )
    assert [len(next(rows)) for _ in range(3)][2] > CHUNK
    assert [len(next(document)) for _ in range(2)][1] > CHUNK


def test_json_is_what_the_cloud_sent_and_what_we_add() -> None:
    sent = image(somethingNew={"a": [1, None]}, isShared=None)
    added: dict[str, Any] = {
        "account": ACCOUNT,
        "region": "bj",
        "verdict": {"grade": "yes", "reasons": ["check-none"]},
    }
    added |= {"support": "ended", "supportEnd": "2024-06-30", "extendedSupportEnd": None}
    expected = {**ITEM, "somethingNew": {"a": [1, None]}, "isShared": None, **added}
    assert document(sent) == {"total": 1, "images": [expected]}


def test_csv_calls_the_account_by_its_title_as_no_formula() -> None:
    [row] = table(image())
    assert row["account"] == "'=Prod · Team"


def test_our_region_replaces_one_that_the_cloud_sent() -> None:
    assert document(image(region="elsewhere"))["images"][0]["region"] == "bj"


def test_numbers_stay_as_they_were_sent() -> None:
    sent = image('{"cimgUuid": "a", "large": 123456789012345678901234567890, "exact": 1.10}')
    written = b"".join(json_document({}, listed([sent])))
    assert b'"large":123456789012345678901234567890,"exact":1.10' in written


def test_the_head_comes_first_and_takes_text_that_is_not_yet_translated() -> None:
    class Later:
        def __str__(self) -> str:
            return "北京"

    written = b"".join(json_document({"regions": [{"name": Later()}]}, []))
    assert json.loads(written) == {"regions": [{"name": "北京"}], "images": []}
    assert json.loads(b"".join(json_document({}, []))) == {"images": []}


def test_an_item_is_shown_indented_as_it_was_sent() -> None:
    assert pretty_json(image('{"cimgUuid":"a","exact":1.10,"name":"北京"}')) == (
        '{\n  "cimgUuid": "a",\n  "exact": 1.10,\n  "name": "北京"\n}'
    )
