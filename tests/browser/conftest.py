"""A real gunicorn over a real database in front of the sandbox cloud, and Chromium before it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from images.sandbox import Sandbox
from tests import dashboards
from tests.dashboards import PASSWORD, USER
from tests.stack import running

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Two of these suites may run beside each other.
expect.set_options(timeout=15_000)


@dataclass
class Site:
    """A dashboard, running unless it is stopped. `run` is manage.py with its environment."""

    url: str
    environment: dict[str, str]
    server: running.Process | None = None

    def start(self) -> None:
        port = int(self.environment["PORT"])
        self.server = running.serve(
            self.environment, port, Path(self.environment["VAR_DIR"]) / "log"
        )
        running.wait_until_ready(port)

    def stop(self) -> None:
        if self.server:
            running.stop(self.server)
            self.server = None

    def run(self, *arguments: str, stdin: str = "") -> str:
        return dashboards.manage(self.environment, (arguments, stdin))


@pytest.fixture(scope="session")
def big_cloud() -> Iterator[Sandbox]:
    with Sandbox(images=250, seed=1, clock=lambda: 1_700_000_000.0) as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def site(big_cloud: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serving(big_cloud, tmp_path_factory.mktemp("var")) as site:
        yield site


@contextmanager
def serving(cloud: Sandbox, var: Path, settings: dict[str, str] | None = None) -> Iterator[Site]:
    """A dashboard in front of a cloud, with one person and their token."""
    port = running.free_port()
    variables = {"PORT": str(port), "UPSTREAM_DEADLINE_SECONDS": "5", **(settings or {})}
    with dashboards.dashboard(cloud.url, cloud.token, var) as environment:
        site = Site(f"http://127.0.0.1:{port}", environment | variables)
        if settings:  # They may ask for more tables.
            site.run("prepare")
        try:
            site.start()
            yield site
        finally:
            site.stop()
        for written in dashboards.kept(site.environment):
            for secret in (cloud.token, cloud.other_token):
                assert secret.encode() not in written


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    # Playwright leaves a loop in this thread until the session ends: Django takes what other tests
    # do in it for a coroutine's, and refuses.
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "yes")
        started = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield started
        started.close()


def chromium() -> str:
    """Where the machine's Chromium is; `tests/browser/chromium.sh` puts one there."""
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    path = next((found for name in names if (found := shutil.which(name))), None)
    assert path, "the browser tests need Chromium: see tests/browser/chromium.sh"
    return path


@dataclass
class Watched:
    """A page, and everything the browser complained about on it."""

    page: Page
    complaints: list[str] = field(default_factory=list)


def watch(context: BrowserContext) -> Watched:
    page = context.new_page()
    watched = Watched(page)
    page.on("console", lambda message: _note(watched, message.type, message.text))
    page.on("pageerror", lambda error: watched.complaints.append(str(error)))
    return watched


def _note(watched: Watched, kind: str, text: str) -> None:
    # A violation of the Content-Security-Policy is reported as an error on the console.
    if kind in ("error", "warning"):
        watched.complaints.append(f"{kind}: {text}")


@pytest.fixture
def watched(site: Site, browser: Browser) -> Iterator[Watched]:
    """A new visitor; the test fails when the browser complained."""
    with browser.new_context(base_url=site.url, locale="en-GB", accept_downloads=True) as context:
        watched = watch(context)
        watched.page.set_default_timeout(10_000)
        yield watched
        assert watched.complaints == []


@pytest.fixture
def page(watched: Watched) -> Page:
    return watched.page


@pytest.fixture
def signed_in(page: Page) -> Page:
    """The page of Ann, who has a token."""
    sign_in(page)
    return page


# Of Ann, by the dashboard: she signs in once, or she would soon have tried too often.
_sessions: dict[str, str] = {}


def await_list(page: Page) -> None:
    """Wait for the list itself: the first time it is announced by a page before it comes."""
    page.wait_for_url("**/images/**")
    page.locator("#images").wait_for(state="attached")
    page.wait_for_load_state()


def sign_in(page: Page, *, anew: bool = False) -> None:
    """`anew` is with a session that nobody else has."""
    # Not opened as a page, which would be laid out for nobody.
    here = urljoin(page.request.head("/healthz").url, "/")
    if here in _sessions and not anew:
        session: Any = {"name": "sessionid", "value": _sessions[here], "url": here}
        page.context.add_cookies([session])
        page.goto("/images/")
    else:
        page.goto("/accounts/login/")
        page.get_by_label("Username").fill(USER)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
    await_list(page)
    [session] = [each for each in page.context.cookies() if each["name"] == "sessionid"]
    _sessions[here] = session["value"]
