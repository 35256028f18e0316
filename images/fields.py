"""The registry of what is known of an image: whatever lists fields reads it here.

One entry makes a column with its place in the menu, a sort, a facet, a line of the comparison, a
cell of the CSV, a field of the JSON and their part of the API's description, as far as it says so.
All of these take a field by its kind; only what the kind does not say well enough has words or
markup of its own, by the field's name. The order here is that of the CSV and of the comparison.
Titles are message ids, which are translated where they are shown.

| kind                 | `read` returns, or None for what is not known                          |
|----------------------|------------------------------------------------------------------------|
| text, code, region   | a text; one to be copied; the id of a region, which is shown by name   |
| flag, state, support | True or False; one of STORAGE_STATES; one of SUPPORT_STATES            |
| day                  | a date                                                                 |
| texts, ids           | several, none of them in an empty tuple; the case of ids says nothing  |
| number, size, moment | how many; bytes; Unix milliseconds                                     |
| storages, verdict    | each backup storage; a Judgement                                       |
| account              | nothing: whose list has the image is known of the list alone           |
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from operator import attrgetter
from typing import Any, Literal, NamedTuple

from images.cloud.reading import read_details
from images.cloud.records import Details, Image, Storage
from images.insights import storage_state
from images.os_support import release_of, support_state
from images.verdict import verdict

Read = Callable[[Image], Any]
Texts = Literal["text", "code", "region", "state", "support", "texts", "ids"]
Kind = Texts | Literal["account", "flag", "number", "size", "moment", "storages", "verdict", "day"]
NUMERIC, MANY = frozenset({"number", "size", "moment"}), frozenset({"texts", "ids"})


def gettext_noop(message: str) -> str:
    """Return the message id; `make messages` finds it by the name of this function."""
    return message


_ = gettext_noop
IDENTITY, STATE, SYSTEM = _("Identity"), _("State"), _("Operating system")
MACHINE, PLACES = _("Minimum requirements"), _("Regions and zones")
STORAGES, USE, TIMES = _("Backup storages"), _("Use"), _("Times")
GROUPS = (IDENTITY, STATE, SYSTEM, MACHINE, PLACES, STORAGES, USE, TIMES)


class Facet(NamedTuple):
    """The place of a field among the facets, with its parameter and title where they differ."""

    place: int
    name: str = ""
    title: str = ""


@dataclass(frozen=True)
class Field:
    """One fact of an image, and all that it is shown as.

    `column` is its place among the columns, 0 where it is none; lists can be sorted by a column of
    single values unless `sorts` is False, and `then` names the field that decides among equals.
    `group` is one of GROUPS, "" where images are not compared by it. `cloud` is what the cloud's
    own item calls it, and so the CSV; `ours` is its heading in the CSV where the item has no such
    field, and with `json` our JSON adds it to the item. `searched` says that the parameter `q`
    looks into it. `example` is for the API's description. `title` is "" where nobody sees it.
    """

    name: str
    title: str
    kind: Kind
    read: Read
    column: int = 0
    sorts: bool = True
    then: str = ""
    facet: Facet | None = None
    group: str = ""
    cloud: str = ""
    ours: str = ""
    json: bool = False
    searched: bool = False
    example: str | int | None = None


def _field(
    name: str, title: str, kind: Kind = "text", read: Read | None = None, **roles: Any
) -> Field:
    """Return the field; it is read from the record's attribute of its name unless told how."""
    return Field(name, title, kind, read or attrgetter(name), **roles)


@lru_cache(maxsize=16)
def _details(image: Image) -> Details:
    # Of one image all its nested fields are wanted, one after the other.
    return read_details(image)


def _required(name: str) -> Read:
    return lambda image: getattr(_details(image).requirement, name)


def _storages(image: Image) -> tuple[Storage, ...] | None:
    return _details(image).storages


def _reasons(image: Image) -> str:
    return ";".join(verdict(image).reasons)


def _of_the_list(image: Image) -> None:
    """No image says which account lists it: see images.search.gathered."""


def _storages_down(image: Image) -> int | None:
    return None if image.storages is None else image.storages_down


def _support(image: Image) -> str:
    return support_state(image.os_family, image.os_version)


def _support_end(image: Image) -> date | None:
    release = release_of(image.os_family, image.os_version)
    return release.standard_end if release else None


def _extended_support_end(image: Image) -> date | None:
    release = release_of(image.os_family, image.os_version)
    return release.extended_end if release else None


# fmt: off
ENTRIES = (
    _field("account", _("Account"), "account", _of_the_list, facet=Facet(0)),
    _field("region", _("Region"), "region", column=13, facet=Facet(1), group=IDENTITY,
           ours="region", json=True),
    _field("uuid", _("UUID"), "code", column=22, sorts=False, group=IDENTITY, cloud="cimgUuid",
           searched=True),
    _field("id", _("ID"), "code", column=2, group=IDENTITY, cloud="cimgId", searched=True),
    _field("name", _("Name"), column=1, cloud="name", searched=True, example="web-golden"),
    _field("description", _("Description"), column=21, sorts=False, group=IDENTITY,
           cloud="description", searched=True),
    _field("status", _("Status"), column=3, facet=Facet(2), group=STATE, cloud="status",
           example="Ready"),
    _field("type", _("Type"), column=15, sorts=False, facet=Facet(8), group=IDENTITY, cloud="type"),
    _field("os", _("OS"), "text", attrgetter("os_family"), column=4, then="version", facet=Facet(3),
           group=SYSTEM, cloud="osFamily", searched=True, example="CentOS"),
    _field("version", _("OS version"), "text", attrgetter("os_version"), facet=Facet(4),
           cloud="osVersion", searched=True, example="7.9"),
    _field("support", _("OS support"), "support", _support, facet=Facet(5), group=SYSTEM,
           ours="support", json=True),
    _field("support_end", _("OS support until"), "day", _support_end, column=23,
           ours="supportEnd", json=True),
    _field("extended_support_end", _("Extended OS support until"), "day", _extended_support_end,
           ours="extendedSupportEnd", json=True),
    _field("arch", _("Architecture"), column=14, facet=Facet(7), group=SYSTEM, cloud="osArch",
           searched=True),
    _field("platform", _("Platform"), column=5, facet=Facet(6), group=SYSTEM, cloud="platform",
           searched=True),
    _field("size", _("Size"), "size", column=6, group=IDENTITY, cloud="size", example=21474836480),
    _field("min_disk", _("Min. disk"), "size", column=7, facet=Facet(16), group=MACHINE,
           ours="minDiskSize"),
    _field("cpu", _("CPU cores"), "number", _required("min_cpu"), group=MACHINE),
    _field("memory", _("Memory"), "size", _required("min_memory"), group=MACHINE),
    _field("machines", _("Machine types"), "texts", _required("dc2_types"), group=MACHINE),
    _field("created", _("Created"), "moment", column=11, group=TIMES, cloud="createTime",
           example=1700000000000),
    _field("updated", _("Updated"), "moment", column=12, group=TIMES, cloud="updateTime"),
    _field("shared", _("Shared"), "flag", column=10, facet=Facet(9), group=STATE, cloud="isShared"),
    _field("external", _("External"), "flag", column=20, sorts=False, group=STATE,
           cloud="isExternal"),
    _field("check", _("Check"), "text", attrgetter("check_state"), column=16, facet=Facet(15),
           group=STATE, cloud="checkState"),
    _field("regions", _("Regions"), "ids", column=8, group=PLACES, cloud="regions"),
    _field("zones", _("Zones"), "ids", column=17, facet=Facet(10, "zone", _("Zone")), group=PLACES,
           cloud="zones"),
    _field("scenes", _("Scenes"), "texts", column=18, facet=Facet(11, "scene", _("Scene")),
           group=USE, cloud="scenes"),
    _field("tags", _("Tags"), "texts", column=19, facet=Facet(12, "tag", _("Tag")), group=USE,
           cloud="cimgTags", searched=True),
    _field("disks", _("Storage medium"), "texts", facet=Facet(13, "medium")),
    _field("storages", STORAGES, "number", column=9, group=STORAGES, ours="storages"),
    _field("down", "", "number", _storages_down, ours="storagesDown"),
    _field("storage", STORAGES, "state", storage_state, facet=Facet(14), ours="storageState"),
    _field("kept", _("Storage details"), "storages", _storages, group=STORAGES),
    _field("verdict", "", "verdict", verdict, ours="verdict", json=True),
    _field("reasons", "", "text", _reasons, ours="verdictReasons"),
)
# fmt: on
FIELDS = {field.name: field for field in ENTRIES}
COLUMNS = {field.name: field for field in sorted(ENTRIES, key=attrgetter("column")) if field.column}
DEFAULT_COLUMNS = tuple(COLUMNS)[:11]
SORTS = {name: field for name, field in COLUMNS.items() if field.sorts and field.kind not in MANY}
_facets = sorted((field.facet, field.name) for field in ENTRIES if field.facet)
FACETS = {facet.name or name: FIELDS[name] for facet, name in _facets}
"""By parameter, which is the field's name or another one."""
ACCOUNT, OLDER_ACCOUNT = "account", "token"
OF_ACCOUNTS = (ACCOUNT, f"-{ACCOUNT}")
"""What an address asks for of accounts, and does not; beside the older name of the first."""
READ_FACETS = {name: field for name, field in FACETS.items() if name != ACCOUNT}
"""Those that are read from images."""
COMPARED = {group: tuple(field for field in ENTRIES if field.group == group) for group in GROUPS}


def facet_title(facet: str) -> str:
    """Return the title of a facet, a key of FACETS, as a message id."""
    field = FACETS[facet]
    return field.facet.title if field.facet and field.facet.title else field.title
