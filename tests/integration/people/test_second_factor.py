"""Two-step sign-in: switched on, asked for, recovered from, and stored sealed."""

from __future__ import annotations

import base64
import hmac
import json
import re
import struct
import time
import uuid
from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings
from pytest_django.asserts import assertContains, assertNotContains

from dashboard.people.models import User
from dashboard.tokens import vault
from tests.integration.conftest import PASSWORD

pytestmark = pytest.mark.backend

URL = "/accounts/2fa/"
LOGIN = {"login": "person", "password": PASSWORD}


def code(secret: str) -> str:
    """What an authenticator app shows now (RFC 6238)."""
    key, counter = base64.b32decode(secret), struct.pack(">Q", int(time.time()) // 30)
    digest = hmac.digest(key, counter, "sha1")
    at = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[at : at + 4])[0] & 0x7FFFFFFF) % 1_000_000:06}"


def offered(client: Client) -> str:
    """The secret, as the page shows it once, to who says again that it is them."""
    page = client.get(f"{URL}app/activate/", follow=True)
    if "Confirm that it is you" in page.content.decode():
        asked = page.redirect_chain[-1][0]
        assert "id_password" in page.content.decode()
        page = client.post(asked, {"password": PASSWORD}, follow=True)
    found = re.search(r"data-totp>(\w+)<", page.content.decode())
    assert found
    return found[1]


def switch_on(client: Client) -> str:
    secret = offered(client)
    answer = client.post(f"{URL}app/activate/", {"code": code(secret)}, follow=True)
    assertContains(answer, "Each code works once.")
    return secret


@pytest.fixture
def secret(anonymous: Client, person: User) -> str:
    """The secret of the person, who is signed out again."""
    anonymous.post("/accounts/login/", LOGIN)
    secret = switch_on(anonymous)
    anonymous.post("/accounts/logout/")
    return secret


def second_step(client: Client, entered: str) -> str:
    """Where it leads; "" when it does not."""
    assert client.post("/accounts/login/", LOGIN)["Location"] == f"{URL}authenticate/"
    assert client.get("/tokens/").status_code == 302
    response = client.post(f"{URL}authenticate/", {"code": entered})
    return response.get("Location", "")


def test_a_code_is_asked_for_after_the_password(anonymous: Client, secret: str) -> None:
    assert second_step(anonymous, "000000") == ""
    assertContains(anonymous.get(f"{URL}authenticate/"), "Two-factor authentication")

    cache.clear()  # a code works once, and this one has switched it on
    assert second_step(anonymous, code(secret)) == "/"
    assert anonymous.get("/tokens/").status_code == 200


def test_a_recovery_code_signs_in_once(client: Client, secret: str) -> None:
    first = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()[0]

    assert second_step(client, first) == "/"
    client.post("/accounts/logout/")
    assert second_step(client, first) == ""


def test_the_codes_can_be_kept(anonymous: Client, person: User) -> None:
    anonymous.post("/accounts/login/", LOGIN)
    switch_on(anonymous)
    page = anonymous.get(f"{URL}codes/").content.decode()
    codes = re.findall(r"<li><code>(\d+)</code>", page)

    assert len(codes) == 10
    file = anonymous.get(f"{URL}codes/download/")
    assert "attachment" in file["Content-Disposition"]
    assert all(each in file.content.decode() for each in codes)
    anonymous.post(f"{URL}codes/generate/")
    assertNotContains(anonymous.get(f"{URL}codes/"), codes[0])


def test_it_is_switched_off_only_after_proving_who_one_is(
    anonymous: Client, browser: Client, person: User
) -> None:
    """The second browser has a session that is not fresh any more."""
    anonymous.post("/accounts/login/", LOGIN)
    switch_on(anonymous)

    answer = browser.post(f"{URL}app/deactivate/")
    assert "reauthenticate" in answer["Location"]
    assertContains(browser.get(answer["Location"]), "Confirm that it is you")
    assertContains(anonymous.post(f"{URL}app/deactivate/", follow=True), "Turn on …")
    assert not Authenticator.objects.exists()


def test_guessing_codes_is_throttled(client: Client, secret: str) -> None:
    client.post("/accounts/login/", LOGIN)
    for number in range(12):
        page = client.post(f"{URL}authenticate/", {"code": f"{number:06}"})

    assertContains(page, "Too many failed")


def test_no_secret_is_stored_in_the_open(anonymous: Client, person: User) -> None:
    anonymous.post("/accounts/login/", LOGIN)
    waiting = offered(anonymous)
    assert waiting not in repr([session.get_decoded() for session in Session.objects.all()])

    secret = switch_on(anonymous)
    stored = json.dumps(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret not in stored
    sealed = Authenticator.objects.get(type="totp").data["secret"]
    assert vault.unseal_second_factor(sealed) == secret


def test_a_lost_key_lets_nobody_in_and_an_administrator_helps(
    client: Client, secret: str, settings: Settings, person: User
) -> None:
    settings.TOKEN_KEYS = f"other:{'A' * 43}="
    assert second_step(client, code(secret)) == ""
    page = client.get(f"{URL}authenticate/")
    assertContains(page, "Ask your dashboard administrator")

    boss = Client()
    boss.force_login(User.objects.create_superuser("boss", password="x"))
    factor = Authenticator.objects.get(type="totp")
    listed = boss.get(f"/admin/mfa/authenticator/{factor.pk}/change/")
    assertNotContains(listed, factor.data["secret"])
    boss.post(f"/admin/mfa/authenticator/{factor.pk}/delete/", {"post": "yes"})
    assert not Authenticator.objects.filter(type="totp").exists()
    assert client.get(f"{URL}authenticate/")["Location"] == "/accounts/login/"
    assert client.post("/accounts/login/", LOGIN)["Location"] == "/"


def test_a_key_lost_while_switching_on_says_what_to_do(
    anonymous: Client, person: User, settings: Settings
) -> None:
    anonymous.post("/accounts/login/", LOGIN)
    lost = offered(anonymous)
    settings.TOKEN_KEYS = f"other:{'A' * 43}="
    answer = anonymous.post(f"{URL}app/activate/", {"code": code(lost)})

    assertContains(answer, "secret you scanned can no longer be read")
    new = re.search(r"data-totp>(\w+)<", answer.content.decode())
    assert new
    assert new[1] != lost
    assert not Authenticator.objects.exists()
    answer = anonymous.post(f"{URL}app/activate/", {"code": code(new[1])}, follow=True)
    assertContains(answer, "Each code works once.")


def test_codes_whose_key_is_lost_are_not_made_up(
    anonymous: Client, person: User, settings: Settings
) -> None:
    anonymous.post("/accounts/login/", LOGIN)
    switch_on(anonymous)
    settings.TOKEN_KEYS = f"other:{'A' * 43}="
    for part in ("", "download/"):
        page = anonymous.get(f"{URL}codes/{part}", follow=True)
        assert page.redirect_chain == [(f"{URL}codes/generate/", 302)]
        assertContains(page, "can no longer be read and do not work")

    made = anonymous.post(f"{URL}codes/generate/", follow=True).content.decode()
    [first, *_] = re.findall(r"<li><code>(\d+)</code>", made)
    assert second_step(Client(), first) == "/"


def test_keys_are_rotated_here_too(secret: str, settings: Settings) -> None:
    old = settings.TOKEN_KEYS
    settings.TOKEN_KEYS = f"new:{'A' * 43}=,{old}"
    out = StringIO()
    call_command("rotate_token_keys", stdout=out)
    assert "2 secrets seen, 2 encrypted again" in out.getvalue()

    settings.TOKEN_KEYS = f"new:{'A' * 43}="
    sealed = Authenticator.objects.get(type="totp").data["secret"]
    assert vault.unseal_second_factor(sealed) == secret
    settings.TOKEN_KEYS = f"other:{'B' * 43}="
    with pytest.raises(CommandError, match="2 of 2 secrets cannot be read"):
        call_command("rotate_token_keys", stdout=out, stderr=out)


def test_what_is_sealed_for_one_thing_does_not_open_for_another() -> None:
    row_id = uuid.uuid4()

    with pytest.raises(vault.Unreadable):
        vault.unseal(vault.seal_second_factor("secret"), row_id)
    with pytest.raises(vault.Unreadable):
        vault.unseal_second_factor(vault.seal("secret", row_id))
