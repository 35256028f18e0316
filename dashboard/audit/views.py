"""Pages of the audit log, and the log as CSV.

A team's entries are for its admins, all entries for superusers. Everyone sees what they did
themselves, and what others did to what is theirs.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from datetime import datetime
from io import StringIO
from typing import Any

from django.db.models import Q, QuerySet
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    QueryDict,
    StreamingHttpResponse,
)
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from dashboard.audit import paging, trail
from dashboard.audit.forms import AuditForm
from dashboard.audit.models import Action, AuditEntry
from dashboard.audit.trail import BATCH
from dashboard.people import policy
from dashboard.people.models import Team, User
from images.export.rows import BYTE_ORDER_MARK, safe_cell

COLUMNS = (
    *("at", "actor", "actor_id", "action", "team", "subject", "owner", "owner_id"),
    *("address", "result"),
)


@require_safe
def team_audit(request: HttpRequest, slug: str) -> HttpResponse:
    return _page(request, policy.team(request, "audit.read", slug))


@require_safe
def team_audit_csv(request: HttpRequest, slug: str) -> HttpResponseBase:
    return _download(request, policy.team(request, "audit.read", slug))


@require_safe
def audit_list(request: HttpRequest) -> HttpResponse:
    policy.require(request, "audit.read_all")
    return _page(request, None)


@require_safe
def my_audit(request: HttpRequest) -> HttpResponse:
    return _page(request, None, mine=policy.require(request, "audit.read_own"))


@require_safe
def audit_csv(request: HttpRequest) -> HttpResponseBase:
    policy.require(request, "audit.read_all")
    return _download(request, None)


def _page(request: HttpRequest, team: Team | None, mine: User | None = None) -> HttpResponse:
    form = AuditForm(request.GET)
    page = _turned(form, _selected(form, team, mine), request.GET)
    query = request.GET.copy()
    for name in ("page", "before", "after"):
        query.pop(name, None)
    context = {
        "place": "teams" if team else "audit",
        "tab": "audit",
        "team": team,
        "mine": mine,
        "form": form,
        "entries": page.entries,
        "newer": page.newer,
        "older": page.older,
        "searched_to": page.searched_to,
        "archived": page.older is None and trail.beginning().number > 0,
        "query": query.urlencode(),
        "export": reverse("team_audit_csv", args=[team.slug]) if team else reverse("audit_csv"),
    }
    return render(request, "audit/entries.html", context)


def _turned(form: AuditForm, entries: QuerySet[AuditEntry], params: QueryDict) -> paging.Page:
    given: dict[str, Any] = form.cleaned_data
    if not given.get("q"):
        return paging.turned(entries, params)
    since, until = (
        bound.moment if (bound := given.get(name)) else None for name in ("since", "until")
    )
    return paging.searched(entries, params, since, until)


def _selected(form: AuditForm, team: Team | None, mine: User | None = None) -> QuerySet[AuditEntry]:
    """Return the entries, newest first. An invalid field does not filter; the page names it."""
    form.is_valid()
    given: dict[str, Any] = form.cleaned_data
    entries = AuditEntry.objects.order_by("-id")
    if team:
        entries = entries.filter(team_id=team.pk)
    if mine:
        entries = entries.filter(Q(actor_id=mine.pk) | Q(owner_id=mine.pk))
    if text := given.get("q"):
        found = Q(actor__icontains=text) | Q(subject__icontains=text) | Q(owner__icontains=text)
        # People learn what others did to what is theirs, but not from which IP address.
        from_where = Q(address__icontains=text)
        entries = entries.filter(found | (from_where & Q(actor_id=mine.pk) if mine else from_where))
    if action := given.get("action"):
        entries = entries.filter(action=action)
    if since := given.get("since"):
        entries = entries.filter(at__gte=since.moment)
    if until := given.get("until"):
        entries = entries.filter(at__lt=until.moment)
    return entries


def _download(request: HttpRequest, team: Team | None) -> StreamingHttpResponse:
    before = trail.last().number  # The file leaves out the entry about itself.
    entries = _selected(AuditForm(request.GET), team).filter(pk__lte=before)
    if request.method != "HEAD":
        by, subject = policy.actor(request), request.GET.urlencode()
        trail.record(by, Action.AUDIT_EXPORT, team=team, subject=subject)
    name = f"audit-{team.slug}.csv" if team else "audit.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(
        _lines(entries.iterator(chunk_size=BATCH)),
        content_type="text/csv; charset=utf-8",
        headers=headers,
    )


def _lines(entries: Iterable[AuditEntry]) -> Iterator[str]:
    yield BYTE_ORDER_MARK + _line(COLUMNS)
    for entry in entries:
        yield _line(safe_cell(_text(getattr(entry, name))) for name in COLUMNS)


def _text(value: datetime | str | int | None) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    return "" if value is None else str(value)


def _line(cells: Iterable[str]) -> str:
    written = StringIO()
    csv.writer(written, lineterminator="\r\n").writerow(cells)
    return written.getvalue()
