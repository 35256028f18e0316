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
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from images.sandbox import Sandbox
from tests.browser.conftest import serving

PATIENCE = 20.0
ROOT = Path(__file__).parents[3]
IN_A_LOCAL, IN_THE_ADDRESS, IN_THE_QUERY = "correct-horse", "keyOfTheWall", "batteryStaple"
IN_THE_MESSAGE = "ab" * 32
IN_THE_HEADERS, IN_A_COOKIE = "tokenOfAScript", "idOfASession"
SECRETS = (
    *(IN_A_LOCAL, IN_THE_ADDRESS, IN_THE_QUERY, IN_THE_MESSAGE),
    *(IN_THE_HEADERS, IN_A_COOKIE),
)


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
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        assert isinstance(self.server, Received)
        self.server.sent.put((self.path, body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[Received]:
    with Received() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@contextmanager
def breaking(cloud: Sandbox, var: Path, **settings: str) -> Iterator[Callable[[], None]]:
    """A dashboard whose page breaks whenever the function is called."""
    module = {"DJANGO_SETTINGS_MODULE": "tests.integration.ops.settings", "A_SECRET": IN_A_LOCAL}
    with serving(cloud, var, {**module, **settings}) as site:

        def ask() -> None:
            url = f"{site.url}/display/{IN_THE_ADDRESS}/broken/?code={IN_THE_QUERY}"
            headers = {
                "Authorization": f"Bearer {IN_THE_HEADERS}",
                "Cookie": f"sessionid={IN_A_COOKIE}",
            }
            with pytest.raises(urllib.error.HTTPError, match="500") as caught:
                urllib.request.urlopen(urllib.request.Request(url, headers=headers))
            caught.value.close()

        yield ask


def test_an_error_arrives_without_what_was_at_hand(
    cloud: Sandbox, receiver: Received, tmp_path: Path
) -> None:
    dsn = f"http://{'c' * 8}@{receiver.address}/1"
    with breaking(cloud, tmp_path, SENTRY_DSN=dsn) as ask:
        ask()
        bodies = receiver.until(b"RuntimeError")

    assert b"the cloud said [redacted]" in bodies[-1]
    assert b"/display/[redacted]/broken/" in bodies[-1]
    for secret in SECRETS:
        assert secret.encode() not in b"".join(bodies)


def test_a_trace_arrives_with_the_name_of_the_view(
    cloud: Sandbox, receiver: Received, tmp_path: Path
) -> None:
    variables = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{receiver.address}",
        "OTEL_BSP_SCHEDULE_DELAY": "50",
    }
    with breaking(cloud, tmp_path, **variables) as ask:
        ask()
        bodies = receiver.until(b"RuntimeError")

    assert b"GET display/<str:key>/broken/" in bodies[-1]
    assert b"image-dashboard" in bodies[-1]
    assert b"readyz" not in b"".join(bodies)
    for secret in SECRETS:
        assert secret.encode() not in b"".join(bodies)


@pytest.mark.parametrize(
    ("variable", "value", "missing", "extra"),
    [
        ("SENTRY_DSN", "https://key@errors.example/1", "sentry_sdk", "sentry"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://traces.example", "opentelemetry", "otel"),
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
