"""A form counts once: sent twice, at once or again, it makes one thing and leads to one page."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import connections
from django.test import Client
from django.utils import timezone

from dashboard import random_keys
from dashboard.people.models import Invitation, Team, User
from dashboard.saved_views.models import SavedView
from dashboard.tokens.models import Token
from dashboard.web import once
from dashboard.web.models import FormUse
from images.sandbox import Sandbox
from tests.integration.conftest import PASSWORD
from tests.integration.images.pages import Page
from tests.integration.test_authorization import PAGES, World, world

__all__ = ["world"]

pytestmark = pytest.mark.backend

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
}
# Sent twice they are as good as once: they choose something, or ask whether it is still so.
ALIKE = {
    *("set_language", "set_theme", "images:looks", "images:refresh"),
    *("token_replace", "token_check", "token_switch", "token_restore"),
    # allauth's, about oneself: what is set twice is set.
    *("account_login", "account_logout", "account_signup", "account_reauthenticate"),
    *("account_change_password", "mfa_authenticate", "mfa_reauthenticate", "mfa_activate_totp"),
    *("mfa_deactivate_totp", "mfa_generate_recovery_codes", "mfa_download_recovery_codes"),
}
POSTS = sorted(name for name, page in PAGES.items() if "post" in page.methods)


def rows() -> dict[str, int]:
    """How many there are of everything but sessions, and forms that were sent."""
    kinds = [each for each in apps.get_models() if each.__name__ not in ("Session", "FormUse")]
    return {each.__name__: each._default_manager.count() for each in kinds if each._meta.managed}


@pytest.mark.parametrize("name", [each for each in POSTS if each not in ALIKE])
def test_whatever_is_sent_again_makes_nothing_more_and_leads_to_the_same_page(
    world: World, cloud: Sandbox, name: str
) -> None:
    who, form = FILLED.get(name, ("admin", {}))
    form = form | {"once": random_keys.new_key()}
    if name == "token_list":
        form["secret"] = cloud.other_token
    if name == "token_page":
        form["team"] = str(world.team.pk)
    if name == "display_list":
        form["token"] = str(world.token.pk)
    client = world.client(who)
    first = client.post(world.address(name), form)
    assert first.status_code == 302, first.content
    made = rows()
    again = client.post(world.address(name), form)

    assert (again.status_code, again["Location"]) == (302, first["Location"])
    assert rows() == made


def test_every_form_that_posts_has_an_id_of_its_own_or_may_be_sent_twice(world: World) -> None:
    """On each page, as each of those who may do most there."""
    actions = {world.address(name).partition("?")[0]: name for name in POSTS}
    seen = set()
    for who in ("superuser", "admin", "owner", "viewer", "stranger"):
        client = world.client(who)
        for name, page in PAGES.items():
            if "get" not in page.methods or name.startswith(("api:", "mfa_", "account_log")):
                continue
            address = world.address(name)
            answer = client.get(address)
            if "text/html" not in answer.headers.get("Content-Type", ""):
                continue
            for form in Page(answer).all("form", method="post"):
                action = form.attributes.get("action", address).partition("?")[0]
                ids = [each for each in form if each.attributes.get("name") == "once"]
                assert ids or actions.get(action) in ALIKE, (who, address, action)
                seen |= {actions[action]} if ids and action in actions else set()
    assert {"api_key_list", "display_list", "invitation_make", "team_list", "token_list"} <= seen


def test_who_is_new_joins_once(world: World) -> None:
    client, form = (
        Client(),
        {"username": "eve", "password1": "quiet-river-7jX", "password2": "quiet-river-7jX"},
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
    once.prune()
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
@pytest.mark.parametrize("what", ["team", "invitation", "view", "token", "key"])
def test_two_at_once_make_one_thing(cloud: Sandbox, what: str) -> None:
    ann = User.objects.create_superuser("ann", password=PASSWORD)
    Team.objects.create(name="Blue", slug="blue")
    kinds: dict[str, tuple[str, dict[str, str], Callable[[], int]]] = {
        "team": ("/teams/", {"name": "Green"}, Team.objects.exclude(slug="blue").count),
        "invitation": ("/teams/blue/invitations/", {"role": "viewer"}, Invitation.objects.count),
        "view": ("/views/", {"name": "Mine", "query": "q=web"}, SavedView.objects.count),
        "token": ("/tokens/", {"label": "Main", "secret": cloud.token}, Token.objects.count),
        "key": ("/api-keys/", {"label": "Nightly", "days": "7"}, ann.api_keys.count),
    }
    address, form, count = kinds[what]
    form["once"] = random_keys.new_key()
    clients = [Client(), Client()]
    for client in clients:
        client.force_login(ann)
    ready = threading.Barrier(2)

    def send(client: Client) -> tuple[int, str]:
        ready.wait()
        try:
            answer = client.post(address, form)
            return answer.status_code, answer.headers.get("Location", "")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        answers = set(pool.map(send, clients))
    assert count() == 1
    assert len(answers) == 1
    assert answers.pop()[0] == 302
