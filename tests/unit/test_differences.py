"""What differs between two images: one answer for the comparison and for the panel."""

from __future__ import annotations

import json
import re
from typing import Any

from django.utils.translation import override
from hypothesis import given, settings
from hypothesis import strategies as st

from images.cloud.reading import Problems, read_image
from images.cloud.records import Image
from images.differences import FACTS, differing
from images.fields import COMPARED
from images.views.image.compare import groups
from images.views.image.other_regions import TOLD, differences

STORAGE = {"bsUuid": "u", "name": "n", "type": "Ceph", "diskType": "SSD", "zone": "BJ01"}
STORAGE |= {"state": "Enabled", "status": "Connected"}
JOB = {"jobUuid": "j", "type": "ImportCIMG", "progress": 5.0, "done": False}

words = st.sampled_from([None, "", "a", "B"])
numbers = st.sampled_from([None, 0, 1, 2**31])
flags = st.sampled_from([None, False, True])
lists: st.SearchStrategy[Any] = st.sampled_from(
    [None, [], ["a"], ["a", "b"], ["b", "a"], ["a", None], [None], {}]
)
sent = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(("type", "status", "checkState", "osVersion", "osArch"), words),
        **dict.fromkeys(("platform", "description"), words),
        **dict.fromkeys(("size", "createTime", "updateTime"), numbers),
        **dict.fromkeys(("isShared", "isExternal"), flags),
        **dict.fromkeys(("regions", "zones", "scenes", "cimgTags"), lists),
        "requirement": st.fixed_dictionaries(
            {},
            optional={
                **dict.fromkeys(("minDiskSize", "minCpuNum", "minMemorySize"), numbers),
                "dc2Types": lists,
            },
        ),
        "backupStorages": st.sampled_from(
            [
                *(None, [], [STORAGE], [STORAGE, STORAGE], [{**STORAGE, "name": "o"}]),
                *([{**STORAGE, "status": "Disconnected"}], [{**STORAGE, "diskType": "HE"}]),
                *([{**STORAGE, "bsUuid": "v"}, STORAGE], [{**STORAGE, "status": None}]),
            ]
        ),
        "job": st.sampled_from([None, JOB, {**JOB, "done": True}]),
    },
)


def read(region: str, fields: dict[str, Any]) -> Image:
    item = {"cimgUuid": region, "name": "golden", "osFamily": "CentOS", **fields}
    image = read_image(region, json.dumps(item).encode(), Problems())
    assert image is not None
    return image


def marked(*images: Image) -> set[str]:
    """The titles of the rows that the comparison marks."""
    shown = groups(images, {}, only=False)
    return {line.title for group in shown for line in group.lines if line.differs}


def test_every_row_of_a_comparison_but_what_names_the_image_can_differ() -> None:
    rows = {field.name for compared in COMPARED.values() for field in compared}

    assert rows - {"id", "uuid", "region"} == set(FACTS) == set(TOLD)


@settings(deadline=None, max_examples=300)
@given(sent, sent, st.sampled_from(["en", "zh-hans"]))
def test_nothing_differs_just_where_the_comparison_marks_no_row(
    one: dict[str, Any], other: dict[str, Any], language: str
) -> None:
    here, there = read("bj", one), read("gz", other)
    with override(language):
        said = differences(here, there)
        assert bool(said) == bool(marked(here, there))
        assert len(said) == len(differing((here, there)))
        assert all(said)
        assert bool(differences(there, here)) == bool(said)
        assert differences(here, read("gz", one)) == []


@settings(deadline=None, max_examples=200)
@given(sent, sent)
def test_rows_that_look_different_are_marked(one: dict[str, Any], other: dict[str, Any]) -> None:
    here, there = read("bj", one), read("bj", other)

    for group in groups([here, there], {}, only=False):
        for line in group.lines:
            parts = [sorted(re.sub(r"<[^>]*>", " ", cell).split()) for cell in line.cells]
            naming = line.title in ("ID", "UUID", "Region")
            assert line.differs == (parts[0] != parts[1]) or naming
