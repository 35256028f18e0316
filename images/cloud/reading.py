"""Reading images, regions and jobs tolerantly from what the cloud sends.

A missing or null field is unknown. One that cannot be read is unknown too, and counted. Of a list,
what can be read stays, and the rest is counted; one of which nothing can be read is unknown, which
is not the same as empty. What a list repeats is held once. Only an item without a usable `cimgUuid`
is left out, and counted as well: a page is never lost for one row, nor a row for one field.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from images.cloud import values
from images.cloud.items import pack_item
from images.cloud.records import Details, Image, Job, Region, Requirement, Storage, Zone
from images.cloud.values import UnreadableValueError

T = TypeVar("T")
Problems = Counter[str]
"""How often each field (vendor's name) could not be read. The key "item" counts skipped items,
OTHER the fields that nothing here reads."""

OTHER = "other"
FIELDS = frozenset({
    *("cimgUuid", "cimgId", "name", "description", "status", "type", "checkState", "job"),
    *("osFamily", "osVersion", "osArch", "platform", "size", "requirement", "backupStorages"),
    *("createTime", "updateTime", "isShared", "isExternal"),
    *("regions", "zones", "scenes", "cimgTags"),
})  # fmt: skip
# What a decoder raises for anything but JSON; ValueError for a number of very many digits.
NOT_JSON = (msgspec.MsgspecError, ValueError, RecursionError)
# Made on import: see images.cloud.answers.
_decode = msgspec.json.Decoder().decode
_decode_fields = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def _read(
    source: dict[str, Any], name: str, reader: Callable[[Any], T], problems: Problems
) -> T | None:
    value = source.get(name)
    if value is None:
        return None
    try:
        return reader(value)
    except UnreadableValueError:
        problems[name] += 1
        return None


def _read_members(
    source: dict[str, Any], name: str, reader: Callable[[Any], T], problems: Problems
) -> list[T] | None:
    """Return the members that can be read; None when that is not known."""
    members = _read(source, name, values.members, problems)
    if members is None:
        return None
    read = []
    left_out = max(0, len(members) - values.MAX_MEMBERS)
    if left_out:
        problems[name] += left_out
    for member in members[: values.MAX_MEMBERS]:
        try:
            read.append(reader(member))
        except UnreadableValueError:
            problems[name] += 1
    return read if read or not members else None


def _read_texts(
    source: dict[str, Any],
    name: str,
    problems: Problems,
    reader: Callable[[Any], str] = values.text,
    same: Callable[[str], str] = str,
) -> tuple[str, ...] | None:
    """Return the members, each once; those are one that `same` makes the same."""
    members = _read_members(source, name, reader, problems)
    if members is None:
        return None
    if len(members) < 2:  # As nearly everywhere.
        return tuple(members)
    found: dict[str, str] = {}
    for member in members:
        found.setdefault(same(member), member)
    return tuple(found.values())


def read_job(source: Any, problems: Problems) -> Job | None:
    """One job of an image or of `result`, or None when there is none; its uuid may be ""."""
    if not source or not isinstance(source, dict):
        return None
    return Job(
        uuid=_read(source, "jobUuid", values.text, problems)
        or _read(source, "uuid", values.text, problems)
        or "",
        type=_read(source, "type", values.text, problems),
        progress=_read(source, "progress", values.percent, problems),
        done=_read(source, "done", values.flag, problems),
        success=_read(source, "success", values.flag, problems),
        result=_read(source, "result", values.reason, problems),
    )


def _read_storage(source: dict[str, Any], problems: Problems) -> Storage:
    return Storage(
        uuid=_read(source, "bsUuid", values.text, problems),
        name=_read(source, "name", values.text, problems),
        type=_read(source, "type", values.text, problems),
        disk_type=_read(source, "diskType", values.text, problems),
        state=_read(source, "state", values.text, problems),
        status=_read(source, "status", values.text, problems),
        zone=_read(source, "zone", values.text, problems),
    )


def _worse(one: Storage, other: Storage) -> Storage:
    """Of a storage that is listed twice, by id and name, the entry that says the worst of it."""
    worst_first = (False, None, True)
    return min(one, other, key=lambda each: worst_first.index(each.usable))


def _read_storages(source: dict[str, Any], problems: Problems) -> tuple[Storage, ...] | None:
    items = _read_members(source, "backupStorages", values.mapping, problems)
    if items is None:
        return None
    found: dict[tuple[str | int, str | None], Storage] = {}
    for place, item in enumerate(items):
        storage = _read_storage(item, problems)
        key = (storage.uuid.casefold() if storage.uuid else place, storage.name)
        held = found.get(key)
        found[key] = storage if held is None else _worse(held, storage)
    return tuple(found.values())


def _disks(storages: tuple[Storage, ...] | None) -> tuple[str, ...] | None:
    if storages is None:
        return None
    found = {storage.disk_type for storage in storages if storage.disk_type}
    return tuple(sorted(found)) if found or not storages else None


def _read_source(raw: bytes, problems: Problems) -> tuple[dict[str, Any], bytes] | None:
    """Return the fields of an image and its JSON, without those that are none."""
    try:
        source = _decode(raw)
    except NOT_JSON:
        return _readable_part(raw, problems)
    return (source, raw) if isinstance(source, dict) else None


def _readable_part(raw: bytes, problems: Problems) -> tuple[dict[str, Any], bytes] | None:
    try:
        fields = _decode_fields(raw)
    except NOT_JSON:
        return None
    source, kept = {}, {}
    for name, value in fields.items():
        try:
            source[name] = _decode(value)
            kept[name] = value
        except NOT_JSON:
            problems[name if name in FIELDS else OTHER] += 1
    return source, msgspec.json.encode(kept)


def read_image(region: str, raw: bytes, problems: Problems) -> Image | None:
    """One item of cimg/list, or None (counted as "item") when it is no image at all."""
    found = _read_source(raw, problems)
    source, raw = found or ({}, raw)
    uuid = _read(source, "cimgUuid", values.slug, problems)
    if uuid is None:
        problems["item"] += 1
        return None
    requirement = _read(source, "requirement", values.mapping, problems) or {}
    storages = _read_storages(source, problems)
    known = [storage.usable for storage in storages or ()]
    return Image(
        region=region,
        uuid=uuid,
        id=_read(source, "cimgId", values.text, problems),
        name=_read(source, "name", values.text, problems),
        description=_read(source, "description", values.description, problems),
        status=_read(source, "status", values.text, problems),
        type=_read(source, "type", values.text, problems),
        os_family=_read(source, "osFamily", values.text, problems),
        os_version=_read(source, "osVersion", values.text, problems),
        arch=_read(source, "osArch", values.text, problems),
        platform=_read(source, "platform", values.text, problems),
        check_state=_read(source, "checkState", values.text, problems),
        size=_read(source, "size", values.integer, problems),
        min_disk=_read(requirement, "minDiskSize", values.integer, problems),
        created=_read(source, "createTime", values.moment, problems),
        updated=_read(source, "updateTime", values.moment, problems),
        shared=_read(source, "isShared", values.flag, problems),
        external=_read(source, "isExternal", values.flag, problems),
        regions=_read_texts(source, "regions", problems, same=str.casefold),
        zones=_read_texts(source, "zones", problems, same=str.casefold),
        scenes=_read_texts(source, "scenes", problems),
        tags=_read_texts(source, "cimgTags", problems, values.tag),
        storages=None if storages is None else len(storages),
        storages_down=known.count(False),
        storages_unknown=known.count(None),
        disks=_disks(storages),
        job=read_job(_read(source, "job", values.mapping, problems), problems),
        packed=pack_item(raw),
    )


def read_details(image: Image) -> Details:
    """Return what the panel shows beyond the row; damaged parts are unknown."""
    source, problems = _decode(image.raw), Problems()
    requirement = _read(source, "requirement", values.mapping, problems) or {}
    return Details(
        storages=_read_storages(source, problems),
        requirement=Requirement(
            min_disk=_read(requirement, "minDiskSize", values.integer, problems),
            min_cpu=_read(requirement, "minCpuNum", values.integer, problems),
            min_memory=_read(requirement, "minMemorySize", values.integer, problems),
            dc2_types=_read_texts(requirement, "dc2Types", problems),
        ),
    )


def read_region(source: Any, problems: Problems) -> Region | None:
    """One entry of region/list, or None (counted as "item") when it has no usable id."""
    identity = _read(source, "id", values.slug, problems) if isinstance(source, dict) else None
    if identity is None:
        problems["item"] += 1
        return None
    zones: dict[str, Zone] = {}
    for entry in _read_members(source, "zone", values.mapping, problems) or ():
        zone = _read(entry, "id", values.text, problems)
        if zone:
            name = _read(entry, "name", values.text, problems) or zone
            zones.setdefault(zone.casefold(), Zone(zone, name))
    return Region(
        id=identity,
        name=_read(source, "name", values.text, problems) or identity,
        area=_read(source, "areaName", values.text, problems) or "",
        zones=tuple(zones.values()),
    )
