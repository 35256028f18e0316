"""Whoever asks, whatever fails: the list over all accounts is what a plain loop over them gives.

The loop knows who may read what from the rules alone, and the images from the cloud. Page, CSV,
JSON, NDJSON, the API by page and by cursor and the counts of the facets have to agree with it.
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import count
from typing import Any
from urllib.parse import parse_qsl, urlencode

import hypothesis
import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given
from hypothesis import strategies as st
from pytest_django import Settings

from dashboard.api_keys import keys
from dashboard.audit.trail import Actor
from dashboard.people.models import Membership, Role, Team, User
from dashboard.tokens.models import Token
from dashboard.web import limits
from images.sandbox import Fault, Sandbox
from images.sandbox.cloud import Account as CloudAccount
from images.sandbox.shelf import Shelf
from tests.integration.conftest import Clock, Keep, read_again
from tests.integration.images import test_truth as truth
from tests.integration.images.pages import FRAGMENT, Page
from tests.integration.images.test_truth import Image, Question, fold
from tests.judged import judged
from tests.marks import many

pytestmark = pytest.mark.backend

URL, API = "/images/", "/api/v1"
BY = Actor("test")
LISTS = 5  # what accounts may list; two tokens may be of one account
EACH = 5  # images a region
QUESTIONS = 4  # of one world
NAMES_OF_REGIONS = {
    "bj": ("Beijing", "北京"),
    "gz": ("Guangzhou", "广州"),
    "sh": ("Shanghai", "上海"),
}
PEOPLE = ("ann", "bob", "dan", "eve", "root")  # the last one is a superuser
TEAMS = ("Blue", "Web 红")
LABELS = ("Prod", "Test 2", "生产", "web", "＝1+1")
ROLES = (Role.VIEWER, Role.ADMIN, Role.CONSOLE, None)
REFUSED, FORBIDDEN, ARREARS = 4, 10000001, 1000011


# What there is


@dataclass(frozen=True)
class Key:
    """What stands for a token: whose it is, what it lists, and what is wrong with it.

    `refused` is what the cloud says to everything, `silent` a region that cannot be listed; `ended`
    says that it is disabled or has expired.
    """

    owner: str
    team: str | None
    label: str
    lists: int
    refused: int
    silent: str | None
    ended: str


@dataclass(frozen=True)
class Plan:
    """A world as data: the role of each person in each team, and the tokens."""

    roles: dict[tuple[str, str], Role | None]
    keys: list[Key]


fine = st.sampled_from((0, 0, 0, 0, 0, 0, REFUSED, ARREARS))
sound = st.sampled_from((None, None, None, None, *truth.REGIONS))
going = st.sampled_from(("", "", "", "", "", "disabled", "expired"))


def token_plans() -> st.SearchStrategy[Key]:
    return st.builds(
        Key,
        st.sampled_from(PEOPLE),
        st.sampled_from((*TEAMS, *TEAMS, None)),
        st.sampled_from(LABELS),
        st.integers(0, LISTS - 1),
        fine,
        sound,
        going,
    )


plans = st.builds(
    Plan,
    st.fixed_dictionaries(
        {(person, team): st.sampled_from(ROLES) for person in PEOPLE for team in TEAMS}
    ),
    st.lists(token_plans(), min_size=2, max_size=5, unique_by=lambda key: (key.owner, key.label)),
)


@dataclass(frozen=True)
class Row:
    """An image as an account lists it."""

    account: str
    image: Image

    @property
    def place(self) -> tuple[str, str, str]:
        return self.account, *truth.place(self.image)

    @property
    def exported(self) -> Image:
        return {**self.image, "account": self.account}


@dataclass
class World:
    """The plan, with what stands for it in the database and in the cloud."""

    plan: Plan
    tokens: list[Token]
    rows: dict[str, list[Row]] = field(default_factory=dict)

    def readable(self, person: str) -> list[tuple[Key, Token]]:
        """One's own, and those of one's teams; a superuser's are those of every team."""
        return [
            (key, token)
            for key, token in zip(self.plan.keys, self.tokens, strict=True)
            if key.owner == person
            or (key.team and (person == "root" or self.plan.roles[person, key.team]))
        ]

    def is_console(self, person: str) -> bool:
        """A superuser is none; who is nothing but that in every team may not have keys."""
        roles = {self.plan.roles[person, team] for team in TEAMS} - {None}
        return person != "root" and roles == {Role.CONSOLE}


@dataclass
class Stage:
    """Where worlds are put up: the cloud, what is listed there, and the people."""

    cloud: Sandbox
    keep: Keep
    shelves: list[dict[str, Shelf]]
    images: list[dict[str, list[Image]]]
    people: dict[str, User]
    teams: dict[str, Team]
    secrets: Iterator[int] = field(default_factory=lambda: count(1))

    def put_up(self, plan: Plan) -> World:
        Token.objects.all().delete()
        Membership.objects.all().delete()
        for (person, team), role in plan.roles.items():
            if role:
                Membership.objects.create(
                    user=self.people[person], team=self.teams[team], role=role
                )
        world = World(plan, [self._token(key) for key in plan.keys])
        for key, token in zip(plan.keys, world.tokens, strict=True):
            silent = truth.REGIONS if key.refused or key.ended else (key.silent,)
            world.rows[str(token.pk)] = [
                Row(str(token.pk), image)
                for region, images in self.images[key.lists].items()
                if region not in silent
                for image in images
            ]
        return world

    def _token(self, key: Key) -> Token:
        secret = f"{next(self.secrets):064x}"
        refused = {"*": key.refused} if key.refused else {}
        self.cloud.accounts[secret] = CloudAccount(self.shelves[key.lists], refused)
        if key.silent:
            self.cloud.misbehave(Fault("errno", "cimg/list", key.silent, secret, errno=FORBIDDEN))
        ended: dict[str, dict[str, Any]] = {
            "disabled": {"disabled_at": timezone.now()},
            "expired": {"expires_on": date(2020, 1, 1)},
        }
        read_again(secret, everything=True)
        team = self.teams[key.team] if key.team else None
        return self.keep(
            self.people[key.owner], secret, key.label, team=team, **ended.get(key.ended, {})
        )


@pytest.fixture
def stage(keep: Keep, settings: Settings, clock: Clock) -> Iterator[Stage]:
    settings.INVENTORY_FRESH_SECONDS = 3600
    people = {name: User.objects.create_user(name) for name in PEOPLE}
    User.objects.filter(username="root").update(is_superuser=True)
    teams = {name: Team.objects.create(name=name, slug=f"t{at}") for at, name in enumerate(TEAMS)}
    with Sandbox(images=0, clock=clock) as cloud:
        settings.DIDIYUN_API_URL = cloud.url
        shelves = [
            {region: Shelf(f"list {each}", region, EACH, clock.now) for region in truth.REGIONS}
            for each in range(LISTS)
        ]
        # What other accounts list as well, and what is odd.
        for region in truth.REGIONS:
            for image in shelves[0][region].images(clock.now)[:2]:
                shelves[1][region].add(1, image)
                shelves[2][region].add(0, {**image, "name": "shared, but called otherwise"})
        cloud.accounts[cloud.token] = CloudAccount(shelves[0])
        truth.add_odd_images(cloud)
        images = [
            {
                region: [judged(image, region, "") for image in shelf.images(clock.now)]
                for region, shelf in each.items()
            }
            for each in shelves
        ]
        yield Stage(cloud, keep, shelves, images, people, teams)


# What is asked


@dataclass(frozen=True)
class Asked:
    """A question about images, and which accounts: the texts of the address, and their ids.

    `unknown` says that one of the texts means no account that the person may read. `names` are what
    words find each account by.
    """

    question: Question
    written: list[tuple[str, str]]
    chosen: frozenset[str]
    excluded: frozenset[str]
    unknown: bool
    names: dict[str, tuple[str, ...]]

    @property
    def canonical(self) -> list[tuple[str, str]]:
        """The question without what means nothing, the accounts by their ids."""
        said = [pair for pair in self.question.written if pair not in truth.INVALID]
        said = [pair for pair in said if pair[0] not in ("page", "size")]
        nowhere = [("min_disk", value) for value, _ in truth.NOWHERE]
        return [
            *(pair for pair in said if pair not in nowhere),
            *(("account", each) for each in sorted(self.chosen)),
            *(("-account", each) for each in sorted(self.excluded)),
        ]

    def lets_in(self, account: str) -> bool:
        return (not self.chosen or account in self.chosen) and account not in self.excluded

    def fits(self, row: Row, *, without: str = "") -> bool:
        """Whether the row is selected, or is but for what is said of one facet."""
        wanted = {name: each for name, each in self.question.wanted.items() if name != without}
        # What is no size says nothing.
        wanted["min_disk"] = [
            each for each in wanted.get("min_disk", ()) if (each, each) not in truth.NOWHERE
        ]
        wanted = {name: each for name, each in wanted.items() if each}
        words = wanted.pop("q", [])
        return truth.fits(row.image, wanted) and all(self.has(row, word) for word in words)

    def has(self, row: Row, word: str) -> bool:
        """Words are part of a text, or how a word of what the account or region is called begins.

        A region is also meant by all of its id."""
        region = row.image["region"]
        names = (*self.names[row.account], *NAMES_OF_REGIONS[region])
        word = fold(word)
        return (
            truth.has_text(row.image, word)
            or word == region
            or any(f" {word}" in f" {fold(name)}" for name in names)
        )


def askers(world: World) -> st.SearchStrategy[str]:
    """Who may read something asks more often."""
    readers = [each for each in PEOPLE if any(not key.ended for key, _ in world.readable(each))]
    return st.sampled_from((*readers, *readers, *readers, *PEOPLE))


def asked(draw: st.DrawFn, stage: Stage, world: World, person: str) -> Asked:
    found = world.readable(person)
    rows = [row for _key, token in found for row in world.rows[str(token.pk)]]
    everything = [image for each in stage.images for of in each.values() for image in of]
    question = draw(truth.questions([row.image for row in rows] or everything))
    written = []
    ids: dict[str, set[str]] = {"account": set(), "-account": set()}
    unknown = False
    for name in draw(
        st.lists(st.sampled_from(("account", "token", "-account", "account")), max_size=2)
    ):
        own = [token for _key, token in found]
        meant = draw(st.sampled_from((*own, *own, *own, *world.tokens)))
        texts = [str(meant.pk), str(meant.pk).upper(), meant.label, meant.label.upper()]
        if meant.team:
            texts.append(f"{meant.label} · {meant.team.name}")
        text = draw(st.sampled_from(texts))
        written.append((name, text))
        of = {
            str(token.pk)
            for _key, token in found
            if fold(text) in (str(token.pk), fold(token.label), fold(title(token)))
        }
        ids["-account" if name == "-account" else "account"] |= of
        unknown = unknown or not of
    names = {
        str(token.pk): (key.label, *([key.team] if key.team else ()), key.owner)
        for key, token in found
    }
    return Asked(
        question, written, frozenset(ids["account"]), frozenset(ids["-account"]), unknown, names
    )


def title(token: Token) -> str:
    return f"{token.label} · {token.team.name}" if token.team else token.label


# What everyone says


class Answer:
    """What was sent, whole: whoever sends several at once has to wait."""

    def __init__(self, response: Any) -> None:
        self.status: int = response.status_code
        self.content: bytes = response.getvalue()


def assert_agree(browser: Client, world: World, found: list[tuple[Key, Token]], of: Asked) -> int:
    """Return how many rows there are, -1 where there is nothing to be read."""
    query = urlencode([*of.question.written, *of.written])
    page = Page(browser.get(f"{URL}?{query}", headers=FRAGMENT if of.question.fragment else {}))
    csv_file, json_file = (
        Answer(browser.get(f"{URL}export.{each}?{query}")) for each in ("csv", "json")
    )
    working = [(key, token) for key, token in found if not key.ended]
    asked_for = [key for key, token in working if of.lets_in(str(token.pk))]
    if not working:
        assert page.total is None
        assert {csv_file.status, json_file.status} == {403}
        assert browser.get(f"{API}/images").status_code == 403
        return -1
    if of.unknown:
        assert {csv_file.status, json_file.status} == {404}
        assert browser.get(f"{API}/images?{urlencode(of.written)}").status_code == 404
    ended = any(key.ended and of.lets_in(str(token.pk)) for key, token in found)
    if all(key.refused for key in asked_for) and (asked_for or ended):
        assert page.total is None
        statuses = {page.status} if of.unknown else {page.status, csv_file.status, json_file.status}
        assert min(statuses) >= 400
        return -1
    assert ("not an account that you may read" in page.html) == of.unknown

    expected = [
        row
        for _key, token in working
        if of.lets_in(str(token.pk))
        for row in world.rows[str(token.pk)]
        if of.fits(row)
    ]
    assert page.total == len(expected)
    places = _over_all_pages(browser, query, of.question)
    assert sorted(places) == sorted(row.place for row in expected)
    on_page = [_place(row) for row in page.rows]
    assert on_page == truth.cut(places, of.question.page, of.question.size)
    if of.question.sort.removeprefix("-") in truth.ORDERS:
        assert places == [row.place for row in _in_order(expected, of.question.sort)]
    if of.unknown:
        return len(expected)

    by_place = {row.place: row.exported for row in expected}
    exported = [by_place[place] for place in places]
    assert {csv_file.status, json_file.status} == {200}
    document = json.loads(json_file.content)
    assert document["images"] == exported
    assert document["total"] == len(expected)
    _assert_table(csv_file.content.decode("utf-8-sig"), exported, dict(_titles(found)))
    if any(key.ended for key, token in found if str(token.pk) in of.chosen):
        assert browser.get(f"{API}/images?{urlencode(of.written)}").status_code == 403
    else:
        _assert_api(browser, document["query"], exported)
        _assert_counts(browser, document["query"], of, working, world)
    return len(expected)


def _place(row: Any) -> tuple[str, str, str]:
    names = ("data-account", "data-region", "data-image")
    account, region, uuid = (row.attributes[name] for name in names)
    return account, region, uuid


def _titles(found: list[tuple[Key, Token]]) -> Iterator[tuple[str, str]]:
    return ((str(token.pk), title(token)) for _key, token in found)


def _over_all_pages(browser: Client, query: str, asked: Question) -> list[tuple[str, str, str]]:
    """The rows of every page, each page once."""
    pairs = [pair for pair in parse_qsl(query, keep_blank_values=True) if pair[0] != "page"]
    found: list[tuple[str, str, str]] = []
    for number in count(1):
        address = f"{URL}?{urlencode([*pairs, ('page', number)])}"
        page = Page(browser.get(address, headers=FRAGMENT))
        found += map(_place, page.rows)
        assert page.total is not None
        if number * asked.size >= page.total:
            return found
    raise AssertionError


def _in_order(rows: list[Row], sort: str) -> list[Row]:
    """Those that are equal in all else are in the order of their accounts."""
    rows = sorted(rows, key=lambda row: row.account)
    ordered = truth.in_order([row.exported for row in rows], sort)
    of = {row.place: row for row in rows}
    return [of[image["account"], image["region"], image["cimgUuid"]] for image in ordered]


def _assert_table(text: str, exported: list[Image], titles: dict[str, str]) -> None:
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    told = [(row["region"], row["cimgUuid"], row["account"].removeprefix("'")) for row in rows]
    assert told == [
        (image["region"], image["cimgUuid"], titles[image["account"]]) for image in exported
    ]
    assert next(iter(csv.reader(io.StringIO(text, newline=""))))[-1] == "account"


def _assert_api(browser: Client, query: str, exported: list[Image]) -> None:
    """By page, by cursor, line by line and as a table."""
    pairs = [pair for pair in parse_qsl(query) if pair[0] not in ("page", "columns", "density")]
    plain = urlencode([pair for pair in pairs if pair[0] != "size"])
    by_page: list[Image] = []
    for number in count(1):
        answer = browser.get(f"{API}/images?{urlencode([*pairs, ('page', number)])}").json()
        assert answer["total"] == len(exported)
        by_page += answer["images"]
        if number >= answer["pages"]:
            break
    assert by_page == exported
    by_cursor: list[Image] = []
    following = f"{API}/images?{urlencode(pairs)}"
    while following:
        answer = browser.get(following).json()
        by_cursor += answer["images"]
        following = (answer["next"] or "").removeprefix("http://testserver")
    assert by_cursor == exported
    lines = Answer(browser.get(f"{API}/images.ndjson?{plain}"))
    assert [json.loads(line) for line in lines.content.splitlines()] == exported
    table = Answer(browser.get(f"{API}/images.csv?{plain}"))
    rows = list(csv.DictReader(io.StringIO(table.content.decode("utf-8-sig"), newline="")))
    assert [row["cimgUuid"] for row in rows] == [image["cimgUuid"] for image in exported]


def _assert_counts(
    browser: Client, query: str, of: Asked, working: list[tuple[Key, Token]], world: World
) -> None:
    """Of each facet, how many there are of each value if none were chosen."""
    told = browser.get(f"{API}/facets?{query}").json()["facets"]
    everything = [row for _key, token in working for row in world.rows[str(token.pk)]]
    let_in = [row for row in everything if of.lets_in(row.account)]
    for name, values_of in truth.FACETS.items():
        kept = [values_of(row.image) for row in let_in if of.fits(row, without=name)]
        counts = Counter(_spelled(name, value) for values in kept for value in values)
        left_out = set(of.question.wanted.get(f"-{name}", ()))
        shown = {
            each["value"]: each["count"]
            for each in told[name]
            if each["count"] and not each["excluded"]
        }
        assert shown == counts, name
        assert {each["value"] for each in told[name] if each["excluded"]} == left_out
    counts = Counter(row.account for row in everything if of.fits(row))
    shown = {each["value"]: each["count"] for each in told["account"]}
    expected = {account: counts[account] for account in {*counts, *of.chosen, *of.excluded}}
    assert shown == expected


def _spelled(facet: str, value: str) -> str:
    """The sandbox has no disk but of whole GiB."""
    is_size = facet == "min_disk" and value.isdecimal()
    return f"{int(value) // 2**30}GiB" if is_size else value


def assert_a_key_agrees(owner: User, narrow: Token, world: World, person: str, of: Asked) -> None:
    """A key for the team of a token, or for a token without one, opens that and nothing else."""
    scope: dict[str, Any] = {"team": narrow.team} if narrow.team else {"token": narrow}
    opened = {
        str(token.pk): key
        for key, token in world.readable(person)
        if (token.team == narrow.team if narrow.team else token == narrow)
    }
    _key, secret = keys.make(owner, "Script", days=1, by=BY, **scope)
    query = urlencode([("size", 200), *of.canonical])
    answer = Answer(
        Client().get(f"{API}/images?{query}", headers={"Authorization": f"Bearer {secret}"})
    )
    working = {account for account, key in opened.items() if not key.ended}
    asked_for = {account for account in working if of.lets_in(account)}
    if (of.chosen | of.excluded) - opened.keys():
        assert answer.status == 404
    elif not working or any(opened[account].ended for account in of.chosen):
        assert answer.status == 403
    elif asked_for and all(opened[account].refused for account in asked_for):
        assert answer.status >= 400
    else:
        assert json.loads(answer.content)["total"] == sum(
            of.fits(row) for account in asked_for for row in world.rows[account]
        )


def test_everyone_is_told_the_truth_of_what_they_may_read(stage: Stage) -> None:
    totals: list[int] = []

    @hypothesis.settings(
        max_examples=many(14, 150),
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],  # To make a world smaller takes minutes.
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(st.data())
    def agree(data: st.DataObject) -> None:
        world = stage.put_up(data.draw(plans))
        for _question in range(QUESTIONS):
            person = data.draw(askers(world))
            of = data.draw(st.composite(asked)(stage, world, person))
            browser = Client()
            browser.force_login(stage.people[person])
            limits.forget()
            totals.append(assert_agree(browser, world, world.readable(person), of))
            if not (world.is_console(person) or of.unknown):
                narrow = data.draw(st.sampled_from(world.tokens))
                assert_a_key_agrees(stage.people[person], narrow, world, person, of)

    agree()

    some = [total for total in totals if total > 0]
    assert len(some) > len(totals) // 3
    assert len(set(some)) > 10
