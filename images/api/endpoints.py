"""The endpoints. Each opens, says what its answer depends on, and how to make it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dashboard.tokens import access
from dashboard.tokens.models import Token
from dashboard.web.problems import Problem
from images.api import change_paging, paging, parameters, schemas, token_listing
from images.api.answering import (
    answer,
    described,
    encoded,
    fresh,
    moment,
    stream,
    version_of,
)
from images.api.opening import (
    fields_of,
    open_changes,
    open_inventory,
    open_regions,
    open_tokens,
    unavailable,
)
from images.api.overview_answer import Overview, overview_answer
from images.api.routing import endpoint
from images.change_forms import change_query_string
from images.context import InventoryContext
from images.export.changes import change_item
from images.export.regions import iso
from images.export.rows import csv_rows, json_item, json_lines
from images.forms import query_string
from images.history import feed
from images.messages import in_words
from images.overview import find
from images.search.gathered import listed, run
from images.search.gathered_index import Found


@endpoint(
    "images",
    schemas.Images,
    takes=parameters.LISTING,
    summary=gettext_lazy("Images"),
    about=gettext_lazy("The images that match the query, in its order, by page or by cursor."),
)
def list_images(request: HttpRequest) -> HttpResponseBase:
    context = open_inventory(request, parameters.LISTING)
    fields = fields_of(request, parameters.LISTING)

    def make() -> schemas.Images:
        found, total = paging.images(request, context)
        return schemas.Images(
            **fresh(context),
            **found.places,
            query=query_string(context.query),
            total=total,
            size=context.query.size,
            images=[json_item(each, fields) for each in found.items],
        )

    asked = (context.query, paging.asked(request), fields)
    return answer(request, (version_of(context), asked), make, context)


@endpoint(
    "images.ndjson",
    schemas.LINES,
    takes=parameters.LINES,
    summary=gettext_lazy("Images, one a line"),
    about=gettext_lazy(
        "All images that match the query, in its order, one JSON object a line, in one answer. "
        "X-Inventory-Regions says of each region how recent it is and whether it failed."
    ),
)
def stream_lines(request: HttpRequest) -> HttpResponseBase:
    context = open_inventory(request, parameters.LINES)
    return _everything(request, context, parameters.LINES, schemas.LINES, json_lines)


@endpoint(
    "images.csv",
    schemas.TABLE,
    takes=parameters.TABLE,
    summary=gettext_lazy("Images as CSV"),
    about=gettext_lazy(
        "All images that match the query, in its order, as the page exports them. "
        "X-Inventory-Regions says of each region how recent it is and whether it failed."
    ),
)
def stream_table(request: HttpRequest) -> HttpResponseBase:
    context = open_inventory(request, parameters.TABLE)
    write = partial(csv_rows, titles=context.account_names)
    return _everything(request, context, parameters.TABLE, schemas.TABLE, write)


def _everything(
    request: HttpRequest,
    context: InventoryContext,
    takes: parameters.Parameters,
    sent: schemas.Stream,
    write: Callable[[Iterable[Found], tuple[str, ...]], Iterator[bytes] | Iterator[str]],
) -> HttpResponseBase:
    fields = fields_of(request, takes)
    version = (version_of(context), context.query, fields)

    def make() -> Iterator[bytes] | Iterator[str]:
        return write(listed(context.inventory.index, context.query), fields)

    return stream(request, version, sent.media_type, make, context)


@endpoint(
    "images/<region>/<uuid>",
    schemas.OneImage,
    takes=parameters.ONE,
    summary=gettext_lazy("One image"),
    about=gettext_lazy("By its region and its cimgUuid."),
)
def one_image(request: HttpRequest, region: str, uuid: str) -> HttpResponseBase:
    context = open_inventory(request, parameters.ONE)
    fields = fields_of(request, parameters.ONE)
    found = context.inventory.lister(region, uuid)
    if found is None and (failure := context.failure_of(region)):
        raise unavailable(context.inventory, failure)
    if found is None:
        raise Problem(404, "no-such-image", _("This image does not exist, or no longer exists."))
    account, image = found
    [state] = [each for each in account.inventory.regions if each.id == region]

    def make() -> schemas.OneImage:
        return schemas.OneImage(
            fetched_at=iso(state.head.fetched_at),
            complete=True,
            region=described(state, account.id),
            image=json_item(Found(account.id, image), fields),
        )

    return answer(request, (version_of(context), fields), make, context)


@endpoint(
    "facets",
    schemas.Facets,
    takes=parameters.QUERY,
    summary=gettext_lazy("Facets"),
    about=gettext_lazy("How many of the matching images have each value."),
)
def facets(request: HttpRequest) -> HttpResponseBase:
    context = open_inventory(request, parameters.QUERY)

    def make() -> schemas.Facets:
        result = run(context.inventory.index, context.query)
        return schemas.Facets(
            **fresh(context),
            query=query_string(context.query),
            total=result.total,
            facets=result.facets,
        )

    return answer(request, (version_of(context), context.query), make, context)


@endpoint(
    "regions",
    schemas.Regions,
    takes=parameters.ACCOUNTS,
    summary=gettext_lazy("Regions"),
    about=gettext_lazy(
        "What is known about each region, how recent it is, and why a refresh failed."
    ),
)
def regions(request: HttpRequest) -> HttpResponseBase:
    context = open_regions(request, parameters.ACCOUNTS)
    version = version_of(context)
    return answer(request, version, lambda: schemas.Regions(**fresh(context)), context)


@endpoint(
    "overview",
    Overview,
    takes=parameters.QUERY,
    summary=gettext_lazy("Overview"),
    about=gettext_lazy("Counts, images that need attention, and jobs in progress."),
)
def show_overview(request: HttpRequest) -> HttpResponseBase:
    context = open_inventory(request, parameters.QUERY)
    found = find(context)
    jobs = [(image.region, image.uuid, progress) for image, progress in found.running]
    version = (version_of(context), context.query, found.today, jobs)
    return answer(request, version, lambda: overview_answer(context, found), context)


@endpoint(
    "changes",
    schemas.Changes,
    takes=parameters.CHANGES,
    summary=gettext_lazy("Changes"),
    about=gettext_lazy("Changes between two readings of the cloud, newest first."),
)
def changes(request: HttpRequest) -> HttpResponseBase:
    context, query = open_changes(request, parameters.CHANGES)
    keys = context.inventory.keys
    extent, since = feed.extent(keys, query), feed.watched_since(keys)

    def make() -> schemas.Changes:
        found = change_paging.changes(request, context, query, extent)
        return schemas.Changes(
            **fresh(context),
            **found.places,
            compared_since={region: each.isoformat() for region, each in since.items()},
            query=change_query_string(query),
            total=extent.total,
            size=query.size,
            changes=[change_item(noted, context.account_of_key) for noted in found.items],
        )

    asked = (query, paging.asked(request))
    return answer(request, (version_of(context), extent, since, asked), make, context)


@endpoint(
    "tokens",
    schemas.Tokens,
    takes=parameters.TOKENS,
    summary=gettext_lazy("Tokens"),
    about=gettext_lazy(
        "The state of each token you can use that matches the query, by page or by cursor. Never "
        "the secret itself."
    ),
)
def tokens(request: HttpRequest) -> HttpResponseBase:
    query = open_tokens(request, parameters.TOKENS)
    matching = token_listing.matching(access.readable(request), query)
    found = token_listing.page_of(request, matching, query)
    body = schemas.Tokens(
        **found.places,
        query=token_listing.query_string(query),
        total=len(matching),
        size=query.size,
        tokens=[_token(each) for each in found.items],
    )
    return answer(request, encoded(body), lambda: body)


def _token(token: Token) -> schemas.Token:
    team = token.team
    return schemas.Token(
        id=token.pk,
        label=token.label,
        last_four=token.last_four,
        owner=token.owner.get_username(),
        team=schemas.Team(name=team.name, slug=team.slug) if team else None,
        usable=not (token.disabled_at or token.has_expired),
        state=token.state,
        reason=in_words(token.reason),
        request_id=token.request_id,
        checked_at=moment(token.checked_at),
        last_ok_at=moment(token.last_ok_at),
        last_failed_at=moment(token.last_failed_at),
        last_used_at=moment(token.last_used_at),
        expires_on=token.expires_on,
        disabled_at=moment(token.disabled_at),
        regions=[schemas.Listable(**each) for each in token.regions],
    )
