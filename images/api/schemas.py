"""What the API answers with: answers are made of these, and their description as well.

Descriptions are message ids, which `images.api.description` translates. Moments are texts, because
scripts rely on how they are written: "+00:00", not "Z".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from django.utils.translation import gettext_noop as _
from msgspec import Meta, Raw, Struct

from images.export.changes import Change
from images.export.regions import CloudFailure, Moment, Unconfirmed
from images.export.rows import IDENTITY
from images.fields import FIELDS
from images.os_support import SUPPORT_STATES
from images.search.query import FacetValue
from images.verdict import GRADES, RULES

COMPONENT = "#/components/schemas/{name}"
Image = Annotated[Raw, Meta(extra_json_schema={"$ref": COMPONENT.format(name="Image")})]
"""Written by `images.export.rows.json_item`, described by `image_schema`."""


def _or_null(name: str, **more: Any) -> dict[str, Any]:
    return {"anyOf": [{"type": name, **more}, {"type": "null"}]}


# By kind, what a field of ours looks like, and what a number of the cloud's counts.
OURS: dict[str, dict[str, Any]] = {
    "verdict": {
        "type": "object",
        "properties": {
            "grade": {"type": "string", "enum": list(GRADES)},
            "reasons": {
                "type": "array",
                "items": {"type": "string", "enum": list(RULES)},
                "description": _(
                    "The reasons, worst first; those of a “yes” are for information only"
                ),
            },
        },
        "required": ["grade", "reasons"],
    },
    "region": {"type": "string"},
    **{kind: _or_null("string") for kind in ("text", "code", "state")},
    **{kind: _or_null("integer") for kind in ("number", "size", "moment")},
    **{kind: _or_null("array", items={"type": "string"}) for kind in ("texts", "ids")},
    "flag": _or_null("boolean"),
    "support": {
        "type": "string",
        "enum": list(SUPPORT_STATES),
        "description": _("How the support of its operating system stands today (UTC)"),
    },
    "day": {
        **_or_null("string", format="date"),
        "description": _("When it ends, that day included"),
    },
}
# What is told of some of the parts: docstrings are for those who read the code.
ABOUT = {
    "Change": _("One change to an image."),
    "CloudFailure": _("Why the cloud could not be read."),
    "Problem": _(
        "RFC 9457. Programs should use `kind`; only failures of the cloud have the last"
        " three fields."
    ),
    "Token": _("The state of a token; never the secret itself."),
    "Unconfirmed": _(
        "A list that differs a lot from the previous one, which is shown until this one"
        " is confirmed."
    ),
}
UNITS = {"size": _("Bytes"), "moment": _("Unix milliseconds")}


def image_schema() -> dict[str, Any]:
    """Return the description of an image: of the cloud's own fields, no document says all."""
    properties: dict[str, Any] = {
        "account": {"type": "string", "description": _("The ID of the account that lists it")}
    }
    for field in FIELDS.values():
        if field.cloud or field.json:
            shown: dict[str, Any] = {"title": field.title} if field.title else {}
            shown |= {"description": UNITS[field.kind]} if field.kind in UNITS else {}
            shown |= {"examples": [field.example]} if field.example else {}
            shown |= OURS[field.kind] if field.json else {}
            properties[field.cloud or field.ours] = shown
    properties["cimgUuid"]["type"] = "string"
    return {
        "title": "Image",
        "description": _(
            "One image exactly as the cloud sent it, with its own field names, plus the "
            "dashboard's fields. Other fields may be missing, null or undocumented."
        ),
        "type": "object",
        "properties": properties,
        "required": list(IDENTITY),
        "additionalProperties": True,
    }


class Answer(Struct, frozen=True, kw_only=True):
    """What every answer and each of its parts is."""


@dataclass(frozen=True)
class Stream:
    """An answer that is sent while it is made, and is text to whoever describes it."""

    media_type: str


LINES = Stream("application/x-ndjson")
TABLE = Stream("text/csv; charset=utf-8")


class Account(Answer, frozen=True, kw_only=True):
    id: Annotated[str, Meta(description=_("The ID of its token, as in the parameter account"))]
    label: str
    state: Annotated[
        str,
        Meta(
            description=_(
                "That of its worst region; disabled, expired or unreadable if it cannot be read"
            )
        ),
    ]
    count: Annotated[int | None, Meta(description=_("Images in the account, before any filter"))]
    error: Annotated[
        CloudFailure | None, Meta(description=_("Why its regions could not be listed"))
    ]


class Region(Answer, frozen=True, kw_only=True):
    account: Annotated[str, Meta(description=_("The ID of the account"))]
    id: str
    name: str
    state: Annotated[
        str, Meta(description=_("fresh, stale, failed (no data, with the reason) or loading"))
    ]
    fetched_at: Moment | None
    count: Annotated[int | None, Meta(description=_("Images in the region, before any filter"))]
    error: Annotated[CloudFailure | None, Meta(description=_("Why the last refresh failed"))]
    unconfirmed: Annotated[
        Unconfirmed | None,
        Meta(description=_("The newest list, until a second reading confirms it")),
    ]
    changed_while_read: bool
    unreadable: Annotated[
        dict[str, int], Meta(description=_("Fields that could not be read, by name"))
    ]


class Fresh(Answer, frozen=True, kw_only=True):
    fetched_at: Annotated[
        Moment | None, Meta(description=_("When the oldest part of this data was read"))
    ]
    complete: Annotated[
        bool, Meta(description=_("Whether there is data for every requested region"))
    ]


class Regions(Fresh, frozen=True, kw_only=True):
    accounts: Annotated[list[Account], Meta(description=_("The accounts that the answer is about"))]
    regions: list[Region]


Understood = Annotated[
    str, Meta(description=_("The query as understood, written as in the address of the page"))
]
PageNumber = Annotated[int | None, Meta(description=_("null when a cursor is used"))]
Address = Annotated[str | None, Meta(description=_("A URL; also in the Link header"))]


class Listing(Regions, frozen=True, kw_only=True):
    query: Understood
    total: int
    page: PageNumber
    pages: int
    next_cursor: str | None
    next: Address
    previous: str | None
    size: int


class Images(Listing, frozen=True, kw_only=True):
    images: list[Image]


class OneImage(Fresh, frozen=True, kw_only=True):
    region: Region
    image: Image


class Facets(Regions, frozen=True, kw_only=True):
    query: str
    total: int
    facets: Annotated[
        Mapping[str, Sequence[FacetValue]],
        Meta(description=_("Each counted without its own selection")),
    ]


class Changes(Listing, frozen=True, kw_only=True):
    compared_since: Annotated[
        dict[str, Moment],
        Meta(
            description=_(
                "By region, the time since which every list is compared with the previous one"
            )
        ),
    ]
    changes: list[Change]


class Team(Answer, frozen=True, kw_only=True):
    name: str
    slug: str


class Listable(Answer, frozen=True, kw_only=True):
    id: str
    name: str
    ok: Annotated[
        bool | None, Meta(description=_("Whether it can be listed; null if the cloud did not say"))
    ]


class Token(Answer, frozen=True, kw_only=True):
    id: UUID
    label: str
    last_four: str
    owner: Annotated[str, Meta(description=_("The owner's user name"))]
    team: Team | None
    usable: Annotated[bool, Meta(description=_("Neither disabled nor expired in the dashboard"))]
    state: Annotated[
        str, Meta(description=_("valid, refused, forbidden, unverified or unreachable"))
    ]
    reason: str
    request_id: str
    checked_at: Moment | None
    last_ok_at: Moment | None
    last_failed_at: Moment | None
    last_used_at: Moment | None
    expires_on: date | None
    disabled_at: Moment | None
    regions: list[Listable]


class Tokens(Answer, frozen=True, kw_only=True):
    query: Understood
    total: int
    page: PageNumber
    pages: int
    next_cursor: str | None
    next: Address
    previous: str | None
    size: int
    tokens: list[Token]


class Parameter(Answer, frozen=True, kw_only=True):
    parameter: str
    value: str
    why: str


class Problem(Answer, frozen=True, kw_only=True):
    type: str
    title: str
    status: int
    kind: str
    detail: Annotated[str, Meta(description=_("A message for people, in the requested language"))]
    parameters: Annotated[
        list[Parameter], Meta(description=_("With 422: the parameters that are not valid"))
    ] = []
    errno: int | None = None
    errmsg: str = ""
    requestId: str = ""
