"""A change as a row of a CSV file and as an item of a JSON list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, Struct

from images.export.regions import Moment
from images.export.rows import Cell, safe_cell
from images.fields import gettext_noop as _

if TYPE_CHECKING:
    from images.history.feed import Noted

_COLUMNS: dict[str, Cell] = {
    "at": lambda noted: noted.at.isoformat(timespec="milliseconds"),
    "kind": lambda noted: noted.change.kind,
    "region": lambda noted: safe_cell(noted.change.region),
    "cimgUuid": lambda noted: safe_cell(noted.change.uuid),
    "cimgId": lambda noted: safe_cell(noted.change.id),
    "name": lambda noted: safe_cell(noted.change.name),
    "before": lambda noted: safe_cell(noted.change.before),
    "after": lambda noted: safe_cell(noted.change.after),
    "count": lambda noted: noted.change.count,
}


def columns(account_of: Mapping[str, str], titles: Mapping[str, str]) -> dict[str, Cell]:
    """Return the columns of a CSV file: `titles` are the accounts' by their ids."""

    def title(noted: Noted) -> str:
        account = account_of.get(noted.key, "")
        return safe_cell(titles.get(account, account))

    return {**_COLUMNS, "account": title}


class Change(Struct, frozen=True, kw_only=True):
    """One thing that is no longer as it was."""

    account: Annotated[str, Meta(description=_("The ID of the account whose list shows it"))]
    at: Annotated[Moment, Meta(description=_("When the list that shows it was read"))]
    kind: Annotated[str, Meta(examples=["appeared", "vanished", "renamed", "status"])]
    region: str
    cimgUuid: Annotated[str, Meta(description=_("Empty if changes are only counted"))]  # noqa: N815
    cimgId: str  # noqa: N815
    name: Annotated[str, Meta(description=_("As last seen"))]
    before: Annotated[
        str,
        Meta(description=_("A name, a status, bytes, or a count such as 2/3 storages connected")),
    ]
    after: str
    count: Annotated[
        int,
        Meta(description=_("How many changes it stands for; more than 1 only without cimgUuid")),
    ]


def change_item(noted: Noted, account_of: Mapping[str, str]) -> Change:
    change = noted.change
    return Change(
        account=account_of.get(noted.key, ""),
        at=noted.at.isoformat(timespec="milliseconds"),
        kind=change.kind,
        region=change.region,
        cimgUuid=change.uuid,
        cimgId=change.id,
        name=change.name,
        before=change.before,
        after=change.after,
        count=change.count,
    )
