"""The overview as a script reads it."""

from __future__ import annotations

from typing import Annotated

from django.utils.translation import gettext_noop as _
from msgspec import Meta

from images.api.answering import fresh
from images.api.schemas import Answer, Regions
from images.cloud.records import Image
from images.context import InventoryContext
from images.forms import query_string
from images.overview import Found
from images.reports import attention
from images.reports.summary import counts
from images.services.progress import Progress


class Place(Answer, frozen=True, kw_only=True):
    region: str
    cimgUuid: str  # noqa: N815
    name: str | None


class Group(Answer, frozen=True, kw_only=True):
    kind: Annotated[str, Meta(description=_("The reason, such as failed, at-risk or one-region"))]
    serious: Annotated[bool, Meta(description=_("Whether it counts as needing attention"))]
    count: int
    images: Annotated[list[Place], Meta(description=_("The first few"))]


class Coverage(Answer, frozen=True, kw_only=True):
    regions: list[str]
    rows: Annotated[int, Meta(description=_("Images by name and OS"))]
    in_one_region_only: int
    missing_somewhere: int


class Running(Answer, frozen=True, kw_only=True):
    image: Place
    type: Annotated[str | None, Meta(description=_("The type of job, such as ImportCIMG"))]
    progress: Annotated[float | None, Meta(description=_("0 to 100"))]
    left_seconds: Annotated[float | None, Meta(description=_("An estimate"))]
    stalled_minutes: Annotated[int, Meta(description=_("0 while it makes progress"))]


class Overview(Regions, frozen=True, kw_only=True):
    query: str
    total: int
    bytes: Annotated[dict[str, int], Meta(description=_("The total size of all images, by region"))]
    unknown_sizes: Annotated[
        int, Meta(description=_("Images not included, because their size is unknown"))
    ]
    counts: Annotated[dict[str, dict[str, int]], Meta(description=_("By facet and value"))]
    worried: Annotated[int, Meta(description=_("How many images need attention"))]
    attention: list[Group]
    coverage: Coverage
    running: list[Running]


def overview_answer(context: InventoryContext, found: Found) -> Overview:
    """Return what was found, of the images that the query selects."""
    counted = counts(context.inventory.index, context.query)
    covered = found.coverage
    return Overview(
        **fresh(context),
        query=query_string(context.query),
        total=found.overview.total,
        bytes=found.overview.bytes,
        unknown_sizes=found.overview.unsized,
        counts={
            name: {each.value: each.count for each in values} for name, values in counted.items()
        },
        worried=found.overview.worried,
        attention=[_group(group) for group in found.attention],
        coverage=Coverage(
            regions=list(covered.regions),
            rows=covered.total,
            in_one_region_only=covered.alone,
            missing_somewhere=covered.lacking,
        ),
        running=[_running(*going) for going in found.running],
    )


def _place(image: Image) -> Place:
    return Place(region=image.region, cimgUuid=image.uuid, name=image.name)


def _group(group: attention.Group) -> Group:
    return Group(
        kind=group.kind,
        serious=group.serious,
        count=group.count,
        images=[_place(image) for image in group.images],
    )


def _running(image: Image, progress: Progress | None) -> Running:
    job = progress.job if progress else image.job
    return Running(
        image=_place(image),
        type=job.type if job else None,
        progress=job.progress if job else None,
        left_seconds=progress.left_seconds if progress else None,
        stalled_minutes=progress.stalled_minutes if progress else 0,
    )
