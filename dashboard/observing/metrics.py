"""The page /metrics for Prometheus: counts of all worker processes, and gauges of the present.

Labels are names of ours, such as the name of a view, never a path. Only two labels hold foreign
text, the label of a token and the id of a region; they have as many values as there are of these.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from ipaddress import ip_address

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, Histogram
from prometheus_client import generate_latest as as_text
from prometheus_client.multiprocess import MultiProcessCollector

from dashboard.observing import gauges
from dashboard.people import policy
from dashboard.web.routes import route_of
from images.services.counting import REGISTRY

REQUESTS = Histogram(
    "dashboard_request_duration_seconds",
    "Requests answered, by the name of the view.",
    ("view", "status"),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
    registry=REGISTRY,
)
IN_PROGRESS = Gauge(
    "dashboard_requests_in_progress",
    "Requests being answered.",
    registry=REGISTRY,
    multiprocess_mode="livesum",
)

Handler = Callable[[HttpRequest], HttpResponseBase]


def request_metrics(get_response: Handler) -> Handler:
    def handle(request: HttpRequest) -> HttpResponseBase:
        started = time.monotonic()
        with IN_PROGRESS.track_inprogress():
            response = get_response(request)
        seconds = time.monotonic() - started
        REQUESTS.labels(route_of(request), response.status_code).observe(seconds)
        return response

    return handle


@require_safe
@login_not_required
def metrics(request: HttpRequest) -> HttpResponse:
    if not _may_read(request):
        text = "Neither from METRICS_NETWORKS nor with METRICS_KEY.\n"
        return HttpResponse(text, status=403, content_type="text/plain")
    registry = CollectorRegistry()
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry.register(REGISTRY)
    registry.register(gauges.NOW)
    return HttpResponse(as_text(registry), content_type=CONTENT_TYPE_LATEST)


def _may_read(request: HttpRequest) -> bool:
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    if settings.METRICS_KEY and scheme.lower() == "bearer":
        return constant_time_compare(key, settings.METRICS_KEY)
    return _is_in_networks(request)


def _is_in_networks(request: HttpRequest) -> bool:
    # Behind a proxy that is not configured, everyone would seem to come from its address.
    if "X-Forwarded-For" in request.headers and not settings.ALLAUTH_TRUSTED_PROXY_COUNT:
        return False
    try:
        address = ip_address(policy.address(request))
    except (PermissionDenied, ValueError):
        return False
    return any(address in network for network in settings.METRICS_NETWORKS)
