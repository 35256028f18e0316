"""How the API answers: JSON, with an ETag and a 304 for who has it already."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response, patch_vary_headers

from images.api.schemas import Account, Answer, Listing, Region, Tokens
from images.context import InventoryContext
from images.export.regions import account, error_of, iso, unconfirmed_of, unusable_account
from images.services.inventory import RegionState
from images.standing import standing


def answer(
    request: HttpRequest,
    version: object,
    make: Callable[[], Answer | bytes],
    context: InventoryContext | None = None,
) -> HttpResponseBase:
    """Return what `make` makes, unless the reader has it: then nothing is made.

    Whatever it is made of must be in `version`, and so nothing that changes by itself, such as an
    age, may be in it.
    """
    return _unless_known(request, version, lambda: _response(make()), context)


def stream(
    request: HttpRequest,
    version: object,
    media_type: str,
    make: Callable[[], Iterator[bytes] | Iterator[str]],
    context: InventoryContext,
) -> HttpResponseBase:
    """Return the pieces that `make` makes while they are sent, unless the reader has them."""

    def respond() -> StreamingHttpResponse:
        return StreamingHttpResponse(make(), content_type=media_type)

    return _unless_known(request, version, respond, context)


def _unless_known(
    request: HttpRequest,
    version: object,
    respond: Callable[[], HttpResponseBase],
    context: InventoryContext | None,
) -> HttpResponseBase:
    told = repr((request.build_absolute_uri("/"), request.path, version))
    # A weak one, because it names what is said, compressed or not.
    etag = f'W/"{blake2b(told.encode(), digest_size=16).hexdigest()}"'
    response: HttpResponseBase = get_conditional_response(request, etag) or respond()
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    patch_vary_headers(response, ["Accept-Encoding", "Authorization", "Cookie"])
    if context:
        for name, value in standing(context).items():
            response[name] = value
    return response


def _response(made: Answer | bytes) -> HttpResponse:
    content = made if isinstance(made, bytes) else encoded(made)
    response = HttpResponse(content, content_type="application/json")
    if isinstance(made, Listing | Tokens) and (links := _links(made)):
        response["Link"] = links
    return response


def _links(listing: Listing | Tokens) -> str:
    """Return the field Link (RFC 8288), "" where there is nowhere to go."""
    ways = (("next", listing.next), ("prev", listing.previous))
    return ", ".join(f'<{address}>; rel="{name}"' for name, address in ways if address)


def encoded(document: Answer | dict[str, Any]) -> bytes:
    return msgspec.json.encode(document, enc_hook=str)


def version_of(context: InventoryContext) -> tuple[object, ...]:
    """Return all that an answer made of the inventory can depend on but the query."""
    read = tuple(
        (
            *(each.id, each.title, each.state, each.inventory.index.day.isoformat()),
            each.inventory.head.failure,
            *((state.id, state.state, state.head) for state in each.inventory.regions),
        )
        for each in context.inventory.everything
    )
    return read, tuple((str(token.pk), token.label, why) for token, why in context.access.unusable)


def fresh(context: InventoryContext) -> dict[str, Any]:
    """Return how whole and how old it is: what every answer of the inventory begins with."""
    wanted = context.query.chosen("region")
    inventory = context.inventory
    states = [
        (each.id, state)
        for each in inventory.accounts
        for state in each.inventory.regions
        if not wanted or state.id in wanted
    ]
    known = [state.head.fetched_at for _account, state in states if state.head.version]
    read = all(each.is_known for each in inventory.accounts) and not inventory.list_failures
    return {
        "fetched_at": iso(min(known)) if known else None,
        "complete": len(known) == len(states) and read,
        "accounts": [
            *(Account(**account(each)) for each in inventory.accounts),
            *(Account(**unusable_account(each)) for each in context.unusable),
        ],
        "regions": [described(state, account) for account, state in states],
    }


def described(state: RegionState, account: str) -> Region:
    """Return a region as in the export, without the age: it is another one every second."""
    head = state.head
    return Region(
        account=account,
        id=state.id,
        name=head.region.name,
        state=state.state,
        fetched_at=iso(head.fetched_at) if head.version else None,
        count=head.count if head.version else None,
        error=error_of(state.failure),
        unconfirmed=unconfirmed_of(state),
        changed_while_read=head.moved,
        unreadable=head.problems,
    )


def moment(when: datetime | None) -> str | None:
    return when.astimezone(UTC).isoformat(timespec="seconds") if when else None
