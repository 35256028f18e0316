"""People who look at pages all the time, whatever happens meanwhile, and what they saw."""

from __future__ import annotations

import http.client
import re
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle, islice, product

import requests

from tests.stack.running import wait_until

PAGES = ("/images/", "/overview/")
LOGIN = "/accounts/login/"
PAUSE_SECONDS = 0.05
PATIENCE_SECONDS = 60
# What takes longer is trouble too.
SLOW_SECONDS = 2.0
CUT_OFF = 0


@dataclass(frozen=True)
class Seen:
    """A page that somebody asked for, and when (monotonic). `status` is CUT_OFF where the answer
    did not come whole."""

    path: str
    began: float
    ended: float
    status: int = CUT_OFF
    text: str = ""

    @property
    def seconds(self) -> float:
        return self.ended - self.began


class Visitors:
    """They share a sign-in, and go from page to page of each of the servers."""

    def __init__(self, ports: Sequence[int], cookie: str, people: int = 6) -> None:
        self.seen: list[Seen] = []
        self._ports, self._cookie, self._over = ports, cookie, threading.Event()
        places = list(product(PAGES, ports))
        self._people = [
            threading.Thread(target=self._look, args=(islice(cycle(places), start, None),))
            for start in range(people)
        ]

    def __enter__(self) -> Visitors:
        for person in self._people:
            person.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        for person in self._people:
            person.join()

    def again(self) -> Visitors:
        """The same people, later."""
        return Visitors(self._ports, self._cookie, len(self._people))

    def _look(self, places: islice[tuple[str, int]]) -> None:
        for path, port in places:
            if self._over.wait(PAUSE_SECONDS):
                return
            self.seen.append(get(port, path, self._cookie))

    def see(self, pages: int) -> None:
        """Until they have seen so many pages more, all of them asked for from now on."""
        now = time.monotonic()
        wait_until(lambda: len(self.since(now)) >= pages)

    def since(self, moment: float) -> list[Seen]:
        """What was asked for since then, as far as it was answered."""
        return [each for each in self.seen if each.began >= moment]

    def trouble(self, moment: float) -> float:
        """For how many seconds after that moment there were pages that failed or took long."""
        bad = [
            each.ended - moment
            for each in self.seen
            if each.status != 200 or each.seconds > SLOW_SECONDS
        ]
        return max(bad, default=0.0)


def get(port: int, path: str, cookie: str) -> Seen:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
    began = time.monotonic()
    try:
        connection.request("GET", path, headers={"Cookie": cookie})
        answer = connection.getresponse()
        text = answer.read().decode()
    except (OSError, http.client.HTTPException):
        return Seen(path, began, time.monotonic())
    finally:
        connection.close()
    return Seen(path, began, time.monotonic(), answer.status, text)


class Person:
    """Somebody who signs in, and sends forms."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}"
        self._session = requests.Session()
        self._session.trust_env = False

    @property
    def cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self._session.cookies.items())

    def sign_in(self, user: str, password: str) -> None:
        assert self.post(LOGIN, login=user, password=password) == 302

    def post(self, path: str, **form: str) -> int:
        """The status; CUT_OFF where the page has no form to send, or no answer comes."""
        try:
            page = self._session.get(self._url + path, timeout=PATIENCE_SECONDS)
            token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
            if not token:
                return CUT_OFF
            answer = self._session.post(
                self._url + path,
                {**form, "csrfmiddlewaretoken": token[1]},
                timeout=PATIENCE_SECONDS,
                allow_redirects=False,
            )
        except requests.RequestException:
            return CUT_OFF
        return answer.status_code
