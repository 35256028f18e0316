"""Guessing passwords is throttled over all workers, and only where it is done."""

from __future__ import annotations

import re
from http.client import HTTPConnection
from urllib.parse import urlencode, urlsplit

from tests.browser.conftest import Site
from tests.dashboards import PASSWORD, USER

GUESSES = 20


def sign_in(site: Site, address: str, password: str) -> tuple[int, str]:
    """The status and where it leads, for someone at that address of this machine."""
    host = urlsplit(site.url).netloc
    connection = HTTPConnection(host, source_address=(address, 0), timeout=20)
    connection.request("GET", "/accounts/login/")
    page = connection.getresponse()
    body, cookie = page.read().decode(), (page.getheader("Set-Cookie") or "").split(";")[0]
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', body)
    assert token
    form = {"csrfmiddlewaretoken": token[1], "login": USER, "password": password}
    headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
    headers["Connection"] = "close"  # the next one meets another worker, or not
    connection.request("POST", "/accounts/login/", urlencode(form), headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, answer.getheader("Location") or text


def test_guessing_is_stopped_for_one_address_alone(site: Site) -> None:
    said = [sign_in(site, "127.0.0.9", f"guess {number}")[1] for number in range(GUESSES)]

    throttled = [text for text in said if "Too many failed login attempts" in text]
    assert len(throttled) == GUESSES - 10
    assert "Too many failed" in sign_in(site, "127.0.0.9", PASSWORD)[1]
    assert sign_in(site, "127.0.0.10", PASSWORD) == (302, "/")
