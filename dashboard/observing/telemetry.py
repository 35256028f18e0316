"""Errors to Sentry and traces to an OpenTelemetry collector, each only where configured.

Both get what a log line may hold and no more: no variables, no bodies, no cookies, no query
strings, and nothing that looks like a secret.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from dashboard.observing import logs

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan
    from sentry_sdk.types import Event, Hint

    from images.cloud.client import Call
    from images.services.counting import Recorder

# Requested all the time, by machines.
UNTRACED = "healthz,readyz,metrics,static/"
NANOSECONDS = 10**9
# After our own middleware, which also counts and logs what this one refuses.
PLACE_AMONG_MIDDLEWARE = 2


def check(sentry_dsn: str, otlp_endpoint: str) -> None:
    """Raise ImproperlyConfigured for an invalid value, or one that needs a missing package.

    It does not quote the DSN, which holds a key.
    """
    dsn = urlsplit(sentry_dsn)
    if sentry_dsn and not (dsn.scheme in ("http", "https") and dsn.username and dsn.path[1:]):
        raise ImproperlyConfigured("SENTRY_DSN: not of the form https://key@host/project")
    if sentry_dsn and not find_spec("sentry_sdk"):
        raise ImproperlyConfigured("SENTRY_DSN: needs the extra `sentry`, which is not installed")
    if otlp_endpoint and urlsplit(otlp_endpoint).scheme not in ("http", "https"):
        raise ImproperlyConfigured("OTEL_EXPORTER_OTLP_ENDPOINT: not an http(s) address")
    if otlp_endpoint and not find_spec("opentelemetry"):
        raise ImproperlyConfigured(
            "OTEL_EXPORTER_OTLP_ENDPOINT: needs the extra `otel`, which is not installed"
        )


def report_errors() -> None:
    """Report errors to Sentry, where SENTRY_DSN is set."""
    if not settings.SENTRY_DSN:
        return
    import sentry_sdk
    from sentry_sdk.integrations.django import DjangoIntegration

    sentry_sdk.init(
        dsn=settings.SENTRY_DSN,
        # Integrations that enable themselves report the commands to Redis, with the ids of
        # sessions.
        auto_enabling_integrations=False,
        integrations=[DjangoIntegration()],
        include_local_variables=False,
        send_default_pii=False,
        max_request_body_size="never",
        before_send=_without_secrets,
    )


def _without_secrets(event: Event, hint: Hint) -> Event:
    event.get("request", {}).pop("query_string", None)
    clean: Event = logs.redacted(event)
    return clean


def trace() -> None:
    """Send traces to the collector, where OTEL_EXPORTER_OTLP_ENDPOINT is set.

    Call it in the process that serves: the thread that sends does not survive a fork.
    """
    if not settings.OTLP_ENDPOINT:
        return
    os.environ.setdefault("OTEL_SERVICE_NAME", "image-dashboard")
    os.environ.setdefault("OTEL_PYTHON_DJANGO_EXCLUDED_URLS", UNTRACED)
    from opentelemetry import trace as traces
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.instrumentation.django import DjangoInstrumentor
    from opentelemetry.instrumentation.requests import RequestsInstrumentor
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    from images.services import counting

    class Exporter(OTLPSpanExporter):
        def export(self, spans: Any) -> Any:
            return super().export([_clean(span) for span in spans])

    provider = TracerProvider()
    exporter = Exporter(settings.OTLP_ENDPOINT.rstrip("/") + "/v1/traces")
    provider.add_span_processor(BatchSpanProcessor(exporter))
    traces.set_tracer_provider(provider)
    DjangoInstrumentor().instrument(middleware_position=PLACE_AMONG_MIDDLEWARE)
    RequestsInstrumentor().instrument()
    counting.trace_with(_recorder)


def _recorder() -> Recorder | None:
    """Return what records the calls that a process which reads lists has made for this trace.

    Those of this process are recorded as they are made.
    """
    from opentelemetry import context
    from opentelemetry import trace as traces

    here, tracer = context.get_current(), traces.get_tracer(__name__)
    if not traces.get_current_span(here).get_span_context().is_valid:
        return None

    def record(call: Call) -> None:
        if call.pid == os.getpid():
            return
        began_at = round(call.began_at * NANOSECONDS)
        span = tracer.start_span(
            call.endpoint,
            here,
            traces.SpanKind.CLIENT,
            {
                "process.pid": call.pid,
                "outcome": call.outcome,
                "upstream.request_id": call.request_id,
            },
            start_time=began_at,
        )
        if call.outcome != "ok":
            span.set_status(traces.StatusCode.ERROR, call.outcome)
        span.end(began_at + round(call.seconds * NANOSECONDS))

    return record


def _clean(span: ReadableSpan) -> ReadableSpan:
    """Return the span without query strings and without what looks like a secret."""
    from opentelemetry.sdk.trace import Event, ReadableSpan
    from opentelemetry.trace import Status

    return ReadableSpan(
        name=logs.redacted(span.name),
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=_clean_attributes(span.attributes),
        events=[
            Event(each.name, _clean_attributes(each.attributes), each.timestamp)
            for each in span.events
        ],
        links=span.links,
        kind=span.kind,
        status=Status(span.status.status_code, logs.redacted(span.status.description)),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _clean_attributes(attributes: Mapping[str, Any] | None) -> dict[str, Any]:
    kept = {name: value for name, value in (attributes or {}).items() if name != "url.query"}
    for name in ("http.url", "http.target", "url.full"):
        if name in kept:
            kept[name] = str(kept[name]).partition("?")[0]
    clean: dict[str, Any] = logs.redacted(kept)
    return clean
