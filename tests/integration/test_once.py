"""A form counts once: sent twice, at once or again, it makes one thing and leads to one page."""

from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.apps import apps
from django.db import connections, transaction
from django.test import Client
from django.utils import timezone

from dashboard import maintenance, random_keys
from dashboard.people.models import User
from dashboard.tokens import rotation
from dashboard.web import once
from dashboard.web.models import FormUse
from images.sandbox import Sandbox
from tests import marks
from tests.integration import cached
from tests.integration.images.pages import Page
from tests.integration.people.test_second_factor import code
from tests.integration.test_authorization import BY, PAGES, World, world

__all__ = ["world"]

pytestmark = pytest.mark.backend

NEW_PASSWORD = "quiet-river-7jX"
# What each form is filled in with, and by whom, where an empty one of an admin does nothing.
FILLED: dict[str, tuple[str, dict[str, Any]]] = {
    "api_key_list": ("viewer", {"label": "Another", "days": "7"}),
    "api_key_revoke": ("viewer", {}),
    "display_list": ("admin", {"title": "Hall", "days": "7", "language": "en"}),
    "invitation_make": ("admin", {"role": "viewer"}),
    "invitation": ("stranger", {}),
    "team_list": ("superuser", {"name": "Green"}),
    "team_settings": ("admin", {"name": "Navy"}),
    "team_delete": ("superuser", {}),
    "account_delete": ("superuser", {}),
    "account_switch_off": ("superuser", {}),
    "member_role": ("admin", {"role": "admin"}),
    "token_list": ("owner", {"label": "Another"}),
    "token_page": ("owner", {"label": "Renamed"}),
    "team_leave": ("owner", {}),
    "view_list": ("viewer", {"name": "Mine", "query": "q=web"}),
    "view_edit": ("admin", {"name": "Silver", "query": "q=web"}),
    "token_switch": ("admin", {"sure": "on"}),
    "token_restore": ("admin", {"sure": "on"}),
    "set_language": ("viewer", {"language": "zh-hans"}),
    "set_theme": ("viewer", {"theme": "dark"}),
    "account_login": ("", {"login": "viewer", "password": "x"}),
    "account_signup": ("", {"username": "eve", "password1": NEW_PASSWORD}),
    "account_reauthenticate": ("viewer", {"password": "x"}),
    "account_change_password": (
        "viewer",
        {"oldpassword": "x", "password1": NEW_PASSWORD, "password2": NEW_PASSWORD},
    ),
    "mfa_authenticate": ("", {}),
    "mfa_reauthenticate": ("viewer", {}),
    "mfa_activate_totp": ("viewer", {}),
    "mfa_deactivate_totp": ("viewer", {}),
    "mfa_generate_recovery_codes": ("viewer", {}),
    "mfa_download_recovery_codes": ("viewer", {}),
}
# Sent twice they are as good as once: they choose something, ask the cloud whether it is still so,
# or sign somebody in or out, which is noted each time.
ALIKE = {
    *("set_language", "set_theme", "images:looks", "images:refresh"),
    *("token_replace", "token_check"),
    *("account_login", "account_logout", "account_signup", "account_reauthenticate"),
    *("mfa_authenticate", "mfa_reauthenticate", "mfa_download_recovery_codes"),
}
# What a page is asked, to have its form.
ASKED = {"view_list": {"query": "q=web"}, "member_role": {"role": "admin"}}
# A code works once, so that the later one may be asked for another.
ONE_CODE = {"mfa_authenticate", "mfa_reauthenticate"}
# A new password ends every session but the one it was sent from: the later one may be too late.
ENDS_SESSIONS = {"account_change_password"}
DOOR = "/accounts/login/?next=/"
AT_ONCE_IN_THE_GATE = ("team_list", "invitation_make", "view_list", "token_list", "api_key_list")
POSTS = sorted(name for name, page in PAGES.items() if "post" in page.methods)


def rows() -> dict[str, int]:
    """How many there are of everything but sessions, forms that were sent, and what was read."""
    kinds = [
        each
        for each in apps.get_models()
        if each.__name__ not in ("Session", "FormUse") and each._meta.app_label != "history"
    ]
    return {each.__name__: each._default_manager.count() for each in kinds if each._meta.managed}


@dataclass(frozen=True)
class Form:
    """A form that somebody has before them, filled in."""

    client: Client
    address: str
    fields: dict[str, Any]

    def in_another_tab(self) -> Form:
        client = Client()
        client.cookies = deepcopy(self.client.cookies)
        return replace(self, client=client)

    def send(self) -> Any:
        return self.client.post(self.address, self.fields)


def filled_in(world: World, cloud: Sandbox, name: str) -> Form:
    who, fields = FILLED.get(name, ("admin", {}))
    client = world.client(who) if who else Client()
    fields = fields | {"once": random_keys.new_key()}
    if who:
        client.get("/teams/")  # what only a first request does
    if name.startswith("mfa_"):
        fields |= of_second_factor(client, world.people["viewer"], name)
    elif name in ("token_switch", "token_keep", "token_restore"):
        rotation.offer(world.token, cloud.other_token, by=BY)
        if name == "token_restore":
            rotation.use(world.token, world.token.rotation_secrets.get(), by=BY)
    elif name in ("token_list", "token_replace"):
        fields["secret"] = cloud.other_token
    elif name == "token_page":
        fields["team"] = str(world.team.pk)
    elif name == "display_list":
        fields["token"] = str(world.token.pk)
    return Form(client, world.address(name), fields)


def of_second_factor(client: Client, person: User, name: str) -> dict[str, str]:
    """What the form asks for, once the person has an app, or is about to have one."""
    if name == "mfa_activate_totp":
        client.post("/accounts/reauthenticate/", {"password": "x"})
        shown = client.get("/accounts/2fa/app/activate/").content.decode()
        found = re.search(r"data-totp>(\w+)<", shown)
        assert found
        return {"code": code(found[1])}
    TOTP.activate(person, "A" * 32)
    known = RecoveryCodes.activate(person).get_unused_codes()
    if name == "mfa_authenticate":
        client.post("/accounts/login/", {"login": "viewer", "password": "x"})
    elif name != "mfa_reauthenticate":
        client.post("/accounts/reauthenticate/", {"password": "x"})
    return {"code": known[0]}


@pytest.mark.parametrize("name", [each for each in POSTS if each not in ALIKE])
def test_whatever_is_sent_again_makes_nothing_more_and_leads_to_the_same_page(
    world: World, cloud: Sandbox, name: str
) -> None:
    form = filled_in(world, cloud, name)
    first = form.send()
    assert first.status_code == 302, first.content
    made = rows()
    again = form.send()

    assert (again.status_code, again["Location"]) == (302, first["Location"])
    assert rows() == made


def test_every_form_that_posts_has_an_id_of_its_own_or_may_be_sent_twice(
    world: World, cloud: Sandbox
) -> None:
    """On each page, as each of those who may do most there."""
    actions = {world.address(name).partition("?")[0]: name for name in POSTS}
    seen = set()
    TOTP.activate(world.people["viewer"], "A" * 32)
    RecoveryCodes.activate(world.people["viewer"])
    rotation.offer(world.token, cloud.other_token, by=BY)
    for who in ("anonymous", "superuser", "admin", "owner", "viewer", "stranger"):
        client = world.client(who)
        client.post("/accounts/reauthenticate/", {"password": "x"})
        for name, page in PAGES.items():
            if "get" not in page.methods or name.startswith("api:"):
                continue
            address = world.address(name)
            answer = client.get(address, ASKED.get(name))
            if "text/html" not in answer.headers.get("Content-Type", ""):
                continue
            for form in Page(answer).all("form", method="post"):
                action = form.attributes.get("action", address).partition("?")[0]
                ids = [each for each in form if each.attributes.get("name") == "once"]
                assert ids or actions.get(action) in ALIKE, (who, address, action)
                seen |= {actions[action]} if ids and action in actions else set()
    # What only a disabled or replaced token offers, or one of several, is in the same templates.
    assert {*POSTS} - ALIKE - seen <= {"token_restore", "token_enable"}


def test_who_is_new_joins_once(world: World) -> None:
    client, form = (
        Client(),
        {"username": "eve", "password1": NEW_PASSWORD, "password2": NEW_PASSWORD},
    )
    form["once"] = random_keys.new_key()
    address = world.address("invitation")
    answers = [client.post(address, form), Client().post(address, form)]

    assert [each.status_code for each in answers] == [302, 302]
    assert answers[0]["Location"] == answers[1]["Location"]
    assert User.objects.filter(username="eve").count() == 1


def test_a_new_secret_is_shown_again_to_the_same_person_for_a_while(browser: Client) -> None:
    form = {"label": "Nightly", "days": "7", "once": random_keys.new_key()}
    target = browser.post("/api-keys/", form)["Location"]
    [link] = Page(browser.get(target)).all("input", data_link=True)
    assert link.attributes["value"].startswith("idk_")
    [again] = Page(browser.get(target)).all("input", data_link=True)
    assert again.attributes["value"] == link.attributes["value"]
    assert link.attributes["value"] not in str(FormUse.objects.values())

    stranger = Client()
    stranger.force_login(User.objects.create_user("other"))
    assert Page(stranger.get(target)).all("input", data_link=True) == []

    FormUse.objects.update(sent_at=timezone.now() - timedelta(seconds=once.SHOWN_SECONDS + 1))
    maintenance.prune()
    assert Page(browser.get(target)).all("input", data_link=True) == []
    # The form is still known.
    assert browser.post("/api-keys/", form)["Location"] == target
    assert User.objects.get(username="person").api_keys.count() == 1


def test_a_form_that_was_filled_in_wrongly_may_be_sent_again(browser: Client) -> None:
    form = {"label": "", "days": "7", "once": random_keys.new_key()}
    assert browser.post("/api-keys/", form).status_code == 422
    assert browser.post("/api-keys/", form | {"label": "Nightly"}).status_code == 302
    assert User.objects.get().api_keys.count() == 1


@pytest.mark.django_db(databases="__all__", transaction=True)
@pytest.mark.parametrize("name", marks.some(POSTS, AT_ONCE_IN_THE_GATE))
def test_two_at_once_and_one_again_do_as_much_as_one(
    world: World, cloud: Sandbox, name: str
) -> None:
    form = filled_in(world, cloud, name)
    twins = [form.in_another_tab(), form.in_another_tab()]
    with transaction.atomic():
        alone = form.send()
        done = rows()
        transaction.set_rollback(True)
    cached.clear()  # a code works once
    ready = threading.Barrier(2)

    def send(twin: Form) -> Any:
        ready.wait()
        try:
            return twin.send()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        answers = [*pool.map(send, twins)]
    answers += [twin.send() for twin in twins]
    statuses = {answer.status_code for answer in answers}
    places = {answer.headers.get("Location", "") for answer in answers}
    made = rows()
    if name in ALIKE:
        del done["AuditEntry"], made["AuditEntry"]
    assert made == done
    assert statuses - ({200} if name in ONE_CODE else set()) == {alone.status_code}
    if name not in ALIKE:
        assert len(places - ({DOOR} if name in ENDS_SESSIONS else set())) == 1
