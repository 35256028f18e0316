"""What an export or an answer says of the regions that it is made from."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from images.services.inventory import RegionState
    from images.services.snapshots import Failure


def region(state: RegionState) -> dict[str, Any]:
    return {
        "id": state.id,
        "name": state.head.region.name,
        "state": state.state,
        "fetched_at": iso(state.head.fetched_at) if state.head.version else None,
        "age_seconds": state.age,
        "count": state.head.count if state.head.version else None,
        "error": error_of(state.failure),
        "unconfirmed": unconfirmed_of(state),
        "changed_while_read": state.head.moved,
        "unreadable": state.head.problems,
    }


def error_of(failure: Failure | None) -> dict[str, Any] | None:
    if failure is None:
        return None
    return {
        "kind": failure.kind,
        "errno": failure.errno,
        "errmsg": failure.errmsg,
        "requestId": failure.request_id,
        "at": iso(failure.at),
    }


def unconfirmed_of(state: RegionState) -> dict[str, Any] | None:
    newest = state.unconfirmed
    if newest is None:
        return None
    return {
        "fetched_at": iso(newest.at),
        "vanished": newest.vanished,
        "others": newest.others,
        "known": newest.of,
    }


def iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
