"""Every address, for everyone, with every method, against the one table of the policy.

The addresses are those the site has: a new one without a line in `PAGES` fails here.
"""

from __future__ import annotations

import itertools
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import (
    Resolver404,
    URLPattern,
    URLResolver,
    get_resolver,
    resolve,
    reverse,
)

from dashboard.api_keys import keys
from dashboard.audit.trail import Actor
from dashboard.displays import links
from dashboard.people import policy, teams
from dashboard.people.models import Role, Team, User
from dashboard.saved_views import saving
from dashboard.tokens.models import Token
from dashboard.web import routes
from images.sandbox import Sandbox
from tests.browser.states import STATES
from tests.dashboards import ROOT
from tests.integration import cached
from tests.integration.masking import masked
from tests.marks import EVERYTHING

BY = Actor("test")
METHODS = ("get", "post")
NOBODYS = ("put", "delete")  # which no address takes, whoever asks
SAFE = ("get",)


@dataclass(frozen=True)
class Page:
    """What an address asks of the policy. `on` is what the action is on: a token, a team, a saved
    view, an account that the query names ("reading"), a key in the address, or nothing."""

    action: str
    on: str = ""
    methods: tuple[str, ...] = ("get", "post")  # nothing has others
    post: str = ""
    """The action of its POST, where that is another one."""


TOKEN, TEAM, READING, VIEW, KEY = "token", "team", "reading", "view", "key"
API_KEY = "API key"
DOOR = Page("door.use")
ACCOUNT = Page("account.manage")

PAGES = {
    "home": Page("images.view", methods=SAFE),
    "healthz": Page("door.use", methods=SAFE),
    "readyz": Page("door.use", methods=SAFE),
    "metrics": Page("door.use", methods=SAFE),  # by where it comes from: test_metrics.py
    "set_language": DOOR,
    "set_theme": Page("door.use", methods=("post",)),
    "account_login": DOOR,
    "account_logout": DOOR,
    "account_inactive": Page("door.use", methods=SAFE),
    "account_signup": DOOR,
    "account_change_password": ACCOUNT,
    "account_set_password": Page("account.manage", methods=SAFE),
    "account_reauthenticate": ACCOUNT,
    "mfa_index": Page("account.manage", methods=SAFE),
    "mfa_authenticate": DOOR,
    "mfa_reauthenticate": ACCOUNT,
    "mfa_activate_totp": ACCOUNT,
    "mfa_deactivate_totp": ACCOUNT,
    "mfa_view_recovery_codes": Page("account.manage", methods=SAFE),
    "mfa_generate_recovery_codes": ACCOUNT,
    "mfa_download_recovery_codes": ACCOUNT,  # a POST is sent to prove who it is
    "images:list": Page("token.read_with", READING, SAFE),
    "images:compare": Page("token.read_with", READING, SAFE),
    "images:palette": Page("token.read_with", READING, SAFE),
    "images:suggestions": Page("token.read_with", READING, SAFE),
    "images:looks": Page("images.view", methods=("post",)),
    "images:refresh": Page("token.read_with", READING, ("post",)),
    "images:export-csv": Page("token.read_with", READING, SAFE),
    "images:export-json": Page("token.read_with", READING, SAFE),
    "images:news": Page("token.read_with", READING, SAFE),
    "images:detail": Page("token.read_with", READING, SAFE),
    "images:look": Page("token.read_with", READING, SAFE),
    "changes": Page("token.read_with", READING, SAFE),
    "changes_csv": Page("token.read_with", READING, SAFE),
    "changes_json": Page("token.read_with", READING, SAFE),
    "overview": Page("token.read_with", READING, SAFE),
    "coverage": Page("token.read_with", READING, SAFE),
    "overview_display": Page("token.read_with", READING, SAFE),
    "display": Page("screen.view", KEY, SAFE),
    "view_list": Page("images.view", post="views.keep"),
    "view_menu": Page("images.view", methods=SAFE),
    "view_edit": Page("view.change", VIEW),
    "view_begin": Page("view.open", VIEW, ("post",)),
    "view_delete": Page("view.change", VIEW),
    "token_list": Page("tokens.keep"),
    "token_replace": Page("token.manage", TOKEN),
    "token_delete": Page("token.manage", TOKEN),
    "token_page": Page("token.manage", TOKEN),
    "token_compare": Page("token.manage", TOKEN, SAFE),
    "token_switch": Page("token.manage", TOKEN),
    "token_keep": Page("token.manage", TOKEN),
    "token_restore": Page("token.manage", TOKEN),
    "token_disable": Page("token.manage", TOKEN),
    "token_enable": Page("token.manage", TOKEN),
    "token_check": Page("token.manage", TOKEN),
    "team_list": Page("teams.list", post="teams.create"),
    "team_page": Page("team.view", TEAM, SAFE),
    "team_people": Page("team.view", TEAM, SAFE),
    "team_leave": Page("team.leave", TEAM),
    "team_settings": Page("team.manage", TEAM),
    "team_delete": Page("team.delete", TEAM),
    "member_role": Page("team.manage", TEAM),
    "member_remove": Page("team.manage", TEAM),
    "invitation_make": Page("team.manage", TEAM),
    "invitation_withdraw": Page("team.manage", TEAM),
    "account_switch_off": Page("site.administer"),
    "account_delete": Page("site.administer"),
    "invitation": Page("door.use", KEY),
    "display_list": Page("team.manage", TEAM),
    "display_revoke": Page("team.manage", TEAM),
    "team_audit": Page("audit.read", TEAM, SAFE),
    "team_audit_csv": Page("audit.read", TEAM, SAFE),
    "my_audit": Page("audit.read_own", methods=SAFE),
    "audit_list": Page("audit.read_all", methods=SAFE),
    "audit_csv": Page("audit.read_all", methods=SAFE),
    "api_key_list": Page("keys.keep"),
    "api_key_revoke": Page("account.manage", API_KEY),
    "api:page": Page("images.view", methods=SAFE),
    "api:openapi": Page("images.view", methods=SAFE),
    "api:list_images": Page("token.read_with", READING, SAFE),
    "api:one_image": Page("token.read_with", READING, SAFE),
    "api:facets": Page("token.read_with", READING, SAFE),
    "api:regions": Page("token.read_with", READING, SAFE),
    "api:show_overview": Page("token.read_with", READING, SAFE),
    "api:stream_lines": Page("token.read_with", READING, SAFE),
    "api:stream_table": Page("token.read_with", READING, SAFE),
    "api:changes": Page("token.read_with", READING, SAFE),
    "api:tokens": Page("images.view", methods=SAFE),
}

# What leaves out an account that one may not read, and shows what one may: all but files and API.
LEAVING_OUT = {
    name
    for name, page in PAGES.items()
    if page.on == READING and not name.startswith("api:") and name not in routes.EXPORT_ROUTES
}
# Addresses without a page of their own: files, answers for machines, parts of other pages.
ONLY_PART = (
    *("home", "healthz", "readyz", "metrics", "images:look", "images:news", "view_menu"),
    "images:suggestions",
    *("images:export-csv", "images:export-json", "changes_csv", "changes_json"),
    *("audit_csv", "team_audit_csv", "mfa_download_recovery_codes"),
)
# What acts, and leads back.
ONLY_ACTS = (
    *("set_language", "invitation_make"),
    *("token_check", "token_disable", "token_enable"),
    *("token_restore", "token_switch"),
)
# Pages of which `tests/browser/states.py` has no picture.
NOT_SHOWN = (
    *("account_inactive", "account_reauthenticate", "account_set_password", "account_signup"),
    *("mfa_authenticate", "mfa_reauthenticate", "mfa_deactivate_totp"),
    *("mfa_generate_recovery_codes", "mfa_view_recovery_codes"),
)

# About one's own second factor; who has none is told that there is nothing.
OF_SECOND_FACTOR = (
    "mfa_deactivate_totp",
    "mfa_view_recovery_codes",
    "mfa_download_recovery_codes",
)

# How each of these people stands: to the team and the token they ask about, and to nothing in
# particular. The owner is a viewer of the team otherwise.
PEOPLE: dict[str, tuple[str, str, str]] = {
    "anonymous": (policy.ANONYMOUS, policy.ANONYMOUS, policy.ANONYMOUS),
    "stranger": (policy.STRANGER, policy.STRANGER, policy.PERSON),
    "viewer": (policy.VIEWER, policy.VIEWER, policy.PERSON),
    "owner": (policy.VIEWER, policy.OWNER, policy.PERSON),
    "admin": (policy.ADMIN, policy.ADMIN, policy.PERSON),
    "admin of another team": (policy.STRANGER, policy.STRANGER, policy.PERSON),
    "console": (policy.CONSOLE, policy.CONSOLE, policy.CONSOLE),
    "display key": (policy.ANONYMOUS, policy.ANONYMOUS, policy.ANONYMOUS),
    # The owner's: below /api/ it is the owner, elsewhere it is nobody.
    "API key": (policy.ANONYMOUS, policy.ANONYMOUS, policy.ANONYMOUS),
    "superuser": (policy.SUPERUSER, policy.SUPERUSER, policy.SUPERUSER),
}


def addresses(patterns: list[Any], before: str = "") -> Iterator[str]:
    """The name of every address of the site; those of Django's administration are one."""
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            yield before + (pattern.name or "")
        elif isinstance(pattern, URLResolver) and pattern.namespace != "admin":
            inside = f"{pattern.namespace}:" if pattern.namespace else before
            yield from addresses(pattern.url_patterns, inside)


NAMES = sorted(set(addresses(get_resolver().url_patterns)))


@dataclass
class World:
    """A team with one of everything, and everyone who may ask about it."""

    team: Team
    token: Token
    people: dict[str, User]
    key: str
    api_key: str
    ids: dict[str, Any] = field(default_factory=dict)

    def client(self, who: str) -> Client:
        client = Client()
        if who == "API key":
            client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {self.api_key}"
        if who in self.people:
            client.force_login(self.people[who])
        elif who == "display key":
            assert client.get(reverse("display", args=[self.key])).status_code == 200
        return client

    def address(self, name: str, **changes: Any) -> str:
        """The address of that name about the team's things, or others in their place."""
        found = [each for each in _patterns(get_resolver().url_patterns) if each[0] == name]
        ids = self.ids | changes
        kwargs = {each: ids[each] for each in found[0][1]}
        if name == "invitation":
            kwargs = {"key": ids["invitation_key"]}
        url = reverse(name, kwargs=kwargs)
        named = ids["token_id"] if PAGES[name].on == READING else None
        return f"{url}?account={named}" if named else url


def _patterns(patterns: list[Any], before: str = "") -> Iterator[tuple[str, list[str]]]:
    for each in patterns:
        if isinstance(each, URLPattern):
            yield before + (each.name or ""), list(each.pattern.converters)
        elif isinstance(each, URLResolver) and each.namespace != "admin":
            inside = f"{each.namespace}:" if each.namespace else before
            yield from _patterns(each.url_patterns, inside)


@pytest.fixture
def world(cloud: Sandbox, keep: Callable[..., Token]) -> World:
    people = {
        name: User.objects.create_user(name, password="x") for name in PEOPLE if name != "anonymous"
    }
    del people["display key"], people["API key"]
    people["superuser"].is_superuser = people["superuser"].is_staff = True
    people["superuser"].save()
    blue, red = teams.create("Blue", by=BY), teams.create("Red", by=BY)
    for name, role in (("admin", "admin"), ("viewer", "viewer"), ("owner", "viewer")):
        teams.set_role(blue, people[name], role, by=BY)
    teams.set_role(blue, people["console"], Role.CONSOLE, by=BY)
    teams.set_role(red, people["admin of another team"], Role.ADMIN, by=BY)
    for name in ("stranger", "admin of another team"):
        keep(people[name], "0" * 64)
    token = keep(people["owner"], cloud.token, team=blue)
    display, key = links.make(blue, token, "Wall", query="", days=7, language="en", by=BY)
    invitation, invitation_key = teams.invite(blue, Role.VIEWER, by=BY)
    _key, api_key = keys.make(people["owner"], "Nightly", days=7, by=BY)
    others, _secret = keys.make(people["viewer"], "Theirs", days=7, by=BY)
    view = saving.save(people["owner"], "Golden", "q=golden", blue, by=BY)
    uuid_of_an_image = cloud.images("bj")[0]["cimgUuid"]
    ids = {
        "slug": blue.slug,
        "token_id": token.pk,
        "user_id": people["viewer"].pk,
        "invitation_id": invitation.pk,
        "invitation_key": invitation_key,
        "display_id": display.pk,
        "view_id": view.pk,
        "key_id": others.pk,
        "key": key,
        "region": "bj",
        "uuid": uuid_of_an_image,
        "as_of": 0,
        "shown": "none",
    }
    return World(blue, token, people, key, api_key, ids)


def test_every_address_has_a_line() -> None:
    assert set(NAMES) == set(PAGES)


def test_every_page_is_tried_in_the_browser_or_known_not_to_be() -> None:
    shown = {name for state in STATES for name in named(state.address)}
    opened = {name for name, page in PAGES.items() if "get" in page.methods}

    assert opened - shown == {
        *(name for name in opened - shown if name.startswith("api:")),
        *ONLY_PART,
        *ONLY_ACTS,
        *NOT_SHOWN,
    }


def named(address: str) -> Iterator[str]:
    """The name of an address of the browser's tests, whatever its braces stand for."""
    path = address.partition("?")[0]
    for filler in ("1", str(uuid.UUID(int=0)), f"bj/{'f' * 32}"):
        with suppress(Resolver404):
            yield resolve(re.sub(r"\{[^}]*\}", filler, path)).view_name


def test_what_is_limited_noted_or_kept_secret_by_its_name_is_an_address() -> None:
    """A name that no address has any more would let everything through."""
    sets = (
        routes.CHECKING_ROUTES,
        routes.DOOR_ROUTES,
        routes.EXPORT_ROUTES,
        routes.MACHINE_ROUTES,
        routes.SECRET_ROUTES,
        routes.SECRET_SHOWING,
    )
    assert {routes.API_PAGE, routes.COMPARING}.union(*sets) <= set(NAMES)


def test_every_action_of_the_table_is_somebodys_and_names_real_roles() -> None:
    for action, roles in policy.PERMISSIONS.items():
        assert roles, action
        assert roles <= set(policy.ROLES), action


def test_every_action_of_the_table_is_asked_for() -> None:
    asked = {action for page in PAGES.values() for action in (page.action, page.post)}
    # Not in models.py: the actions of the audit log have such names, too.
    folders = ("dashboard", "images", "templates")
    files = [path for name in folders for path in (ROOT / name).rglob("*.*") if path.is_file()]
    code = "".join(
        path.read_text("utf-8")
        for path in files
        if path.suffix in (".py", ".html") and path.name not in ("policy.py", "models.py")
    )

    unasked = set(policy.PERMISSIONS) - asked
    assert [each for each in sorted(unasked) if f'"{each}"' not in code] == []


def expected(name: str, who: str, method: str) -> bool:
    page = PAGES[name]
    on_team, on_token, on_nothing = PEOPLE[who]
    if page.on == KEY:
        return True  # whoever has the key
    if page.on == API_KEY:
        return who == "viewer"  # whose it is
    if who == "API key" and name.startswith("api:"):
        on_team, on_token, on_nothing = PEOPLE["owner"]
    # The view is shared with the team: that its maker owns it counts for nothing.
    role = {TOKEN: on_token, READING: on_token, TEAM: on_team, VIEW: on_team}.get(
        page.on, on_nothing
    )
    action = page.post if method == "post" and page.post else page.action
    return role in policy.PERMISSIONS[action]


def is_to_the_door(response: HttpResponse) -> bool:
    if response.status_code == 401:
        return response["WWW-Authenticate"].startswith("Bearer ")
    return response.status_code == 302 and "/accounts/login/?next=" in response["Location"]


def tries() -> Iterator[tuple[str, str]]:
    yield from itertools.product(PEOPLE, METHODS)
    yield from itertools.product(PEOPLE if EVERYTHING else ("anonymous", "owner"), NOBODYS)


@pytest.mark.parametrize("name", NAMES)
def test_the_table_holds(world: World, name: str) -> None:
    found = [
        f"{method} as {who}: {status}"
        for who, method in tries()
        if not is_right(status := answered(world, name, who, method), name, who, method)
        and not (
            is_left_out(name, who, method)
            and status == answered(world, name, who, method, token_id=None)
        )
    ]

    assert found == []


def is_left_out(name: str, who: str, method: str) -> bool:
    """Whether they get what they get where no account is named."""
    signed_in = who not in ("anonymous", "display key", "API key")
    allowed = method in PAGES[name].methods
    return name in LEAVING_OUT and signed_in and allowed and not expected(name, who, method)


def answered(world: World, name: str, who: str, method: str, **changes: Any) -> int:
    """The status, or 0 for being led to the door. What was done about it is undone."""
    cached.clear()
    with transaction.atomic():
        client = world.client(who)
        if name in OF_SECOND_FACTOR and who in world.people:
            TOTP.activate(world.people[who], "A" * 32)
            RecoveryCodes.activate(world.people[who])
        response = getattr(client, method)(world.address(name, **changes))
        transaction.set_rollback(True)
    return 0 if is_to_the_door(response) else response.status_code


def is_right(status: int, name: str, who: str, method: str) -> bool:
    page = PAGES[name]
    if method not in ("get", "post"):
        return status == 405
    if expected(name, who, method):
        return status in ((200, 204, 302, 422) if method in page.methods else (405,))
    if name.startswith("api:") and method == "post":
        return status == 405
    if who in ("anonymous", "display key", "API key"):
        return status == 0
    refused = 404 if page.on else 403
    return status == refused or (status == 405 and method not in page.methods)


@pytest.mark.backend
@pytest.mark.parametrize("who", PEOPLE)
def test_the_administration_is_for_superusers(world: World, who: str) -> None:
    for url in (
        "/admin/",
        "/admin/tokens/token/",
        f"/admin/tokens/token/{world.token.pk}/change/",
    ):
        response = world.client(who).get(url)
        allowed = PEOPLE[who][2] in policy.PERMISSIONS["site.administer"]
        assert (response.status_code == 200) is allowed, url


@pytest.mark.backend
@pytest.mark.parametrize("who", ["stranger", "admin of another team"])
@pytest.mark.parametrize(
    "name",
    [name for name, page in PAGES.items() if page.on in (TOKEN, TEAM, READING, VIEW, API_KEY)],
)
def test_what_is_someone_elses_is_no_more_than_what_never_was(
    world: World, name: str, who: str
) -> None:
    """In body, headers and the number of queries, which is what it costs."""
    never: dict[str, Any] = {"slug": "never-was", "token_id": uuid.uuid4()}
    never |= {
        "view_id": uuid.uuid4(),
        "invitation_id": uuid.uuid4(),
        "display_id": uuid.uuid4(),
        "user_id": 999_999,
        "key_id": uuid.uuid4(),
    }
    for method in ("get", "post"):
        seen = []
        # What only a first request does, such as asking the cloud.
        first = never | ({"token_id": None} if PAGES[name].on == READING else {})
        unnamed = getattr(world.client(who), method)(world.address(name, **first))
        for changes in ({}, never):
            client = world.client(who)
            client.get("/teams/")
            with CaptureQueriesContext(connection) as queries:
                response = getattr(client, method)(world.address(name, **changes))
            body = masked(response)
            headers = {key for key in response.headers if key != "X-Request-ID"}
            seen.append((response.status_code, body, headers, len(queries)))
        assert seen[0] == seen[1]
        left_out = is_left_out(name, who, method)
        assert seen[0][0] in ((unnamed.status_code,) if left_out else (404, 405))
