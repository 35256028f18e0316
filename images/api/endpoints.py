"""The endpoints. Each opens, says what its answer depends on, and how to make it."""

from __future__ import annotations

from typing import Any

import msgspec
from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dashboard.accounts import credentials
from dashboard.problems import Problem
from images.api import paging, parameters, schemas
from images.api.answering import answer, described, encoded, freshness_of, moment, version_of
from images.api.opening import check, open_inventory, unavailable
from images.api.routing import endpoint
from images.export import json_document, json_item
from images.forms import query_string
from images.query import run
from images.views.exports import iso
from images.views.overview import data, find


@endpoint(
    "/images",
    schemas.Images,
    takes=parameters.LISTING,
    summary=gettext_lazy("Images"),
    about=gettext_lazy("What the query selects, in its order, by page or by cursor."),
)
def list_images(request: HttpRequest) -> HttpResponse:
    opened = open_inventory(request, parameters.LISTING)
    found = paging.listing(request, opened)
    asked = (opened.query, opened.token, found.page, found.next, found.previous)

    def make() -> bytes:
        head = {
            **freshness_of(opened),
            "query": query_string(opened.query),
            "total": found.total,
            "page": found.page,
            "pages": found.pages,
            "size": opened.query.size,
            "next_cursor": found.next_cursor,
            "next": found.next,
            "previous": found.previous,
        }
        return b"".join(json_document(head, found.images))

    response = answer(request, (version_of(opened), asked, request.GET.get("cursor")), make, opened)
    if links := paging.links(found):
        response["Link"] = links
    return response


@endpoint(
    "/images/{region}/{uuid}",
    schemas.OneImage,
    takes=parameters.TOKEN,
    summary=gettext_lazy("One image"),
    about=gettext_lazy("By its region and its cimgUuid."),
)
def one_image(request: HttpRequest, region: str, uuid: str) -> HttpResponse:
    opened = open_inventory(request, parameters.TOKEN)
    image = opened.inventory.find(region, uuid)
    if image is None and (failure := opened.failure_of(region)):
        raise unavailable(failure)
    if image is None:
        raise Problem(404, "no-such-image", _("There is no such image here, or no longer."))
    [state] = [each for each in opened.inventory.regions if each.id == region]
    head = {"fetched_at": iso(state.head.fetched_at), "complete": True, "region": described(state)}

    def make() -> bytes:
        return encoded({**head, "image": msgspec.Raw(json_item(image))})

    return answer(request, version_of(opened), make, opened)


@endpoint(
    "/facets",
    schemas.Facets,
    takes=parameters.QUERY,
    summary=gettext_lazy("Facets"),
    about=gettext_lazy("How many images have which value, of those that the query selects."),
)
def facets(request: HttpRequest) -> HttpResponse:
    opened = open_inventory(request, parameters.QUERY)

    def make() -> bytes:
        result = run(opened.inventory.index, opened.query)
        return encoded(
            {
                **freshness_of(opened),
                "query": query_string(opened.query),
                "total": result.total,
                "facets": result.facets,
            }
        )

    return answer(request, (version_of(opened), opened.query), make, opened)


@endpoint(
    "/regions",
    schemas.Regions,
    takes=parameters.TOKEN,
    summary=gettext_lazy("Regions"),
    about=gettext_lazy("What is known of each region, since when, and why not more."),
)
def regions(request: HttpRequest) -> HttpResponse:
    opened = open_inventory(request, parameters.TOKEN)
    return answer(request, version_of(opened), lambda: encoded(freshness_of(opened)), opened)


@endpoint(
    "/overview",
    schemas.Overview,
    takes=parameters.QUERY,
    summary=gettext_lazy("Overview"),
    about=gettext_lazy("Counts, what needs attention and what is running."),
)
def show_overview(request: HttpRequest) -> HttpResponse:
    opened = open_inventory(request, parameters.QUERY)
    found = find(opened)

    def make() -> bytes:
        query = query_string(opened.query)
        return encoded({**freshness_of(opened), "query": query, **data(opened, found)})

    jobs = [(image.region, image.uuid, progress) for image, progress in found.running]
    return answer(request, (version_of(opened), opened.query, found.today, jobs), make, opened)


@endpoint(
    "/tokens",
    schemas.Tokens,
    takes=(),
    summary=gettext_lazy("Tokens"),
    about=gettext_lazy("How each token that you may read with stands. Never a secret."),
)
def tokens(request: HttpRequest) -> HttpResponse:
    check(request, ())
    readable = credentials.readable(request)
    prefetch_related_objects(readable, "team")
    body = encoded({"tokens": [_token(each) for each in readable]})
    return answer(request, body, lambda: body)


def _token(token: Any) -> dict[str, Any]:
    team = token.team
    return {
        "id": token.pk,
        "label": token.label,
        "last_four": token.last_four,
        "team": {"name": team.name, "slug": team.slug} if team else None,
        "usable": not (token.disabled_at or token.has_expired),
        "state": token.state,
        "reason": token.reason,
        "request_id": token.request_id,
        "checked_at": moment(token.checked_at),
        "last_ok_at": moment(token.last_ok_at),
        "last_failed_at": moment(token.last_failed_at),
        "last_used_at": moment(token.last_used_at),
        "expires_on": token.expires_on,
        "disabled_at": moment(token.disabled_at),
        "regions": token.regions,
    }
