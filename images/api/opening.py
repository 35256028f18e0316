"""What every endpoint of the inventory opens with: the same as the pages, but strict.

What a page leaves out and names ends a request here: a script goes on with less than it asked for,
and nobody is there to read the notice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import ceil
from typing import Any

from django.http import HttpRequest, QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _

from dashboard.api_keys import reads
from dashboard.tokens.access import DISABLED, EXPIRED, UNREADABLE, Access, access_of
from dashboard.tokens.models import Token
from dashboard.web.problems import Problem
from images.accounts import with_accounts
from images.api.parameters import Parameters
from images.api.token_listing import TokenQuery, read_token_query
from images.context import (
    UNKNOWN_ACCOUNT,
    InventoryContext,
    changes_context,
    context_of,
    regions_context,
)
from images.fields import ACCOUNT
from images.forms import InvalidParameter, read_query, visible
from images.history.changes import ChangeQuery
from images.search.query import ImageQuery, image_query
from images.services.gathered import GatheredInventory
from images.services.snapshots import Failure


def check(request: HttpRequest, takes: Parameters) -> None:
    """Raise the Problem that names every parameter that is none of these, or says nothing."""
    wrong = [
        {"parameter": visible(name), "value": visible(text), "why": _("unknown parameter")}
        for name, texts in request.GET.lists()
        if name not in takes
        for text in texts
    ]
    wrong += [
        {"parameter": name, "value": "", "why": _("empty value; leave it out")}
        for name, texts in request.GET.lists()
        if name in takes and "" in texts
    ]
    if wrong:
        raise _unreadable(wrong)


def open_inventory(request: HttpRequest, takes: Parameters) -> InventoryContext:
    """Return accounts, query and inventory of a request that may have these parameters.

    Raise the Problem that says why not, also when nothing at all is known of the cloud.
    """
    check(request, takes)
    access = _access(request)
    query = _without(request.GET, "cursor", "fields")
    return _known(request, context_of(access, query, newest=True))


def open_regions(request: HttpRequest, takes: Parameters) -> InventoryContext:
    """Return the same without any image: no list is decoded for it."""
    check(request, takes)
    return _known(request, regions_context(_access(request), request.GET))


def _known(request: HttpRequest, context: InventoryContext) -> InventoryContext:
    _follow_accounts(request, context)
    _follow(context.invalid_parameters)
    if context.unknown_region:
        raise Problem(404, "no-such-region", _("This region does not exist, or no longer exists."))
    if context.inventory.failure:
        raise unavailable(context.inventory, context.inventory.failure)
    return context


def fields_of(request: HttpRequest, takes: Parameters) -> tuple[str, ...]:
    """Return the fields that the request wants of each image, in its order; none for all."""
    [schema, _about] = takes["fields"]
    asked = [name for text in request.GET.getlist("fields") for name in text.split(",")]
    wrong = [
        {"parameter": "fields", "value": visible(name), "why": _("unknown field")}
        for name in asked
        if name not in schema["items"]["enum"]
    ]
    if wrong:
        raise _unreadable(wrong)
    return tuple(dict.fromkeys(asked))


def open_changes(request: HttpRequest, takes: Parameters) -> tuple[InventoryContext, ChangeQuery]:
    """Return the same for a request for the history, and which changes it asks for.

    History is kept here: it can be told when nothing is known of the cloud, and of regions that are
    no more.
    """
    check(request, takes)
    params = _without(request.GET, "cursor")
    context, query = changes_context(_access(request), params, newest=True)
    _follow_accounts(request, context)
    _follow(context.invalid_parameters)
    return replace(context, query=image_query(region=query.region, account=query.account)), query


def open_tokens(request: HttpRequest, takes: Parameters) -> TokenQuery:
    """Return which tokens a request asks for."""
    check(request, takes)
    query, invalid = read_token_query(_without(request.GET, "cursor"))
    _follow(invalid)
    return query


def unavailable(inventory: GatheredInventory, failure: Failure) -> Problem:
    """Return why the cloud's answer is not to be had."""
    explanation = inventory.explanation(failure)
    problem = Problem(
        explanation.status,
        failure.kind,
        explanation.sentence,
        errno=failure.errno,
        errmsg=failure.errmsg,
        requestId=failure.request_id,
    )
    seconds = ceil(failure.again_at - timezone.now().timestamp())
    if explanation.status >= 502 and seconds > 0:
        problem.headers["Retry-After"] = str(seconds)
    return problem


def _access(request: HttpRequest) -> Access:
    """Return what the request may read with; raise the Problem that it cannot with any of it."""
    access = access_of(request)
    if not access.credentials:
        query, unknown = with_accounts(access, read_query(request.GET)[0])
        if unknown:
            raise _unknown_account()
        _follow_unusable(access, query)
        raise _without_token(access)
    return access


def _follow_accounts(request: HttpRequest, context: InventoryContext) -> None:
    """Note which accounts are read; raise the Problem that one is not there, or not theirs."""
    if context.unknown_account:
        raise _unknown_account()
    _follow_unusable(context.access, context.query)
    for token in context.tokens:
        reads.note_api_read(request, token)


def _follow_unusable(access: Access, query: ImageQuery) -> None:
    """Raise the Problem that an account which the query names cannot be read with."""
    for token, why in access.unusable:
        if str(token.pk) in query.chosen(ACCOUNT):
            raise _unusable(token, why)


def _unknown_account() -> Problem:
    return Problem(404, "no-such-account", str(UNKNOWN_ACCOUNT))


def _follow(invalid: Sequence[InvalidParameter]) -> None:
    if invalid:
        raise _unreadable(
            [
                {"parameter": each.parameter, "value": each.value, "why": str(each.why)}
                for each in invalid
            ]
        )


def _unreadable(wrong: list[dict[str, Any]]) -> Problem:
    names = ", ".join(dict.fromkeys(each["parameter"] for each in wrong))
    said = _("These parameters are not valid: %(names)s.") % {"names": names}
    return Problem(422, "bad-parameters", said, parameters=wrong)


def _without_token(access: Access) -> Problem:
    if not access.unusable:
        said = _("You have no token to list images with.")
        return Problem(403, "no-token", said)
    return _unusable(*access.unusable[0])


def _unusable(token: Token, why: str) -> Problem:
    said = {
        DISABLED: _("This token is disabled."),
        EXPIRED: _("This token has expired."),
        UNREADABLE: _("This token can no longer be decrypted: replace it."),
    }
    return Problem(403, f"token-{why}", said[why], token=str(token.pk))


def _without(params: QueryDict, *names: str) -> QueryDict:
    """Return the parameters but those that only the API knows."""
    rest = params.copy()
    for name in names:
        rest.pop(name, None)
    return rest
