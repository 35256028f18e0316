"""What the tests of the API share: a script with a key in front of the cloud."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from django.core.wsgi import get_wsgi_application
from django.db import connections
from django.test import Client
from django.utils import timezone

from dashboard.api_keys import keys
from dashboard.api_keys.models import ApiKey
from dashboard.audit.trail import Actor
from dashboard.people.models import User
from dashboard.tokens.models import Token
from dashboard.web import limits
from images.sandbox import Sandbox
from tests.integration.conftest import Keep

API = "/api/v1"
REGIONS = ("gz", "bj", "sh")
BY = Actor("test")


class Answer:
    """One answer, read as a script reads it."""

    def __init__(self, response: Any) -> None:
        self.response = response
        self.status: int = response.status_code
        self.headers = response.headers
        self.content: bytes = response.getvalue()
        self.media_type: str = response.headers.get("Content-Type", "")

    def json(self) -> Any:
        return json.loads(self.content)

    @property
    def kind(self) -> str:
        """Of a problem, which is one as RFC 9457 has them."""
        document = self.json()
        assert self.media_type == "application/problem+json"
        assert document["status"] == self.status
        assert document["title"]
        assert document["detail"]
        return str(document["kind"])


@dataclass
class Script:
    """Something with an API key, and no cookie."""

    secret: str
    key: ApiKey

    def get(self, path: str, **headers: str) -> Answer:
        given = {"Authorization": f"Bearer {self.secret}"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        return Answer(
            Client().get(path if path.startswith("/") else f"{API}/{path}", headers=given)
        )

    def follow(
        self, path: str, meanwhile: Callable[[], object] | None = None
    ) -> list[dict[str, Any]]:
        """The images or changes of all answers from this one on, along `next`. After the first one
        something else happens."""
        found: list[dict[str, Any]] = []
        following: str | None = path
        while following:
            answer = self.get(following)
            assert answer.status == 200
            document = answer.json()
            found += document[path.partition("?")[0]]
            following = (document["next"] or "").removeprefix("http://testserver")
            if meanwhile:
                meanwhile()
                meanwhile = None
        return found


MakeScript = Callable[..., Script]


class Silent(WSGIRequestHandler):
    def log_message(self, *args: object) -> None: ...


@pytest.fixture
def address() -> Iterator[str]:
    """The site on a socket."""
    with make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=Silent) as server:

        def serve() -> None:
            server.serve_forever()
            connections.close_all()

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def no_request_counted() -> None:
    limits.forget()


@pytest.fixture
def script_of(db: None) -> MakeScript:
    """Makes a key of a person."""

    def script_of(owner: User, *, days: int = 90, **scope: Any) -> Script:
        key, secret = keys.make(owner, "Nightly", days=days, by=BY, **scope)
        return Script(secret, key)

    return script_of


@pytest.fixture
def script(person: User, cloud: Sandbox, keep: Keep, script_of: MakeScript) -> Script:
    keep(person, cloud.token)
    return script_of(person)


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("images.cloud.client.FIRST_PAUSE_SECONDS", 0.0)


def the_token() -> Token:
    return Token.objects.get()


def expire(key: ApiKey) -> None:
    ApiKey.objects.filter(pk=key.pk).update(expires_at=timezone.now())
