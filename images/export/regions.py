"""What an export or an answer says of the regions that it is made from."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

from msgspec import Meta, Struct

from images.fields import gettext_noop as _

if TYPE_CHECKING:
    from dashboard.tokens.models import Token
    from images.services.gathered import AccountInventory
    from images.services.inventory import RegionState
    from images.services.snapshots import Failure


Moment = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]


class CloudFailure(Struct, frozen=True, kw_only=True):
    """Why the cloud was not read."""

    kind: Annotated[
        str, Meta(description=_("refused, forbidden, arrears, unavailable, unreadable, …"))
    ]
    errno: Annotated[int | None, Meta(description=_("The cloud's error number, if it gave one"))]
    errmsg: str
    requestId: Annotated[  # noqa: N815
        str, Meta(description=_("The request ID that the cloud's support asks for"))
    ]
    at: Moment


class Unconfirmed(Struct, frozen=True, kw_only=True):
    """A list that is very different from the one before, which is shown until it is confirmed."""

    fetched_at: Annotated[Moment, Meta(description=_("When the data was read"))]
    vanished: Annotated[int, Meta(description=_("Images missing from it"))]
    others: Annotated[int, Meta(description=_("Images that changed"))]
    known: Annotated[int, Meta(description=_("Images known before"))]


def region(state: RegionState, account: str) -> dict[str, Any]:
    return {
        "account": account,
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


def account(each: AccountInventory) -> dict[str, Any]:
    """Return how an account stands: `state` is that of its worst region, `error` of its list."""
    failure = each.inventory.failure or each.inventory.head.failure
    return {
        "id": each.id,
        "label": each.account.label,
        "state": each.state,
        "count": each.count,
        "error": error_of(failure),
    }


def unusable_account(unusable: tuple[Token, str]) -> dict[str, Any]:
    """Return the same of one whose token cannot be read with: its `state` says why."""
    token, why = unusable
    return {"id": str(token.pk), "label": token.label, "state": why, "count": None, "error": None}


def error_of(failure: Failure | None) -> CloudFailure | None:
    if failure is None:
        return None
    return CloudFailure(
        kind=failure.kind,
        errno=failure.errno,
        errmsg=failure.errmsg,
        requestId=failure.request_id,
        at=iso(failure.at),
    )


def unconfirmed_of(state: RegionState) -> Unconfirmed | None:
    newest = state.unconfirmed
    if newest is None:
        return None
    return Unconfirmed(
        fetched_at=iso(newest.at),
        vanished=newest.vanished,
        others=newest.others,
        known=newest.of,
    )


def iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
