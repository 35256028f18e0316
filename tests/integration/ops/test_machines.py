"""Two dashboards over one database and cache, as on two machines: what one does counts on both."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import pairwise

import pytest
import requests

from images.sandbox import Sandbox
from tests import dashboards
from tests.dashboards import ON_SERVERS, PASSWORD, USER
from tests.stack import running

pytestmark = pytest.mark.backend

LOGIN = "/accounts/login/"
CSRF = r'name="csrfmiddlewaretoken" value="(\w+)"'
PROGRESS = "/overview/display"  # of running jobs, among others
PEOPLE = 12
LIMIT = 50  # so many that every request is told to the other machine at once


class Person:
    """Somebody in front of both machines, with one session."""

    def __init__(self, ports: list[int]) -> None:
        self.session = requests.Session()
        self.session.trust_env = False
        self.machines = [f"http://127.0.0.1:{port}" for port in ports]

    def get(self, machine: int, path: str) -> requests.Response:
        url = self.machines[machine % len(self.machines)] + path
        return self.session.get(url, timeout=60, allow_redirects=False)

    def sign_in(self, machine: int, password: str) -> int:
        found = re.search(CSRF, self.get(machine, LOGIN).text)
        assert found
        form = {"login": USER, "password": password, "csrfmiddlewaretoken": found[1]}
        url = self.machines[machine % len(self.machines)] + LOGIN
        return self.session.post(url, form, timeout=60, allow_redirects=False).status_code


@pytest.fixture(scope="module")
def busy_cloud() -> Iterator[Sandbox]:
    with Sandbox(images=250, seed=1, clock=lambda: 1_700_000_000.0, latency=0.05) as cloud:
        yield cloud


@pytest.fixture(scope="module")
def ports(busy_cloud: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[int]]:
    folder = tmp_path_factory.mktemp("machines")
    ports = [running.free_port(), running.free_port()]
    with (
        dashboards.dashboard(busy_cloud.url, busy_cloud.token, folder) as environment,
        ExitStack() as ending,
    ):
        environment |= {"API_REQUESTS_PER_MINUTE": str(LIMIT), "INVENTORY_FRESH_SECONDS": "3600"}
        if ON_SERVERS:  # On SQLite both have to share their files, the keys among them.
            environment |= {
                "SECRET_KEY": (folder / "secret_key").read_text(),
                "TOKEN_KEYS": (folder / "token_keys").read_text(),
                "AUDIT_KEYS": (folder / "audit_keys").read_text(),
            }
        for port in ports:
            own = {"VAR_DIR": str(folder / str(port))} if ON_SERVERS else {}
            server = running.serve(environment | own, port, folder / "log")
            ending.callback(running.stop, server)
        for port in ports:
            running.wait_until_ready(port)
        yield ports


@pytest.fixture(scope="module")
def people(ports: list[int]) -> list[Person]:
    """Ann, at many screens; she signed in on one machine."""
    found = [Person(ports) for _ in range(PEOPLE)]
    assert found[0].sign_in(0, PASSWORD) == 302
    for each in found:
        each.session.cookies.update(found[0].session.cookies)
    return found


def at_once(ask: Callable[[int], requests.Response]) -> list[requests.Response]:
    with ThreadPoolExecutor(PEOPLE) as pool:
        return list(pool.map(ask, range(PEOPLE)))


def test_a_first_list_is_read_once_for_both(people: list[Person], busy_cloud: Sandbox) -> None:
    busy_cloud.reset_calls()
    answers = at_once(lambda number: people[number].get(number, "/images/"))

    assert Counter(answer.status_code for answer in answers) == {200: PEOPLE}
    assert {re.findall(r'data-total="(\d+)"', answer.text)[0] for answer in answers} == {"750"}
    calls = Counter((call.endpoint, call.region, call.start) for call in busy_cloud.calls)
    assert calls["region/list", None, None] == 1
    assert {region for _, region, _ in calls} >= {"gz", "bj", "sh"}
    assert set(calls.values()) == {1}


def test_jobs_are_asked_for_once_for_both(people: list[Person], busy_cloud: Sandbox) -> None:
    def asked() -> Counter[str | None]:
        """How often, by region."""
        return Counter(call.region for call in busy_cloud.calls if call.endpoint == "result")

    def is_due() -> bool:
        busy_cloud.reset_calls()
        people[0].get(0, PROGRESS)
        return bool(asked())

    running.wait_until(is_due)
    busy_cloud.reset_calls()
    while not asked():  # all come at once, until it is due again
        answers = at_once(lambda number: people[number].get(number, PROGRESS))
        assert Counter(answer.status_code for answer in answers) == {200: PEOPLE}
    assert set(asked().values()) == {1}


def test_one_limit_holds_for_both(people: list[Person]) -> None:
    left = []
    for number in range(6):
        said = people[0].get(number, "/api/v1/regions").headers["RateLimit"]
        found = re.search(r"r=(\d+);t=(\d+)", said)
        assert found
        left.append((int(found[1]), int(found[2])))

    steps = [
        before - after
        for (before, seconds), (after, later) in pairwise(left)
        if later <= seconds  # in the same minute
    ]
    assert len(steps) >= 4
    assert set(steps) == {1}


def test_who_tries_too_often_is_stopped_on_both(ports: list[int]) -> None:
    guesser = Person(ports)
    said = [guesser.sign_in(number, "") for number in range(32)]

    refused = said.index(429)  # 30 a minute, of which others may have used some
    assert refused <= 30
    assert set(said[:refused]) == {200}
    assert set(said[refused:]) == {429}
