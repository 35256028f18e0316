"""What the API answers with: answers are made of these, and their description as well.

Descriptions are message ids, which `images.api.description` translates. Moments are texts, because
scripts rely on how they are written: "+00:00", not "Z".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from django.utils.translation import gettext_noop as _
from msgspec import Meta, Raw, Struct

from images.export.changes import Change
from images.export.regions import CloudFailure, Moment, Unconfirmed
from images.fields import FIELDS
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
                "description": _("Why, the worst first; reasons of a yes are only worth knowing"),
            },
        },
        "required": ["grade", "reasons"],
    },
    "region": {"type": "string"},
    **{kind: _or_null("string") for kind in ("text", "code", "state")},
    **{kind: _or_null("integer") for kind in ("number", "size", "moment")},
    **{kind: _or_null("array", items={"type": "string"}) for kind in ("texts", "ids")},
    "flag": _or_null("boolean"),
}
# What is told of some of the parts: docstrings are for those who read the code.
ABOUT = {
    "Change": _("One thing that is no longer as it was."),
    "CloudFailure": _("Why the cloud was not read."),
    "Problem": _(
        "RFC 9457. `kind` is a word to go by; the cloud's own failures have the last three."
    ),
    "Token": _("How a token stands; nothing that one could read with."),
    "Unconfirmed": _(
        "A list that is very different from the one before, which is shown until it is confirmed."
    ),
}
UNITS = {"size": _("Bytes"), "moment": _("Unix milliseconds")}


def image_schema() -> dict[str, Any]:
    """Return the description of an image: of the cloud's own fields, no document says all."""
    properties: dict[str, Any] = {}
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
            "One image as the cloud sent it, to the digit, in its own field names, and what is "
            "ours. Any other field may be missing, null, or something that no document tells of."
        ),
        "type": "object",
        "properties": properties,
        "required": [*(field.ours for field in FIELDS.values() if field.json), "cimgUuid"],
        "additionalProperties": True,
    }


class Answer(Struct, frozen=True, kw_only=True):
    """What every answer and each of its parts is."""


class Region(Answer, frozen=True, kw_only=True):
    id: str
    name: str
    state: Annotated[
        str, Meta(description=_("fresh, stale, failed (nothing is known, and why) or loading"))
    ]
    fetched_at: Moment | None
    count: Annotated[int | None, Meta(description=_("Images of the region, before any filter"))]
    error: Annotated[CloudFailure | None, Meta(description=_("Why the last reading failed"))]
    unconfirmed: Annotated[
        Unconfirmed | None,
        Meta(description=_("The newest list, while a second reading has to confirm it")),
    ]
    changed_while_read: bool
    unreadable: Annotated[
        dict[str, int], Meta(description=_("Fields that could not be read, by name"))
    ]


class Fresh(Answer, frozen=True, kw_only=True):
    fetched_at: Annotated[Moment | None, Meta(description=_("When the oldest of this was read"))]
    complete: Annotated[
        bool, Meta(description=_("Whether all regions that were asked for are known"))
    ]


class Regions(Fresh, frozen=True, kw_only=True):
    regions: list[Region]


class Listing(Regions, frozen=True, kw_only=True):
    query: Annotated[
        str, Meta(description=_("What was understood, as the address of the page has it"))
    ]
    total: int
    page: Annotated[int | None, Meta(description=_("null behind a cursor"))]
    pages: int
    next_cursor: str | None
    next: Annotated[str | None, Meta(description=_("An address; also in the field Link"))]
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
        Meta(description=_("By region, since when every list is compared with the one before")),
    ]
    changes: list[Change]


class Team(Answer, frozen=True, kw_only=True):
    name: str
    slug: str


class Listable(Answer, frozen=True, kw_only=True):
    id: str
    name: str
    ok: Annotated[
        bool | None, Meta(description=_("Whether it can be listed; null: the cloud did not tell"))
    ]


class Token(Answer, frozen=True, kw_only=True):
    id: UUID
    label: str
    last_four: str
    team: Team | None
    usable: Annotated[bool, Meta(description=_("Neither disabled nor expired here"))]
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
    detail: Annotated[
        str, Meta(description=_("A sentence for a person, in the language asked for"))
    ]
    parameters: Annotated[
        list[Parameter], Meta(description=_("With 422: what cannot be followed"))
    ] = []
    errno: int | None = None
    errmsg: str = ""
    requestId: str = ""
