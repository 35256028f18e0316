"""manage.py refresh: tokens are checked on schedule, and what is over is deleted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.utils import timezone

from dashboard import maintenance
from dashboard.audit.trail import Actor
from dashboard.displays import links
from dashboard.displays.models import Display
from dashboard.people import teams
from dashboard.people.models import Invitation, User
from dashboard.tokens import vault
from dashboard.tokens.models import RotationSecret, State, Token
from images.sandbox import Fault, Sandbox
from tests import dashboards

pytestmark = pytest.mark.backend

BY = Actor("test")
ROOT = Path(__file__).resolve().parents[3]


def refresh() -> str:
    out = StringIO()
    call_command("refresh", stdout=out)
    return out.getvalue()


def hours_ago(hours: float) -> dict[str, object]:
    return {"checked_at": timezone.now() - timedelta(hours=hours)}


def test_a_token_nobody_heard_of_for_long_is_checked(
    person: User, cloud: Sandbox, keep: Callable[..., Token]
) -> None:
    token = keep(person, "f" * 64, **hours_ago(7))

    assert maintenance.check_due_tokens() == 1
    token.refresh_from_db()
    assert token.state == State.REFUSED
    assert token.reason == "refused"
    assert maintenance.check_due_tokens() == 0


@pytest.mark.parametrize(
    ("hours", "fields", "asked"),
    [
        (None, {}, True),
        (5, {}, False),
        (5, {"state": "refused"}, True),
        (0.1, {"state": "refused"}, False),
        (7, {"disabled_at": datetime(2020, 1, 1, tzinfo=UTC)}, False),
        (7, {"expires_on": "2020-01-01"}, False),
    ],
)
def test_only_what_is_due_is_asked_about(
    person: User,
    cloud: Sandbox,
    keep: Callable[..., Token],
    hours: float | None,
    fields: dict[str, object],
    asked: bool,
) -> None:
    checked = {"checked_at": None} if hours is None else hours_ago(hours)
    keep(person, cloud.token, **checked, **fields)
    maintenance.check_due_tokens()

    assert bool(cloud.calls) is asked


def test_one_that_cannot_be_decrypted_holds_up_no_other(
    person: User, cloud: Sandbox, keep: Callable[..., Token]
) -> None:
    broken = keep(person, cloud.token, "Broken", **hours_ago(9))
    Token.objects.filter(pk=broken.pk).update(sealed="gone:AAAA")
    good = keep(person, cloud.token, "Good", state=State.UNVERIFIED, **hours_ago(8))
    refresh()

    good.refresh_from_db()
    assert good.state == State.VALID
    assert refresh() == ""


def test_while_the_cloud_is_away_not_every_token_waits_for_it(
    person: User, cloud: Sandbox, keep: Callable[..., Token]
) -> None:
    for number in range(3):
        keep(person, cloud.token, f"Number {number}", **hours_ago(9))
    cloud.misbehave(Fault("html"))

    assert maintenance.check_due_tokens() == 1


def test_what_is_over_is_deleted(person: User, keep: Callable[..., Token]) -> None:
    token = keep(person, "0" * 64, checked_at=timezone.now())
    blue = teams.create("Blue", by=BY)
    now = timezone.now()
    for kind, until in (("next", now), ("previous", now + timedelta(hours=1))):
        RotationSecret.objects.create(token=token, kind=kind, sealed="x", until=until)
    teams.invite(blue, "viewer", by=BY)
    Invitation.objects.update(expires_at=now)
    for title, days in (("Old", 31), ("Recent", 29)):
        display, _ = links.make(blue, token, title, query="", days=7, language="en", by=BY)
        Display.objects.filter(pk=display.pk).update(expires_at=now - timedelta(days=days))

    assert refresh() == "0 tokens checked, 3 things deleted\n"
    assert RotationSecret.objects.get().kind == "previous"
    assert Display.objects.get().title == "Recent"


def test_of_two_at_once_one_checks_the_tokens(
    person: User, cloud: Sandbox, keep: Callable[..., Token]
) -> None:
    keep(person, cloud.token, last_ok_at=None)
    cache.add(maintenance.CHECKING, "taken", 60)

    assert refresh() == ""
    assert not cloud.calls


def test_it_goes_on_without_a_database_and_stops_when_told(tmp_path: Path) -> None:
    """There is no table yet: it says so, and tries again until it is stopped."""
    own = {"VAR_DIR": str(tmp_path), "DIDIYUN_API_URL": "http://127.0.0.1:9"}
    command = [sys.executable, "manage.py", "refresh", "--every", "1"]
    with dashboards.backends() as addresses:
        environment = os.environ | addresses | own
        process = subprocess.Popen(
            command, env=environment, cwd=ROOT, stderr=subprocess.PIPE, text=True
        )
        assert process.stderr
        failures = 0
        while failures < 2:
            failures += "refresh failed" in process.stderr.readline()
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        process.stderr.close()


def test_kept_secrets_are_encrypted_again_too(
    person: User, keep: Callable[..., Token], settings: object
) -> None:
    token = keep(person, "0" * 64)
    other = RotationSecret(token=token, kind="previous", until=timezone.now())
    other.sealed = vault.seal("1" * 64, other.pk)
    other.save()
    old = settings.TOKEN_KEYS  # type: ignore[attr-defined]
    settings.TOKEN_KEYS = f"new:{'A' * 43}=,{old}"  # type: ignore[attr-defined]
    out = StringIO()
    call_command("rotate_token_keys", stdout=out)

    assert "2 secrets seen, 2 encrypted again" in out.getvalue()
    settings.TOKEN_KEYS = f"new:{'A' * 43}="  # type: ignore[attr-defined]
    other.refresh_from_db()
    assert vault.unseal(other.sealed, other.pk) == "1" * 64
