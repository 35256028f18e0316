"""Items with odd values, of images, regions or jobs alike: kinds of `Fault`, as data.

wrong_types     every field of every image but `cimgUuid` and `cimgId` has a wrong type
damaged_items   in each page of a list, the items at 1, 6, 11, … are, in turn, null, a string,
                and an item without `cimgUuid`; the others are good
odd_members     every list of texts has a null, a number and an object among its members
odd_lists       every list of texts, and that of storages, is an object
tag_objects     tags are {"key", "value"}; one in each list is not
storages_null   `state` and `status` of every storage are null
jobs_without_id the first two images have the same running job, which has no id
numbers_as_text numbers and booleans are text, as in protobuf's JSON
whole_floats    integers are floats
odd_progress    the progress of jobs is "45%" and 100.4 by turns, `done` is text
repeated        what lists hold comes twice, zones and regions once more in capitals
blank_names     names without a visible character
other_letters   names are decomposed (NFD) and full width by turns
other_case      words of the cloud's are in capitals and small letters by turns
seconds         times are seconds
separators      tags hold what separates them elsewhere
regions_astray  `regions` lacks the region that lists it, or is in capitals, by turns
"""

import json
import unicodedata
from collections.abc import Callable
from typing import Any

TEXT_LISTS = ("regions", "zones", "scenes", "cimgTags")
BLANK_NAMES = ("   ", "\u200b\u2060", "\u3000")
FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}

# What stands in a field that should hold another type. A field not named here becomes a list.
WRONG_TYPES = {
    "size": "big",
    "createTime": "yesterday",
    "updateTime": {"ms": 1},
    "regions": "bj",
    "zones": 7,
    "scenes": [1, None],
    "backupStorages": [1, 2, 3],
    "cimgTags": {"a": 1},
    "requirement": "8GiB",
    "isShared": "yes",
    "isExternal": 2,
    "name": 42,
    "osVersion": 7,
    "job": "running",
}

Item = dict[str, Any]


def wrong_types(place: int, item: Item) -> object:
    kept = ("cimgUuid", "cimgId")
    return {
        field: value if field in kept else WRONG_TYPES.get(field, [])
        for field, value in item.items()
    }


def damaged_items(place: int, item: Item) -> object:
    turn, beat = divmod(place, 5)
    if beat != 1:
        return item
    nameless = {field: value for field, value in item.items() if field != "cimgUuid"}
    return (None, "damaged", nameless)[turn % 3]


def lists(change: Callable[[str, list[Any]], object]) -> Callable[[int, Item], object]:
    """Put `change(field, list)` for each list of texts of an item."""
    return lambda place, item: (
        item
        | {field: change(field, item[field]) for field in TEXT_LISTS if item.get(field) is not None}
    )


def odd_lists(place: int, item: Item) -> object:
    return item | {field: {"a": 1} for field in (*TEXT_LISTS, "backupStorages") if field in item}


def tag_objects(place: int, item: Item) -> object:
    if "cimgTags" not in item:
        return item
    tags = [{"key": tag, "value": f"{tag}-{place}"} for tag in item["cimgTags"] or ()]
    return item | {"cimgTags": [*tags, {"name": "other"}]}


def storages_null(place: int, item: Item) -> object:
    unknown: Item = {"state": None, "status": None}
    storages = [storage | unknown for storage in item.get("backupStorages") or ()]
    return item | {"backupStorages": storages} if storages else item


def jobs_without_id(place: int, item: Item) -> object:
    if place > 1 or "cimgUuid" not in item:
        return item
    return item | {"job": {"progress": 12.5, "done": False, "type": "ImportCIMG"}}


def everywhere(change: Callable[[Any], object]) -> Callable[[int, Item], object]:
    """Put `change(value)` for each value in an item that is neither list nor object."""

    def changed(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: changed(member) for key, member in value.items()}
        if isinstance(value, list):
            return [changed(member) for member in value]
        return change(value)

    return lambda place, item: changed(item)


def as_text(value: Any) -> object:
    return json.dumps(value) if isinstance(value, bool | int | float) else value


def as_float(value: Any) -> object:
    return float(value) if type(value) is int else value


def odd_progress(place: int, item: Item) -> object:
    odd = {"progress": ("45%", 100.4)[place // 2 % 2]}
    if "job" in item:
        return item | {"job": item["job"] | odd | {"done": as_text(item["job"]["done"])}}
    return item | odd | {"done": as_text(item["done"])} if "progress" in item else item


def repeated(place: int, item: Item) -> object:
    """As read, nothing is new."""
    twice = {field: item[field] * 2 for field in TEXT_LISTS if item.get(field)}
    for field in ("regions", "zones"):
        twice |= {field: [*twice[field], *map(str.upper, item[field])]} if field in twice else {}
    for field in ("backupStorages", "zone"):
        twice |= {field: item[field] * 2} if item.get(field) else {}
    return item | twice


def other_letters(place: int, item: Item) -> object:
    name = item.get("name") or ""
    other = unicodedata.normalize("NFD", name) if place % 2 else name.translate(FULL_WIDTH)
    return item | {"name": other}


def other_case(place: int, item: Item) -> object:
    turned = str.upper if place % 2 else str.lower
    words = ("status", "type", "osFamily", "osArch", "platform", "checkState")
    other = {field: turned(item[field]) for field in words if item.get(field)}
    for storage in item.get("backupStorages") or ():
        storage |= {field: turned(storage[field]) for field in ("state", "status", "diskType")}
    return item | other


def seconds(place: int, item: Item) -> object:
    times = ("createTime", "updateTime")
    return item | {field: item[field] // 1000 for field in times if item.get(field)}


def regions_astray(place: int, item: Item) -> object:
    if "regions" not in item:
        return item
    return item | {"regions": (["hz"], [each.upper() for each in item["regions"]])[place % 2]}


# (position, item) -> what stands there instead.
ITEMS: dict[str, Callable[[int, Item], object]] = {
    "wrong_types": wrong_types,
    "damaged_items": damaged_items,
    "odd_members": lists(lambda field, members: [*members, None, 7, {"a": "b"}]),
    "odd_lists": odd_lists,
    "tag_objects": tag_objects,
    "storages_null": storages_null,
    "jobs_without_id": jobs_without_id,
    "numbers_as_text": everywhere(as_text),
    "whole_floats": everywhere(as_float),
    "odd_progress": odd_progress,
    "repeated": repeated,
    "blank_names": lambda place, item: item | {"name": BLANK_NAMES[place % len(BLANK_NAMES)]},
    "other_letters": other_letters,
    "other_case": other_case,
    "seconds": seconds,
    "separators": lambda place, item: (
        item | {"cimgTags": (["a;b", "c"], ["a", "b", "c"], ["\\;", ";"])[place % 3]}
        if "cimgUuid" in item
        else item
    ),
    "regions_astray": regions_astray,
}
