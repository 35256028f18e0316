"""One of everything and everyone: people of each role, tokens in several states, links, views and
keys, and a history. All of it made through the door or with commands, as people do it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpResponseBase
from django.test import Client
from django.test.client import ClientHandler

from images.sandbox.faults import Fault
from images.sandbox.life import Life
from tests.bench.inside import Site
from tests.dashboards import PASSWORD

# Role -> the person's name.
PEOPLE = {
    "superuser": "root",
    "team admin": "ada",
    "viewer": "vic",
    "console": "con",
    "stranger": "sam",
    "person without token": "ned",
}
WITHOUT_ACCOUNT = ("anonymous", "display link", "API key")
ROLES = (*PEOPLE, *WITHOUT_ACCOUNT)
REFUSED = "5ec0" * 16
QUERY = "os=CentOS"
HAPPENINGS = ("rename", "status", "resize", "storage", "add", "remove") * 2
IDLE_SECONDS = 1000  # after which lists are read that nobody looks at
APART_SECONDS = 0.3
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


@dataclass
class World:
    site: Site
    cookies: dict[str, Any] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    """What is random, and differs from run to run -> what it is called."""
    ids: dict[str, str] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)
    """The cloud's own ids, of images that are gone as well: the same in every run."""
    handlers: dict[bool, ClientHandler] = field(default_factory=dict)

    def client(self, role: str, *, strict: bool = False) -> Client:
        """A browser, or script, of that role as it was when the world was made."""
        client = Client(raise_request_exception=False, SERVER_NAME="localhost")
        # Each would load the middleware anew, and with it look for every static file.
        client.handler = self.handlers.setdefault(strict, ClientHandler(strict))
        if role == "API key":
            client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {self.ids['api_key']}"
        if role in self.cookies:
            client.cookies.load(self.cookies[role])
        return client

    def keep(self, role: str, client: Client) -> None:
        self.cookies[role] = client.cookies.output(header="", sep=";")

    def post(self, role: str, path: str, /, **form: str) -> str:
        """What the answer says; the form has to have been right."""
        answer = self.client(role).post(path, form, follow=True)
        assert answer.status_code in (200, 302), f"{path}: {answer.status_code}"
        return text_of(answer)

    def get(self, role: str, path: str) -> str:
        answer = self.client(role).get(path)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
        return text_of(answer)

    def find(self, role: str, path: str, pattern: str) -> str:
        found = re.search(pattern, self.get(role, path))
        assert found, f"{path}: {pattern}"
        return found[1]

    def know(self) -> None:
        cloud = self.site.cloud
        for token in (cloud.token, cloud.other_token):
            for region in cloud.regions():
                for image in cloud.images(region["id"], token):
                    self.known |= {str(image["cimgUuid"]), str(image["cimgId"])}

    def call(self, name: str, found: str) -> str:
        """Each in a second of its own: what was made in the same one is in a random order."""
        self.site.clock.now += 1
        self.ids[name] = found
        self.names[found] = f"{{{name}}}"
        return found


def text_of(answer: HttpResponseBase) -> str:
    streamed: Any = answer
    body = b"".join(streamed.streaming_content) if answer.streaming else streamed.content
    return str(body.decode(errors="replace"))


def inhabit(site: Site) -> World:
    world = World(site)
    world.names[site.cloud.url] = "{cloud}"
    _people(world)
    _teams(world)
    _tokens(world)
    _links(world)
    _history(world)
    return world


def _people(world: World) -> None:
    for role, name in PEOPLE.items():
        administers = ("--admin",) if role == "superuser" else ()
        world.site.manage("add_user", name, *administers, given=PASSWORD)
        client = world.client(role)
        answer = client.post("/accounts/login/", {"login": name, "password": PASSWORD})
        assert answer.status_code == 302, role
        world.keep(role, client)


def _teams(world: World) -> None:
    for name in ("Blue", "Red"):
        world.post("superuser", "/teams/", name=name)
    _join(world, "team admin", "blue", "admin")
    _join(world, "viewer", "blue", "viewer")
    _join(world, "console", "blue", "console")
    _join(world, "person without token", "red", "viewer")
    people = world.get("team admin", "/teams/blue/people/")
    ids = re.findall(r"/teams/blue/people/(\d+)/role/", people)
    assert len(set(ids)) == 3
    world.ids["user_id"] = sorted(set(ids))[1]  # the second of three who were made in turn


def _join(world: World, role: str, team: str, as_a: str) -> None:
    said = world.post("superuser", f"/teams/{team}/invitations/", role=as_a)
    link = re.search(r"/invitations/[\w-]{43}/", said)
    assert link, said
    world.post(role, link[0])


def _tokens(world: World) -> None:
    cloud, add = world.site.cloud, world.site.manage
    # What is refused later has to work first.
    cloud.accounts[REFUSED] = cloud.accounts[cloud.other_token]
    for role, label, secret, team in (
        ("team admin", "Main", cloud.token, "blue"),
        ("team admin", "Second", cloud.other_token, ""),
        ("team admin", "Away", REFUSED, "blue"),
        ("team admin", "Off", cloud.token, ""),
        ("stranger", "Own", cloud.other_token, ""),
    ):
        into = ("--team", team) if team else ()
        add("add_token", "--user", PEOPLE[role], "--label", label, *into, given=secret)
        world.call(f"token {label}", _token(world, role, label))
    world.ids["token_id"] = world.ids["token Main"]
    world.post("team admin", f"/tokens/{world.ids['token Off']}/disable/")
    del cloud.accounts[REFUSED]
    world.post("team admin", f"/tokens/{world.ids['token Away']}/check/")


def _token(world: World, role: str, label: str) -> str:
    """The one whose page has that label."""
    for found in sorted(set(re.findall(f"/tokens/({UUID})/", world.get(role, "/tokens/")))):
        if f'value="{label}"' in world.get(role, f"/tokens/{found}/"):
            return str(found)
    raise AssertionError(f"no token {label}")


def _links(world: World) -> None:
    cloud, token = world.site.cloud, world.ids["token Main"]
    screen = {"title": "Wall", "token": token, "query": QUERY, "days": "30", "language": "en"}
    said = world.post("team admin", "/teams/blue/displays/", **screen)
    world.call("display key", _in(said, r"/display/([\w-]{43})/"))
    world.call("display_id", _in(said, f"/displays/({UUID})/revoke/"))
    said = world.post("team admin", "/teams/blue/invitations/", role="viewer")
    world.call("invitation key", _in(said, r"/invitations/([\w-]{43})/"))
    invitation = f"/invitations/({UUID})/withdraw/"
    pending = re.findall(invitation, world.get("team admin", "/teams/blue/people/"))
    world.call("invitation_id", pending[0])
    world.call("api_key", _in(world.post("viewer", "/api-keys/", label="Nightly", days="90"), KEY))
    world.call("key_id", world.find("viewer", "/api-keys/", f"/api-keys/({UUID})/revoke/"))
    for role, name, query in (("viewer", "Mine", "q=web"), ("team admin", "Ours", QUERY)):
        world.post(role, "/views/", name=name, query=query)
        world.call(f"view {name}", world.find(role, "/views/", f"/views/({UUID})/"))
    world.ids["view_id"] = world.ids["view Mine"]
    image = cloud.images("bj")[0]
    world.ids |= {"region": "bj", "uuid": image["cimgUuid"], "as_of": "0", "shown": "none"}
    world.ids |= {"slug": "blue", "which": "one"}


KEY = r"(idk_[\w-]{20,})"


def _in(text: str, pattern: str) -> str:
    found = re.search(pattern, text)
    assert found, pattern
    return found[1]


def _history(world: World) -> None:
    """Everyone looks at the list, then images change, one between two readings."""
    site = world.site
    for role in PEOPLE:
        world.client(role).get("/images/")
    client = world.client("display link")
    assert client.get(f"/display/{world.ids['display key']}/").status_code == 200
    world.keep("display link", client)
    site.settle()
    life = Life(site.cloud, seed=1)
    world.know()
    # In one reading all jobs end. Its regions are to be written down in the same order each time.
    for place, region in enumerate(site.cloud.regions()):
        seconds = place * APART_SECONDS
        site.cloud.misbehave(Fault("slow", region=region["id"], seconds=seconds))
    _read_again(site)
    site.cloud.clear_faults()
    for what in HAPPENINGS:
        life.happen(what)
        _read_again(site)
    world.know()
    for role in ("viewer", "stranger"):
        states = world.client(role).get("/images/").headers["X-Inventory-Regions"]
        assert states.count("state=fresh") == len(site.cloud.regions()), states


def _read_again(site: Site) -> None:
    site.clock.now += IDLE_SECONDS
    site.manage("refresh")
    site.settle()
