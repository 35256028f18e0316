"""The whole thing for a bench: a sandbox cloud, gunicorn with two workers, a person signed in."""

from __future__ import annotations

import contextlib
import http.cookiejar
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from tests import dashboards
from tests.dashboards import ROOT
from tests.stack import running

USER, PASSWORD = "bench", "nothing but the bench"


@dataclass
class Stack:
    port: int
    cloud: str
    cookie: str
    server: subprocess.Popen[bytes]
    token: str
    environment: dict[str, str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def calls(self) -> list[dict[str, Any]]:
        """What the cloud was asked so far."""
        with urllib.request.urlopen(f"{self.cloud}/sandbox/calls") as answer:
            calls: list[dict[str, Any]] = json.load(answer)
        return calls

    def forget_calls(self) -> None:
        request = urllib.request.Request(f"{self.cloud}/sandbox/calls", method="DELETE")
        urllib.request.urlopen(request).close()

    def images(self) -> set[tuple[str, str]]:
        """Region and uuid of what the cloud has, and is not deleting. It makes a region when that
        is first read."""
        found = set()
        for region in ("gz", "bj", "sh"):
            with urllib.request.urlopen(f"{self.cloud}/sandbox/images?region={region}") as answer:
                for image in json.load(answer):
                    if image.get("job", {}).get("type") != "DeleteCIMG":
                        found.add((region, image["cimgUuid"]))
        return found

    def change_image(self, region: str, uuid: str, **fields: Any) -> None:
        url = f"{self.cloud}/sandbox/images?region={region}&uuid={uuid}"
        urllib.request.urlopen(url, json.dumps(fields).encode()).close()

    def set_cloud(self, **settings: Any) -> None:
        data = json.dumps(settings).encode()
        urllib.request.urlopen(f"{self.cloud}/sandbox/settings", data).close()

    def set_faults(self, faults: list[dict[str, Any]]) -> None:
        data = json.dumps(faults).encode()
        urllib.request.urlopen(f"{self.cloud}/sandbox/faults", data).close()

    def clear_faults(self) -> None:
        request = urllib.request.Request(f"{self.cloud}/sandbox/faults", method="DELETE")
        urllib.request.urlopen(request).close()

    def get(self, path: str, **headers: str) -> tuple[int, bytes]:
        url = f"{self.url}{path}"
        request = urllib.request.Request(url, headers={"Cookie": self.cookie, **headers})
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()

    def etag(self, path: str) -> str:
        request = urllib.request.Request(f"{self.url}{path}", headers={"Cookie": self.cookie})
        with urllib.request.urlopen(request) as answer:
            return str(answer.headers["ETag"])

    def worker_megabytes(self) -> list[float]:
        """Resident memory of each worker."""
        return [_resident(pid) for pid in self.workers()]

    def kill_a_worker(self) -> None:
        """The oldest, without a warning. The server starts another."""
        os.kill(self.workers()[0], signal.SIGKILL)

    def stop(self) -> None:
        self.server.terminate()
        self.server.wait()

    def restart(self) -> None:
        """Stop the server, and return once another one takes requests."""
        self.stop()
        self.server = _serve(self.environment)
        running.wait_until_ready(self.port)

    def worker_seconds(self) -> float:
        """How long the processor has been busy with all workers."""
        return sum(_busy(pid) for pid in self.workers())

    def workers(self) -> list[int]:
        return running.children(self.server.pid)


def _resident(pid: int) -> float:
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1]) / 1024


def _log(environment: dict[str, str]) -> AbstractContextManager[IO[bytes] | None]:
    path = environment.get("BENCH_LOG")
    return Path(path).open("ab") if path else contextlib.nullcontext()


def _busy(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def stack(images: int, **variables: str) -> Iterator[Stack]:
    """Everything running, with so many images in all, and nothing fetched yet. What the server has
    to say is shown, unless the variable BENCH_LOG names a file."""
    with (
        tempfile.TemporaryDirectory() as var,
        _cloud(images) as (url, token),
        dashboards.backends() as addresses,
    ):
        port = running.free_port()
        environment = (
            os.environ
            | addresses
            | {
                "DJANGO_SETTINGS_MODULE": "tests.bench.settings",
                "VAR_DIR": var,
                "PORT": str(port),
                "DIDIYUN_API_URL": url,
                "LOG_LEVEL": "WARNING",
                "UPSTREAM_DEADLINE_SECONDS": "50",
                "API_REQUESTS_PER_MINUTE": "1000000",
                "EXPORTS_AT_ONCE": "100",
                **variables,
            }
        )
        dashboards.manage(
            environment,
            (("prepare",), ""),
            (("add_user", USER), PASSWORD),
            (("add_token", "--user", USER, "--label", "Bench"), token),
        )
        with _log(environment) as log:
            stack = Stack(port, url, "", _serve(environment, log), token, environment)
            try:
                running.wait_until_ready(port)
                stack.cookie = _sign_in(port)
                yield stack
            finally:
                stack.stop()


def _serve(environment: dict[str, str], log: IO[bytes] | None = None) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "gunicorn", "--config", "python:dashboard.gunicorn"]
    return subprocess.Popen([*command, "dashboard.wsgi"], env=environment, cwd=ROOT, stderr=log)


@contextmanager
def _cloud(images: int) -> Iterator[tuple[str, str]]:
    command = [sys.executable, "-m", "images.sandbox", "--port", "0", "--images"]
    arguments = [*command, str(images // 3)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            assert process.stdout
            found = re.search(r"(http://\S+) token (\S+)", process.stdout.readline())
            assert found
            yield found[1], found[2]
        finally:
            process.terminate()


class _Here(urllib.request.HTTPRedirectHandler):
    """Goes nowhere: the page that signing in leads to would fetch the inventory."""

    def redirect_request(self, *arguments: Any) -> None:
        return None


def _sign_in(port: int) -> str:
    jar = http.cookiejar.CookieJar()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar), _Here)
    url = f"http://127.0.0.1:{port}/accounts/login/"
    page = opener.open(url).read().decode()
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert found
    form = {"login": USER, "password": PASSWORD, "csrfmiddlewaretoken": found[1]}
    with contextlib.suppress(urllib.error.HTTPError):  # the redirect
        opener.open(url, urllib.parse.urlencode(form).encode())
    assert any(cookie.name == "sessionid" for cookie in jar), "signing in failed"
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)
