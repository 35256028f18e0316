"""Following docs/deployment.md, "Changing a key", step by step while some processes have restarted
and others have not yet: nobody misses anything at any moment."""

from __future__ import annotations

import base64
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from io import StringIO
from itertools import count, pairwise, product
from pathlib import Path

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

from dashboard.people.models import User
from dashboard.tokens import vault
from dashboard.tokens.models import Token
from tests.integration.people.test_second_factor import LOGIN, URL, code, offered

pytestmark = pytest.mark.backend

GUIDE = (Path(__file__).parents[3] / "docs" / "deployment.md").read_text("utf-8")
FILE = "/etc/image-dashboard/token_keys"
ROTATE = "image-dashboard-manage rotate_token_keys"
FIRST = f"k1:{base64.b64encode(bytes(32)).decode()}"


def steps() -> list[str]:
    """The commands of the guide in their order."""
    section = GUIDE.partition("\n## Changing a key\n")[2].partition("\n`AUDIT_KEYS`")[0]
    return re.findall(r"^    (.+?)(?: +#.*)?$", section, re.MULTILINE)


@pytest.fixture
def settings_in_turn(tmp_path: Path) -> list[str]:
    """What TOKEN_KEYS is before and after each command; `ROTATE` where the guide says that."""
    file = tmp_path / "token_keys"
    file.write_text(f"{FIRST}\n")
    found, variables = [FIRST], ""
    for command in steps():
        here = command.replace(FILE, str(file))
        if command == ROTATE:
            found.append(ROTATE)
        elif re.fullmatch(r"\w+=\S+", here):
            variables = f"{here}; "
        else:
            subprocess.run(["sh", "-c", variables + here], check=True)
            found.append(file.read_text().strip())
    return found


def moments(settings_in_turn: list[str]) -> Iterator[tuple[str, str] | str]:
    """Two settings that processes have at the same time, or ROTATE when all have the same."""
    only = [each for each in settings_in_turn if each != ROTATE]
    together = list(pairwise(only))
    place = settings_in_turn.index(ROTATE)
    yield from together[: place - 1]
    yield ROTATE
    yield from together[place - 1 :]


@pytest.mark.skipif(not shutil.which("openssl"), reason="the guide uses openssl")
def test_the_guide_ends_with_the_new_key_alone(settings_in_turn: list[str]) -> None:
    *_, before, rotate, last = settings_in_turn
    assert rotate == ROTATE
    assert before.startswith("k2:")
    assert before.endswith(FIRST)
    assert last == before.partition(",")[0]


@pytest.mark.skipif(not shutil.which("openssl"), reason="the guide uses openssl")
def test_nothing_is_lost_on_the_way(
    settings_in_turn: list[str],
    anonymous: Client,
    person: User,
    keep: Callable[..., Token],
    settings: Settings,
) -> None:
    settings.TOKEN_KEYS = FIRST
    keep(person, "0" * 64, "Before")
    anonymous.post("/accounts/login/", LOGIN)
    numbers = count()
    for moment in moments(settings_in_turn):
        if moment == ROTATE:
            call_command("rotate_token_keys", stdout=StringIO())
            continue
        for writes, reads in product(moment, moment):
            settings.TOKEN_KEYS = writes
            keep(person, "0" * 64, f"{next(numbers)}")
            secret = offered(anonymous)
            settings.TOKEN_KEYS = reads
            anonymous.post(f"{URL}app/activate/", {"code": code(secret)})
            sealed = Authenticator.objects.get(type="totp").data["secret"]
            assert vault.unseal_second_factor(sealed) == secret
            for token in Token.objects.all():
                assert vault.is_readable(token.sealed, token.pk), token.label
            anonymous.post(f"{URL}app/deactivate/")
