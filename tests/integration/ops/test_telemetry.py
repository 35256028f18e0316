"""Errors and traces, as a server on a socket receives them from a real dashboard."""

from __future__ import annotations

import gzip
import queue
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import brotli
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from images.sandbox import Sandbox
from tests.browser.conftest import Site, serving
from tests.dashboards import USER

PATIENCE = 20.0
ROOT = Path(__file__).parents[3]
IN_A_LOCAL, IN_THE_ADDRESS, IN_THE_QUERY = "correct-horse", "keyOfTheWall", "batteryStaple"
IN_THE_MESSAGE = "ab" * 32
IN_THE_HEADERS, IN_A_COOKIE = "tokenOfAScript", "idOfASession"
SECRETS = (
    *(IN_A_LOCAL, IN_THE_ADDRESS, IN_THE_QUERY, IN_THE_MESSAGE),
    *(IN_THE_HEADERS, IN_A_COOKIE),
)


UNPACK: dict[str | None, Callable[[bytes], bytes]] = {
    None: bytes,
    "gzip": gzip.decompress,
    "br": brotli.decompress,
}


class Received(ThreadingHTTPServer):
    """Takes what is sent, as (path, body)."""

    def __init__(self) -> None:
        self.sent: queue.Queue[tuple[str, bytes]] = queue.Queue()
        super().__init__(("127.0.0.1", 0), _Taking)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"

    def until(self, said: bytes) -> list[bytes]:
        """All bodies up to the first with these bytes."""
        bodies: list[bytes] = []
        end = time.monotonic() + PATIENCE
        while not bodies or said not in bodies[-1]:
            bodies.append(self.sent.get(timeout=max(0, end - time.monotonic()))[1])
        return bodies


class _Taking(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        body = UNPACK[self.headers.get("Content-Encoding")](body)
        assert isinstance(self.server, Received)
        self.server.sent.put((self.path, body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, list[bytes]]]:
    """What the two were told of a page that broke, up to where it says so."""
    with Received() as errors, Received() as traces, Sandbox(images=3, seed=1) as cloud:
        for server in (errors, traces):
            threading.Thread(target=server.serve_forever, daemon=True).start()
        settings = {
            "DJANGO_SETTINGS_MODULE": "tests.integration.ops.settings",
            "A_SECRET": IN_A_LOCAL,
            "SENTRY_DSN": f"http://{'c' * 8}@{errors.address}/1",
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{traces.address}",
            "OTEL_BSP_SCHEDULE_DELAY": "50",
        }
        with serving(cloud, tmp_path_factory.mktemp("var"), settings) as site:
            read_it(site)
            break_it(site.url)
            yield {
                "errors": errors.until(b"RuntimeError"),
                "traces": traces.until(b"RuntimeError"),
            }
        for server in (errors, traces):
            server.shutdown()


def read_it(site: Site) -> None:
    """Ask for images that nobody has read yet."""
    key = site.run("add_api_key", "--user", USER, "--label", "Traced").strip()
    headers = {"Authorization": f"Bearer {key}"}
    asked = urllib.request.Request(f"{site.url}/api/v1/images", headers=headers)
    with urllib.request.urlopen(asked) as answer:
        assert answer.status == 200


def break_it(url: str) -> None:
    headers = {
        "Authorization": f"Bearer {IN_THE_HEADERS}",
        "Cookie": f"sessionid={IN_A_COOKIE}",
    }
    page = f"{url}/display/{IN_THE_ADDRESS}/broken/?code={IN_THE_QUERY}"
    with pytest.raises(urllib.error.HTTPError, match="500") as caught:
        urllib.request.urlopen(urllib.request.Request(page, headers=headers))
    caught.value.close()


def test_an_error_arrives_and_says_where(told: dict[str, list[bytes]]) -> None:
    assert b"the cloud said [redacted]" in told["errors"][-1]
    assert b"/display/[redacted]/broken/" in told["errors"][-1]


def test_a_trace_arrives_with_the_name_of_the_view(told: dict[str, list[bytes]]) -> None:
    assert b"GET display/<str:key>/broken/" in told["traces"][-1]
    assert b"image-dashboard" in told["traces"][-1]
    assert b"readyz" not in b"".join(told["traces"])


def test_a_trace_has_the_calls_of_the_process_that_reads_lists(
    told: dict[str, list[bytes]],
) -> None:
    spans = [span for body in told["traces"] for span in spans_of(body)]
    [page] = [span for span in spans if span.name.startswith("GET api/v1/")]
    lists = [span for span in spans if span.name == "storage/cimg/list"]

    assert len(lists) >= 3, "one of each region"
    for span in lists:
        assert (span.trace_id, span.parent_span_id) == (page.trace_id, page.span_id)
        assert page.start_time_unix_nano < span.start_time_unix_nano
        assert span.end_time_unix_nano < page.end_time_unix_nano


def spans_of(body: bytes) -> Iterator[Any]:
    for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
        for scope in resource.scope_spans:
            yield from scope.spans


@pytest.mark.parametrize("secret", SECRETS)
def test_nothing_that_was_at_hand_arrives(told: dict[str, list[bytes]], secret: str) -> None:
    assert secret.encode() not in b"".join(told["errors"] + told["traces"])


@pytest.mark.parametrize(
    ("variable", "value", "missing", "extra"),
    [
        ("SENTRY_DSN", "https://key@errors.example/1", "sentry_sdk", "sentry"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://traces.example", "opentelemetry", "otel"),
        ("OIDC_ISSUER", "https://people.example", "jwt", "oidc"),
    ],
)
def test_what_is_asked_for_and_not_installed_stops_the_start(
    tmp_path: Path, variable: str, value: str, missing: str, extra: str
) -> None:
    # As Python says it of a package that is not there.
    code = (
        "import sys, importlib.util as u; found = u.find_spec\n"
        f"u.find_spec = lambda name, *rest: None if name == {missing!r} else found(name, *rest)\n"
        "import dashboard.settings"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"VAR_DIR": str(tmp_path), variable: value},
        cwd=ROOT,
        text=True,
        capture_output=True,
    )

    assert done.returncode
    assert f"ImproperlyConfigured: {variable}: needs the extra `{extra}`" in done.stderr
    assert "key@" not in done.stderr
