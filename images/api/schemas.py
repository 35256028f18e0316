"""What the API answers with, for its description. The answers are made without these: validating
what was read once already would cost more than reading it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from django.utils.translation import gettext_lazy
from ninja import Field, Schema
from pydantic import ConfigDict

from images.fields import FIELDS
from images.verdict import RULES

# pydantic passes descriptions on as they are, and `images.api.description` makes them text.
_: Any = gettext_lazy


class CloudFailure(Schema):
    """Why the cloud was not read."""

    kind: str = Field(description=_("refused, forbidden, arrears, unavailable, unreadable, …"))
    errno: int | None = Field(description=_("The cloud's error number, where it gave one"))
    errmsg: str
    requestId: str = Field(description=_("What the cloud's support asks for"))
    at: datetime


class Unconfirmed(Schema):
    """A list that is very different from the one before. Until it is confirmed that one is shown,
    and no change is told."""

    fetched_at: datetime = Field(description=_("When it was read"))
    vanished: int = Field(description=_("Images that it lacks"))
    others: int = Field(description=_("Images that are not as they were"))
    known: int = Field(description=_("Images that were known"))


class Region(Schema):
    id: str
    name: str
    state: str = Field(description=_("fresh, stale, failed (nothing is known, and why) or loading"))
    fetched_at: datetime | None
    count: int | None = Field(description=_("Images of the region, before any filter"))
    error: CloudFailure | None = Field(description=_("Why the last reading failed"))
    unconfirmed: Unconfirmed | None = Field(
        description=_("The newest list, while a second reading has to confirm it")
    )
    changed_while_read: bool
    unreadable: dict[str, int] = Field(description=_("Fields that could not be read, by name"))


class Verdict(Schema):
    """Whether an image can be used, by all that is known of it."""

    grade: Literal["yes", "caution", "no"]
    reasons: list[str] = Field(
        description=_("Why, the worst first; reasons of a yes are only worth knowing"),
        json_schema_extra={"items": {"type": "string", "enum": list(RULES)}},
    )


UNITS = {"size": _("Bytes"), "moment": _("Unix milliseconds")}


def _with_fields(schema: dict[str, Any]) -> None:
    """Describe the other fields of an image; of the cloud's own, no document says all."""
    for field in FIELDS.values():
        if field.cloud or field.json:
            shown: dict[str, Any] = {"title": gettext_lazy(field.title)}
            shown |= {"description": UNITS[field.kind]} if field.kind in UNITS else {}
            shown |= {"examples": [field.example]} if field.example else {}
            schema["properties"].setdefault(field.cloud or field.ours, shown)


class Image(Schema):
    """One image as the cloud sent it, to the digit, in its own field names, and what is ours.

    Any field but those required may be missing, null, or something that no document tells of.
    """

    model_config = ConfigDict(extra="allow", json_schema_extra=_with_fields)
    region: str
    cimgUuid: str
    verdict: Verdict


class Fresh(Schema):
    fetched_at: datetime | None = Field(description=_("When the oldest of this was read"))
    complete: bool = Field(description=_("Whether all regions that were asked for are known"))


class Regions(Fresh):
    regions: list[Region]


class Listing(Regions):
    query: str = Field(description=_("What was understood, as the address of the page has it"))
    total: int
    page: int | None = Field(description=_("null behind a cursor"))
    pages: int
    size: int
    next_cursor: str | None
    next: str | None = Field(description=_("An address; also in the field Link"))
    previous: str | None


class Images(Listing):
    images: list[Image]


class OneImage(Fresh):
    region: Region
    image: Image


class FacetValue(Schema):
    value: str = Field(
        description=_("“unknown” where the cloud does not say, “none” for a list that is empty")
    )
    count: int
    selected: bool


class Facets(Regions):
    query: str
    total: int
    facets: dict[str, list[FacetValue]] = Field(
        description=_("Each counted without its own selection")
    )


class Place(Schema):
    region: str
    cimgUuid: str
    name: str | None


class Group(Schema):
    kind: str = Field(description=_("Why, such as failed, at-risk or one-region"))
    serious: bool = Field(description=_("Whether it counts as needing attention"))
    count: int
    images: list[Place] = Field(description=_("The first of them"))


class Coverage(Schema):
    regions: list[str]
    rows: int = Field(description=_("Images by name and OS"))
    in_one_region_only: int
    missing_somewhere: int


class Running(Schema):
    image: Place
    type: str | None = Field(description=_("What is being done, such as ImportCIMG"))
    progress: float | None = Field(description=_("0 to 100"))
    left_seconds: float | None = Field(description=_("An estimate"))
    stalled_minutes: int = Field(description=_("0 while it moves"))


class Overview(Regions):
    query: str
    total: int
    bytes: dict[str, int] = Field(description=_("The size of all images by region"))
    unknown_sizes: int = Field(description=_("Images that are not in it: their size is not known"))
    counts: dict[str, dict[str, int]] = Field(description=_("By facet and value"))
    worried: int = Field(description=_("How many images need attention"))
    attention: list[Group]
    coverage: Coverage
    running: list[Running]


class Change(Schema):
    """One thing that is no longer as it was."""

    at: datetime = Field(description=_("When the list that shows it was read"))
    kind: str = Field(examples=["appeared", "vanished", "renamed", "status"])
    region: str
    cimgUuid: str = Field(description=_("Empty where changes are only counted"))
    cimgId: str
    name: str = Field(description=_("As last seen"))
    before: str = Field(description=_("A name, a status, bytes, or such as 2/3 storages connected"))
    after: str
    count: int = Field(description=_("How many it stands for; more than 1 only without cimgUuid"))


class Changes(Listing):
    compared_since: dict[str, datetime] = Field(
        description=_("By region, since when every list is compared with the one before")
    )
    changes: list[Change]


class Team(Schema):
    name: str
    slug: str


class Listable(Schema):
    id: str
    name: str
    ok: bool | None = Field(description=_("Whether it can be listed; null: the cloud did not tell"))


class Token(Schema):
    """How a token stands; nothing that one could read with."""

    id: UUID
    label: str
    last_four: str
    team: Team | None
    usable: bool = Field(description=_("Neither disabled nor expired here"))
    state: str = Field(description=_("valid, refused, forbidden, unverified or unreachable"))
    reason: str
    request_id: str
    checked_at: datetime | None
    last_ok_at: datetime | None
    last_failed_at: datetime | None
    last_used_at: datetime | None
    expires_on: date | None
    disabled_at: datetime | None
    regions: list[Listable]


class Tokens(Schema):
    tokens: list[Token]


class Parameter(Schema):
    parameter: str
    value: str
    why: str


class Problem(Schema):
    """RFC 9457. `kind` is a word to go by; the cloud's own failures have the last three."""

    type: str
    title: str
    status: int
    kind: str
    detail: str = Field(description=_("A sentence for a person, in the language asked for"))
    parameters: list[Parameter] = Field([], description=_("With 422: what cannot be followed"))
    errno: int | None = None
    errmsg: str = ""
    requestId: str = ""
