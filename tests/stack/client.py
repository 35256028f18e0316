"""A browser without pages: HTTPS with cookies, from an address of one's choice."""

from __future__ import annotations

import re
import ssl
from dataclasses import dataclass, field
from http.client import HTTPMessage, HTTPSConnection
from http.cookies import SimpleCookie
from urllib.parse import urlencode


@dataclass(frozen=True)
class Answer:
    status: int
    headers: HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass
class Client:
    """Each request has a connection of its own."""

    port: int
    context: ssl.SSLContext
    address: str
    cookies: dict[str, str] = field(default_factory=dict)

    def request(
        self, method: str, path: str, body: str | bytes | None = None, **headers: str
    ) -> Answer:
        connection = HTTPSConnection(
            "localhost",
            self.port,
            context=self.context,
            source_address=(self.address, 0),
            timeout=70,
        )
        if self.cookies:
            cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            headers = {"Cookie": cookie, **headers}
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            self._keep(answer.headers.get_all("Set-Cookie") or [])
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Answer:
        return self.request("GET", path, **headers)

    def post(self, path: str, form: dict[str, str], **headers: str) -> Answer:
        headers |= {"Content-Type": "application/x-www-form-urlencoded"}
        headers |= {"Referer": f"https://localhost:{self.port}/"}
        return self.request("POST", path, urlencode(form), **headers)

    def sign_in(self, user: str, password: str, **headers: str) -> Answer:
        path = "/accounts/login/"
        form = {"login": user, "password": password}
        form["csrfmiddlewaretoken"] = csrf_token(self.get(path, **headers))
        return self.post(path, form, **headers)

    def _keep(self, given: list[str]) -> None:
        for line in given:
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name] = morsel.value


def csrf_token(page: Answer) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
    assert found, page.text
    return found[1]
