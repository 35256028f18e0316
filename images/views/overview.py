"""The overview: /overview/, the shape of the whole inventory, where every bar leads to its images.

It shows what the cached lists say, of all that the query selects.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_safe

from images.cloud.records import Image
from images.reports import histograms
from images.reports.attention import Group, groups
from images.reports.coverage import Coverage
from images.reports.summary import (
    JobData,
    Overview,
    OverviewData,
    as_data,
    counts,
    image_data,
    overview,
    with_stalled,
)
from images.services.progress import Progress
from images.views import charts, filters, watching
from images.views import histograms as columns
from images.views.coverage import bars, compared, wanted
from images.views.groups import lines
from images.views.opening import Opened, is_fragment, with_inventory
from images.views.results import kept
from images.views.table import page_context
from images.views.watching import Going

RUNNING_SHOWN = 8


@dataclass(frozen=True)
class Found:
    """Everything that the overview knows, before it is put into words."""

    overview: Overview
    running: list[Going]
    attention: tuple[Group, ...]
    coverage: Coverage
    today: date


@require_safe
@with_inventory
def overview_page(request: HttpRequest, opened: Opened) -> HttpResponse:
    found = None if opened.inventory.failure else find(opened)
    drawn = _fragment(opened, found)
    if is_fragment(request):
        return HttpResponse(drawn)
    context = page_context(opened) | {
        "place": "overview",
        "chips": filters.chips(opened),
        "jobs": len(found.running) if found else 0,
        "drawn": mark_safe(drawn.decode()),  # noqa: S308  (our own template made it)
    }
    return render(request, "images/overview.html", context)


def _fragment(opened: Opened, found: Found | None) -> bytes:
    """What renews itself; made once for the same lists, jobs and day."""

    def make() -> bytes:
        context = {"opened": opened} | (_drawn(opened, found) if found else {})
        return render_to_string("images/_overview.html", context).encode()

    if found is None:
        return make()
    jobs = tuple((image.region, image.uuid, progress) for image, progress in found.running)
    return kept(opened, ("overview", opened.query, opened.token, found.today, jobs), make)


def find(opened: Opened) -> Found:
    index, query = opened.inventory.index, opened.query
    found = overview(index, query)
    running = watching.as_known(opened, found.running)
    stalled = watching.stalled(running)
    coverage, today = compared(opened), datetime.now(UTC).date()
    attention = groups(index, query, today, coverage, stalled)
    return Found(with_stalled(found, stalled), running, attention, coverage, today)


def data(opened: Opened, found: Found) -> OverviewData:
    """The same as plain data, for scripts."""
    return as_data(
        found.overview,
        counts(opened.inventory.index, opened.query),
        found.attention,
        found.coverage,
        [_job_data(*going) for going in found.running],
    )


def _drawn(opened: Opened, found: Found) -> dict[str, Any]:
    index, query = opened.inventory.index, opened.query
    states = wanted(opened)
    attention = lines(opened, found.attention, found.today)
    return {
        "found": found.overview,
        "bytes": sum(found.overview.bytes.values()),
        "cards": charts.cards(opened, found.overview.bytes),
        "ages": columns.ages(opened, histograms.ages(index, query, found.today)),
        "sizes": columns.sizes(opened, histograms.sizes(index, query)),
        "serious": [line for line in attention if line.group.serious],
        "untidy": [line for line in attention if not line.group.serious],
        "running": found.running[:RUNNING_SHOWN],
        "jobs": len(found.running),
        "running_left": len(found.running[RUNNING_SHOWN:]),
        "coverage": found.coverage,
        "covered": bars(opened, found.coverage),
        "states": states,
        "unread": [state for state in states if not state.head.version],
        "oldest": min((each.head.fetched_at for each in states if each.head.version), default=None),
        "largest": opened.link(page=1, sort="-size"),
    }


def _job_data(image: Image, progress: Progress | None) -> JobData:
    job = progress.job if progress else image.job
    return {
        "image": image_data(image),
        "type": job.type if job else None,
        "progress": job.progress if job else None,
        "left_seconds": progress.left_seconds if progress else None,
        "stalled_minutes": progress.stalled_minutes if progress else 0,
    }
