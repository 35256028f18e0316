"""Reading images and regions tolerantly from what the cloud sends.

A missing or null field is unknown. One of the wrong type is unknown too, and counted. Only an item
without a usable `cimgUuid` is left out, and counted as well: a page is never lost for one row.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from images.cloud.cleaning import MAX_DESCRIPTION, MAX_ERRMSG, MAX_NAME, clipped
from images.cloud.records import Details, Image, Job, Region, Requirement, Storage, Zone

MAX_MILLISECONDS = 253_402_300_799_999  # the end of year 9999, where datetime ends
MAX_INTEGER = 2**63 - 1
SLUG = re.compile(r"[A-Za-z0-9_-]{1,64}")

T = TypeVar("T")
Problems = Counter[str]
"""How often each field (vendor's name) could not be read; the key "item" counts skipped items."""


class _WrongTypeError(Exception):
    """The value has a type or range the documents do not allow."""


def _text(value: Any, most: int = MAX_NAME) -> str:
    if isinstance(value, str):
        return clipped(value, most)
    raise _WrongTypeError


def _description(value: Any) -> str:
    return _text(value, MAX_DESCRIPTION)


def _reason(value: Any) -> str:
    return _text(value, MAX_ERRMSG)


def _slug(value: Any) -> str:
    # These ids become parts of URLs: one path segment, nothing that moves around in a path.
    if isinstance(value, str) and SLUG.fullmatch(value):
        return value
    raise _WrongTypeError


def _integer(value: Any) -> int:
    if type(value) is int and 0 <= value <= MAX_INTEGER:
        return value
    raise _WrongTypeError


def _time(value: Any) -> int:
    if type(value) is int and 0 < value <= MAX_MILLISECONDS:
        return value
    raise _WrongTypeError


def _percent(value: Any) -> float:
    if type(value) in (int, float) and 0 <= value <= 100:
        return float(value)
    raise _WrongTypeError


def _flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise _WrongTypeError


def _texts(value: Any) -> tuple[str, ...]:
    if isinstance(value, list) and all(isinstance(member, str) for member in value):
        return tuple(map(_text, value))
    raise _WrongTypeError


def _mapping(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    raise _WrongTypeError


def _list(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    raise _WrongTypeError


def _read(
    source: dict[str, Any], name: str, reader: Callable[[Any], T], problems: Problems
) -> T | None:
    value = source.get(name)
    if value is None:
        return None
    try:
        return reader(value)
    except _WrongTypeError:
        problems[name] += 1
        return None


def read_job(source: Any, problems: Problems) -> Job | None:
    """One job of an image or of `result`, or None when there is none; its uuid may be ""."""
    if not source or not isinstance(source, dict):
        return None
    return Job(
        uuid=_read(source, "jobUuid", _text, problems)
        or _read(source, "uuid", _text, problems)
        or "",
        type=_read(source, "type", _text, problems),
        progress=_read(source, "progress", _percent, problems),
        done=_read(source, "done", _flag, problems),
        success=_read(source, "success", _flag, problems),
        result=_read(source, "result", _reason, problems),
    )


def _read_storage(source: dict[str, Any], problems: Problems) -> Storage:
    return Storage(
        uuid=_read(source, "bsUuid", _text, problems),
        name=_read(source, "name", _text, problems),
        type=_read(source, "type", _text, problems),
        disk_type=_read(source, "diskType", _text, problems),
        state=_read(source, "state", _text, problems),
        status=_read(source, "status", _text, problems),
        zone=_read(source, "zone", _text, problems),
    )


def _read_storages(source: dict[str, Any], problems: Problems) -> tuple[Storage, ...] | None:
    items = _read(source, "backupStorages", _list, problems)
    if items is None:
        return None
    storages = tuple(_read_storage(item, problems) for item in items if isinstance(item, dict))
    if len(storages) < len(items):
        problems["backupStorages"] += len(items) - len(storages)
    # Only damaged entries: nothing is known of the storages, which is not "there are none".
    return None if items and not storages else storages


def read_image(region: str, raw: bytes, problems: Problems) -> Image | None:
    """One item of cimg/list, or None (counted as "item") when it is no image at all."""
    try:
        source = msgspec.json.decode(raw)
        uuid = _read(source, "cimgUuid", _slug, problems) if isinstance(source, dict) else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        uuid = None
    if uuid is None:
        problems["item"] += 1
        return None
    requirement = _read(source, "requirement", _mapping, problems) or {}
    storages = _read_storages(source, problems)
    return Image(
        region=region,
        uuid=uuid,
        id=_read(source, "cimgId", _text, problems),
        name=_read(source, "name", _text, problems),
        description=_read(source, "description", _description, problems),
        status=_read(source, "status", _text, problems),
        type=_read(source, "type", _text, problems),
        os_family=_read(source, "osFamily", _text, problems),
        os_version=_read(source, "osVersion", _text, problems),
        arch=_read(source, "osArch", _text, problems),
        platform=_read(source, "platform", _text, problems),
        check_state=_read(source, "checkState", _text, problems),
        size=_read(source, "size", _integer, problems),
        min_disk=_read(requirement, "minDiskSize", _integer, problems),
        created=_read(source, "createTime", _time, problems),
        updated=_read(source, "updateTime", _time, problems),
        shared=_read(source, "isShared", _flag, problems),
        external=_read(source, "isExternal", _flag, problems),
        regions=_read(source, "regions", _texts, problems) or (),
        zones=_read(source, "zones", _texts, problems) or (),
        scenes=_read(source, "scenes", _texts, problems) or (),
        tags=_read(source, "cimgTags", _texts, problems) or (),
        storages=None if storages is None else len(storages),
        storages_down=sum(not storage.usable for storage in storages or ()),
        disks=tuple(sorted({storage.disk_type for storage in storages or () if storage.disk_type})),
        job=read_job(_read(source, "job", _mapping, problems), problems),
        raw=raw,
    )


def read_details(image: Image) -> Details:
    """What the panel shows beyond the row; damaged parts are unknown, as in `read_image`."""
    source = msgspec.json.decode(image.raw)
    problems = Problems()
    requirement = _read(source, "requirement", _mapping, problems) or {}
    return Details(
        storages=_read_storages(source, problems),
        requirement=Requirement(
            min_disk=_read(requirement, "minDiskSize", _integer, problems),
            min_cpu=_read(requirement, "minCpuNum", _integer, problems),
            min_memory=_read(requirement, "minMemorySize", _integer, problems),
            dc2_types=_read(requirement, "dc2Types", _texts, problems) or (),
        ),
    )


def read_region(source: Any, problems: Problems) -> Region | None:
    """One entry of region/list, or None (counted as "item") when it has no usable id."""
    identity = _read(source, "id", _slug, problems) if isinstance(source, dict) else None
    if identity is None:
        problems["item"] += 1
        return None
    zones = []
    for entry in _read(source, "zone", _list, problems) or ():
        zone = _read(entry, "id", _text, problems) if isinstance(entry, dict) else None
        if zone:
            zones.append(Zone(zone, _read(entry, "name", _text, problems) or zone))
    return Region(
        id=identity,
        name=_read(source, "name", _text, problems) or identity,
        area=_read(source, "areaName", _text, problems) or "",
        zones=tuple(zones),
    )
