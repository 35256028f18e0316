"""A hostile cloud: whatever it sends, in whatever field, no page fails, hangs or tells a secret."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as examples
from pytest_django import Settings

from dashboard.tokens.models import Token
from images.cloud import worker_process
from images.services import store
from tests.hostility import GOOD, UUIDS, Lies, lies, told
from tests.integration import cached
from tests.integration.conftest import Clock, Keep, let_refreshes_finish
from tests.integration.images.pages import FRAGMENT
from tests.integration.images.test_secrets import stored
from tests.liar import Liar
from tests.marks import in_time, many

pytestmark = pytest.mark.backend

TOKEN = "7e" * 32
PLACE = f"bj/{UUIDS[0]}"
PAGES = (
    *("/images/", f"/images/{PLACE}/", f"/images/{PLACE}/look/", "/images/?q=web&sort=os&size=200"),
    *("/images/?sort=created&columns=description&columns=tags&columns=zones&columns=regions",),
    f"/images/compare/?image={PLACE}&image=bj/{UUIDS[1]}",
    *("/images/export.csv", "/images/export.json", "/overview/", "/overview/coverage/"),
    *("/overview/display", "/changes/", "/changes/export.json", "/tokens/", "/metrics"),
    *("/api/v1/images", f"/api/v1/images/{PLACE}", "/api/v1/facets", "/api/v1/regions"),
    *("/api/v1/overview", "/api/v1/changes", "/api/v1/tokens"),
)
# Of a page that shows two images, however long each of their texts is.
LONGEST_PAGE = 2 * 1024 * 1024


@dataclass(frozen=True)
class Visitor:
    """Somebody who looks at everything, and whose token it is."""

    browser: Client
    liar: Liar
    clock: Clock
    token: Token
    settings: Settings

    def lie(self, told_instead: dict[str, Lies]) -> None:
        for endpoint, each in told_instead.items():
            body = told(GOOD[endpoint], each)
            self.liar.replies[endpoint] = lambda asked, body=body: body  # type: ignore[misc]

    def look(self) -> Iterator[bytes]:
        """Every answer on the way, headers included."""
        for address in PAGES:
            yield self._answered(self.browser.get, address)
        yield self._answered(self.browser.get, "/images/", headers=FRAGMENT)
        yield self._answered(self.browser.post, f"/tokens/{self.token.pk}/check/")

    def _answered(self, ask: Any, address: str, **options: Any) -> bytes:
        started = time.monotonic()
        response: Any = ask(address, **options)
        content: bytes = response.getvalue()
        most = self.settings.UPSTREAM_DEADLINE_SECONDS + worker_process.START_SECONDS
        assert in_time(time.monotonic() - started, most), address
        assert response.status_code != 500, address
        assert len(content) < LONGEST_PAGE, address
        return bytes(response.serialize_headers() + b"\n" + content)


@pytest.fixture
def visitor(
    browser: Client, person: Any, keep: Keep, clock: Clock, settings: Settings
) -> Iterator[Visitor]:
    settings.TOKEN_CHECKS_PER_MINUTE = settings.API_REQUESTS_PER_MINUTE = 1_000_000
    with Liar() as liar:
        settings.DIDIYUN_API_URL = liar.url
        yield Visitor(browser, liar, clock, keep(person, TOKEN), settings)


@pytest.mark.django_db(databases="__all__", transaction=True)
@examples(
    max_examples=many(6, 30),
    derandomize=True,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],  # making a failing example smaller takes many minutes
)
@given(first=lies(TOKEN), then=lies(TOKEN))
def test_whatever_a_cloud_sends_no_page_fails_hangs_or_tells_the_token(
    visitor: Visitor,
    caplog: pytest.LogCaptureFixture,
    first: dict[str, Lies],
    then: dict[str, Lies],
) -> None:
    caplog.clear()
    caplog.set_level(logging.DEBUG)
    cached.clear()
    store.forget()
    visitor.lie(first)
    answers = list(visitor.look())
    visitor.clock.now += 4_000
    visitor.lie(then)
    visitor.browser.get("/images/")
    let_refreshes_finish()
    answers += visitor.look()
    let_refreshes_finish()

    logged = [repr(vars(record)).encode() for record in caplog.records]
    assert max(map(len, logged)) < 100_000
    everything = b"\n".join([*answers, *logged, *stored()])
    assert TOKEN.encode() not in everything
    escaped = "".join(f"\\u{ord(each):04x}" for each in TOKEN).encode()
    assert escaped not in everything.lower()
