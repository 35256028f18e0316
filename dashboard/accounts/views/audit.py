"""The audit log: a team's for its admins, everything for superusers; filtered, and as CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, time
from io import StringIO
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from dashboard.accounts import policy
from dashboard.accounts.audit import BATCH
from dashboard.accounts.models import Action, AuditEntry, Team
from images.export import BYTE_ORDER_MARK, safe_cell

PAGE_SIZE = 50
COLUMNS = (
    *("at", "actor", "actor_id", "action", "team", "subject", "owner", "owner_id"),
    *("address", "result"),
)


class AuditForm(forms.Form):
    q = forms.CharField(label=_("Who, what or from where"), required=False, max_length=200)
    action = forms.ChoiceField(
        label=_("Action"), required=False, choices=(("", _("Any")), *Action.choices)
    )
    since = forms.DateField(
        label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    until = forms.DateField(
        label=_("To"), required=False, widget=forms.DateInput(attrs={"type": "date"})
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
def audit_csv(request: HttpRequest) -> HttpResponseBase:
    policy.require(request, "audit.read_all")
    return _download(request, None)


def _page(request: HttpRequest, team: Team | None) -> HttpResponse:
    form = AuditForm(request.GET)
    page = Paginator(_selected(form, team), PAGE_SIZE).get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "place": "teams" if team else "audit",
        "tab": "audit",
        "team": team,
        "form": form,
        "entries": page,
        "query": query.urlencode(),
        "export": reverse("team_audit_csv", args=[team.slug]) if team else reverse("audit_csv"),
        "actions": dict(Action.choices),
    }
    return render(request, "accounts/audit.html", context)


def _selected(form: AuditForm, team: Team | None) -> QuerySet[AuditEntry]:
    """Newest first. A field that makes no sense selects nothing away; the page says so."""
    form.is_valid()
    given: dict[str, Any] = form.cleaned_data
    entries = AuditEntry.objects.order_by("-id")
    if team:
        entries = entries.filter(team_id=team.pk)
    if text := given.get("q"):
        entries = entries.filter(
            Q(actor__icontains=text)
            | Q(subject__icontains=text)
            | Q(owner__icontains=text)
            | Q(address__icontains=text)
        )
    if action := given.get("action"):
        entries = entries.filter(action=action)
    if since := given.get("since"):
        entries = entries.filter(at__gte=datetime.combine(since, time.min, UTC))
    if until := given.get("until"):
        entries = entries.filter(at__lte=datetime.combine(until, time.max, UTC))
    return entries


def _download(request: HttpRequest, team: Team | None) -> StreamingHttpResponse:
    entries = _selected(AuditForm(request.GET), team).iterator(chunk_size=BATCH)
    name = f"audit-{team.slug}.csv" if team else "audit.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(
        _lines(entries), content_type="text/csv; charset=utf-8", headers=headers
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
